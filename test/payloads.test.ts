/**
 * Holds our bodies against every payload that was ever published: kept exactly, or departed from
 * with the contract's reason (docs/contract.md §3). A payload marked wrongly either way fails.
 */
import { describe, expect, it } from "vitest";
import { encodeJson, extendQuery, formEncode, renderFields } from "../src/events/render.ts";
import type { DocumentedPayload, PrintedField } from "./support/documented/payload.ts";
import { documentedPayloads } from "./support/documentedPayloads.ts";

/** What the receiver reads: the body decoded again from the wire form of its scheme. */
function received(payload: DocumentedPayload): readonly PrintedField[] {
  const fields = renderFields(payload.event, payload);
  // A recording is a POST in either scheme.
  switch (payload.event.kind === "recording" ? "POST" : payload.method) {
    case "POST":
      return Object.entries<string | string[]>(JSON.parse(encodeJson(fields))).map(
        ([name, value]) => [name, String(value)],
      );
    case "GET":
      return [...new URL(extendQuery("http://crm.test/in", formEncode(fields))).searchParams];
  }
}

/** Where `got` does not hold what was printed: names and order, then values that were printed. */
function differences(payload: DocumentedPayload, got: readonly PrintedField[]): string[] {
  const printedNames = payload.printed.map(([name]) => name);
  const gotNames = got
    .map(([name]) => name)
    .filter((name) => !payload.excerpt || printedNames.includes(name));
  const values = new Map(got);
  return [
    ...(gotNames.join() === printedNames.join() ? [] : [`fields ${gotNames.join()}`]),
    ...payload.printed
      .filter(([name, value]) => value !== null && values.get(name) !== value)
      .map(([name]) => `${name} is ${values.get(name)}`),
  ];
}

describe.each(documentedPayloads)("$source: $moment ($profile, $method)", (payload) => {
  const { fate } = payload;
  switch (fate.kind) {
    case "kept":
      it("is kept", () => {
        expect(differences(payload, received(payload))).toEqual([]);
      });
      break;
    case "departed":
      it(`is departed from: ${fate.reason}`, () => {
        expect(differences(payload, received(payload))).not.toEqual([]);
        expect(received(payload)).toEqual(fate.sent);
      });
      break;
  }
});
