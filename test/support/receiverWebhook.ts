/**
 * A webhook as a customer reads it: its fields in order, and its headers checked by the stock library of
 * Standard Webhooks, not by ours (docs/contract.md §4, §8).
 */
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import type { Received } from "./receiver.ts";

export type Fields = readonly (readonly [name: string, value: unknown])[];

/** Of a JSON body: values as they are, so that a number where a string belongs does not pass. */
export function fieldsOfBody(body: string): Fields {
  return Object.entries(JSON.parse(body) as object);
}

/** Of a query, percent-encoded and never with "+" for a blank. */
export function fieldsOfQuery(query: string): Fields {
  return query.split("&").map((pair) => {
    const [name = "", value = ""] = pair.split("=");
    return [decodeURIComponent(name), decodeURIComponent(value)];
  });
}

export function fieldsOf({ method, target, body }: Received): Fields {
  if (method === "POST") return fieldsOfBody(body);
  const query = target.slice(target.indexOf("?") + 1);
  expect(query).toMatch(/^[\w.~!'()*%&=-]*$/);
  return fieldsOfQuery(query);
}

export function field(received: Received, name: string): string {
  const found = fieldsOf(received).find(([key]) => key.toLowerCase() === name);
  return String(found?.[1] ?? "");
}

export function header(received: Received, name: string): string {
  return received.headers[name] ?? "";
}

/** The id of a call without its link: what its webhooks have in common. */
export function callIdOf(received: Received): string {
  return field(received, "id").replace(/-\d+$/, "");
}

/** Throws unless the stock library takes it. */
export function verify(received: Received, secret: string): void {
  const payload = received.method === "POST" ? received.body : `"${received.target}"`;
  new Webhook(secret).verify(payload, { ...received.headers });
}

/** Without the repetitions that at-least-once allows: the first of each webhook-id. */
export function firstOfEach(received: readonly Received[]): Received[] {
  const ids = received.map((each) => header(each, "webhook-id"));
  return received.filter((_, index) => ids.indexOf(ids[index] ?? "") === index);
}

/** Per call 1, 2, 3 … in the order of arrival, each webhook-id once. */
export function expectWhole(received: readonly Received[]): void {
  const ids = received.map((each) => header(each, "webhook-id"));
  expect(new Set(ids).size).toBe(ids.length);
  for (const call of new Set(received.map(callIdOf))) {
    const own = received.filter((each) => callIdOf(each) === call);
    const sequences = own.map((each) => header(each, "offhook-sequence"));
    expect(sequences).toEqual(own.map((_, index) => String(index + 1)));
  }
}
