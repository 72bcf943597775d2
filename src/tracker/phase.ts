/** The situation of a call, by name: the rows of SPEC.md's table. Pure. */
import type { Call } from "./state.ts";

export type Phase = "inside" | "offered" | "dialing" | "talking" | "handedOver" | "hidden" | "over";

export function phaseOf(call: Call): Phase {
  if (call.overAt !== null) return "over";
  if (call.external === null) return "inside";
  if (call.hidden !== null) return "hidden";
  if (call.talk !== null) return "talking";
  if (call.handover !== null) return "handedOver";
  return call.external.direction === "incoming" ? "offered" : "dialing";
}
