/**
 * The PBX's list of active calls, held against the legs that we know. Where the two contradict each other for a while,
 * something did not reach us: a frame was lost, or a DN was taken from the monitored ones, of which the PBX sends no
 * frames any more. Must hold: each contradiction is a reason to read all legs twice at most, however long it lasts, as
 * the list may go by other call numbers than the legs (after a transfer), or leave kinds of calls out.
 */
import {
  type ActiveCall,
  type ActiveCalls,
  type DnKind,
  type Leg,
  type Party,
  talks,
} from "../../tracker/activity.ts";

/**
 * The list lags behind the legs by up to 300 ms (docs/unknowns.md), and an answer about a leg behind the list. What
 * rings on for a moment when somebody else has answered is right at first, and its last frame may be lost.
 */
const rereadAfterMs = [500, 1_500] as const;

interface Doubt {
  readonly sinceAt: number;
  readonly readings: number;
}

export class Doubts {
  #doubts: ReadonlyMap<string, Doubt> = new Map();

  /** Why all legs are to be read; null = no reason. */
  heed(
    { askedAt, calls }: ActiveCalls,
    legs: readonly Leg[],
    isVisible: (dn: string) => boolean,
  ): string | null {
    const doubts = new Map<string, Doubt>();
    let reason: string | null = null;
    for (const text of contradictions(calls, legs, isVisible)) {
      const { sinceAt, readings } = this.#doubts.get(text) ?? { sinceAt: askedAt, readings: 0 };
      const pauseMs = rereadAfterMs[readings];
      const isDue = pauseMs !== undefined && askedAt >= sinceAt + pauseMs;
      if (isDue) reason ??= text;
      doubts.set(text, { sinceAt, readings: isDue ? readings + 1 : readings });
    }
    this.#doubts = doubts;
    return reason;
  }
}

function contradictions(
  calls: readonly ActiveCall[],
  legs: readonly Leg[],
  isVisible: (dn: string) => boolean,
): string[] {
  return [...unknownOf(calls, legs, isVisible), ...unlistedOf(calls, legs)];
}

/** The list has an extension in a call that has no leg of it, or none that is connected. */
function unknownOf(
  calls: readonly ActiveCall[],
  legs: readonly Leg[],
  isVisible: (dn: string) => boolean,
): string[] {
  const placeOf = (callNumber: number, dn: string) => `${callNumber} ${dn.toLowerCase()}`;
  const places = new Set<string>();
  const connected = new Set<string>();
  for (const { callNumber, dn, status } of legs) {
    places.add(placeOf(callNumber, dn));
    if (status === "connected") connected.add(placeOf(callNumber, dn));
  }
  const isOurs = ({ kind, dn }: Party) => kind === "extension" && isVisible(dn);
  return calls.flatMap((call) => {
    const { callNumber, caller, callee } = call;
    const known = talks(call) ? connected : places;
    return [caller, callee]
      .filter((party) => isOurs(party) && !known.has(placeOf(callNumber, party.dn)))
      .map(({ dn }) => `call ${callNumber} is listed as ${call.status} at ${dn}, unlike its legs`);
  });
}

/** While the call is at one of these, the list names it. */
const standsThere: ReadonlySet<DnKind> = new Set([
  "extension",
  "queue",
  "ivr",
  "ringgroup",
  "routepoint",
]);

/** Past this phone: talking, or sent to another one or outside. A queue or ring group may have several ring. */
function hasGoneOn(call: ActiveCall, status: Leg["status"]): boolean {
  const isPlain = ({ kind }: Party) => kind === "extension" || kind === "trunk";
  return talks(call) || (status === "ringing" && isPlain(call.caller) && isPlain(call.callee));
}

/** The list leaves the call of a leg out, or has it elsewhere. */
function unlistedOf(calls: readonly ActiveCall[], legs: readonly Leg[]): string[] {
  const rows = new Map(calls.map((call) => [call.callNumber, call]));
  return legs.flatMap(({ callNumber, legId, dn, dnKind, status }) => {
    const row = rows.get(callNumber);
    if (row === undefined) return [`leg ${legId} is of call ${callNumber}, which is not listed`];
    const isThere = row.caller.dn === dn || row.callee.dn === dn;
    if (isThere || !standsThere.has(dnKind) || !hasGoneOn(row, status)) return [];
    return [`leg ${legId} is of call ${callNumber}, which is listed as ${row.status} elsewhere`];
  });
}
