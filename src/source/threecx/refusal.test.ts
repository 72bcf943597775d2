/** A failed connection, as its operator reads it. */
import { expect, it } from "vitest";
import { failureReason } from "./refusal.ts";

it.each([
  ["ENOTFOUND", /^The name pbx\.test is not known to DNS \(ENOTFOUND\)\. Check PBX_URL\.$/],
  ["EAI_AGAIN", /^No name server answers for pbx\.test \(EAI_AGAIN\)\. Check the DNS of this/],
  ["ECONNREFUSED", /^No connection to pbx\.test \(connect ECONNREFUSED\)\. If that lasts, check/],
])("tells %s with its way out", (code, sentence) => {
  const error = Object.assign(new Error(`connect ${code}`), { code });
  expect(failureReason(error, "pbx.test")).toMatch(sentence);
});
