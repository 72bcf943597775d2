/**
 * The addresses by which a running inbox is read and told to fail:
 *   GET    /_inbox/webhooks   what has come, oldest first, and the failures still to come
 *   DELETE /_inbox/webhooks   forgets what has come
 *   POST   /_inbox/fail       {"mode":"500","times":3,"percent":100}, a list of such, or
 *                             {"plan":"500x3,reset"}; replaces the failures still to come
 *   DELETE /_inbox/fail       fails no more
 */

import type { ServerResponse } from "node:http";
import { messageOf } from "../util/messageOf.ts";
import { type Failure, type FailurePlan, failureOf, readPlan } from "./inboxFailure.ts";
import type { Ledger } from "./inboxLedger.ts";

/** Obeys one control request; `address` is its method and path. */
export function control(
  address: string,
  body: Buffer,
  ledger: Ledger,
  plan: FailurePlan,
  response: ServerResponse,
): void {
  try {
    switch (address) {
      case "GET /_inbox/webhooks":
        break;
      case "DELETE /_inbox/webhooks":
        ledger.clear();
        break;
      case "POST /_inbox/fail":
        plan.set(readControlPlan(body));
        break;
      case "DELETE /_inbox/fail":
        plan.set([]);
        break;
      default:
        say(
          response,
          404,
          `Expected GET or DELETE /_inbox/webhooks, POST or DELETE /_inbox/fail, got ${address}.`,
        );
        return;
    }
  } catch (error) {
    say(response, 400, messageOf(error));
    return;
  }
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  const failures = plan.describe();
  const shown = address.endsWith("/fail") ? {} : { webhooks: ledger.webhooks() };
  response.end(JSON.stringify({ ...shown, failures }));
}

/** One failure, a list of them, or a plan as the command line takes it. */
function readControlPlan(body: Buffer): readonly Failure[] {
  const example = '{"mode":"500","times":3}, a list of such, or {"plan":"500x3,reset"}';
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Error(`Expected JSON, got something else. Send ${example}.`);
  }
  return [value].flat().flatMap((entry: unknown) => {
    const said: Partial<Record<"plan" | "mode" | "times" | "percent", unknown>> =
      typeof entry === "object" && entry !== null ? { ...entry } : {};
    if (typeof said.plan === "string") return readPlan(said.plan);
    const mode = said.mode;
    if (mode === "none") return [];
    if (typeof mode !== "string" && typeof mode !== "number") {
      throw new Error(`Expected a "mode". Send ${example}.`);
    }
    const times = said.times === undefined ? null : Number(said.times);
    return [failureOf(String(mode), times, Number(said.percent ?? 100))];
  });
}

/** Answers with a sentence for people. */
export function say(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}
