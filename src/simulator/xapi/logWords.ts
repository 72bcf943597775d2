/**
 * The words of a row of the call log. Those of `Direction`, `CallType` and `Status` are from rows of
 * live PBXs, as are "Ended by …" and "… was replaced by … (102)"; the other reasons are plain English.
 */
import type { DnKind } from "../directory.ts";
import type { Call, Leg, LegEnd } from "../model.ts";
import type { Row } from "./odata/schema.ts";

const DIRECTIONS = { incoming: "Inbound", outgoing: "Outbound", internal: "Internal" } as const;

const TYPES: Partial<Record<DnKind, string>> = {
  extension: "Extension",
  queue: "Queue",
  ivr: "Digital Receptionist",
  trunk: "External",
};

const REASONS: Partial<Record<LegEnd, string>> = {
  answeredElsewhere: "Answered elsewhere",
  callerGone: "Cancelled by source",
  noAnswer: "No answer",
  rejected: "Busy",
  transferred: "Transferred",
  failed: "No route",
  restart: "Restarted",
};

/** Whoever answers takes the place of what held the call within this time. */
const HAND_OVER_MS = 50;

/** `sourceName`, `nameOf`: how the row and the directory call those who are named in a reason. */
export function logWords(
  call: Call,
  leg: Leg,
  answered: boolean,
  sourceName: string,
  nameOf: (dn: string) => string,
): Row {
  const isQueue = leg.kind === "queue";
  return {
    Direction:
      isQueue && call.direction === "incoming" ? "Inbound Queue" : DIRECTIONS[call.direction],
    CallType: TYPES[leg.kind] ?? "System",
    // A queue "answers" at once, and its caller waits.
    Status: isQueue && answered ? "Waiting" : answered ? "Answered" : "Unanswered",
    Reason: leg.end ? reasonOf(call, leg, leg.end, sourceName, nameOf) : null,
  };
}

function reasonOf(
  call: Call,
  leg: Leg,
  { at, why }: NonNullable<Leg["end"]>,
  sourceName: string,
  nameOf: (dn: string) => string,
): string {
  const named = (dn: string) => `${nameOf(dn)} (${dn})`;
  switch (why) {
    case "hungUp":
      return `Ended by ${leg.outside?.number ?? named(leg.dn)}`;
    case "otherSideHungUp":
      return `Ended by ${sourceName}`;
    case "replaced": {
      const next = call.allLegs.find(
        ({ id, answeredAt }) =>
          id > leg.id && answeredAt !== null && Math.abs(answeredAt - at) <= HAND_OVER_MS,
      );
      return next ? `${nameOf(leg.dn)} was replaced by ${named(next.dn)}` : "Replaced";
    }
    default:
      return REASONS[why] ?? "";
  }
}
