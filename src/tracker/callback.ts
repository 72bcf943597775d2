/**
 * Callback orders: who leaves a queue may have ordered to be called back. The PBX tells that late, in its log, or by
 * what it does next: it polls the agents on behalf of the queue (SPEC.md, R32).
 */
import type { EpochMs } from "../events/event.ts";
import type { Leg, LoggedCall } from "./activity.ts";
import { finish } from "./ends.ts";
import { dialsBack, isSameNumber } from "./legs.ts";
import type { Call, External, Hidden } from "./state.ts";
import type { Turn } from "./turn.ts";

/** A log that has the call to within this of its end has all of it. */
const endMs = 2_000;

/** Over; but a call that was missed where callbacks are offered waits for the knowledge whether one was ordered. */
export function finishOrHold(turn: Turn, at: EpochMs): void {
  const { call, settings } = turn;
  const { talk, handover, level, external } = call;
  const missed = talk === null && handover?.outside !== true;
  const offered = level?.kind === "queue" && turn.known.callbackQueues.includes(level.dn);
  if (!missed || !offered || external?.direction !== "incoming" || settings.callbackHoldMs === 0) {
    finish(turn, at);
    return;
  }
  awaitOrder(turn, at);
}

/** Over at `endedAt`; the log is asked, from now on, whether a callback was ordered. */
export function awaitOrder(turn: Turn, endedAt: EpochMs): void {
  const dueAt = turn.at + pauseOf(turn);
  turn.call.hidden = { sinceAt: endedAt, looks: 0, dueAt, witness: "callback" };
  turn.inquire = true;
}

function pauseOf({ settings }: Turn): number {
  return settings.callbackHoldMs / settings.callbackLooks;
}

export function awaitsOrder({ hidden }: Call): boolean {
  return hidden?.witness === "callback";
}

/** Looks at the log again, or takes it that none was ordered. */
export function heedOrderTime(turn: Turn, hidden: Hidden): void {
  const looks = hidden.looks + 1;
  if (looks >= turn.settings.callbackLooks) {
    finish(turn, hidden.sinceAt);
  } else {
    turn.call.hidden = { ...hidden, looks, dueAt: turn.at + pauseOf(turn) };
    turn.inquire = true;
  }
}

/** The log has the call. */
export function heedOrderLogged(turn: Turn, logged: LoggedCall): void {
  const { hidden } = turn.call;
  if (hidden?.witness !== "callback") return;
  const whole = logged.endedAt >= hidden.sinceAt - endMs;
  if (logged.callbackOrdered || whole) finish(turn, hidden.sinceAt, logged.callbackOrdered);
}

/** The queue that this leg is made for, to call somebody back; null if it is none of that. */
export function calledBackBy(leg: Leg): string | null {
  if (dialsBack(leg)) return leg.dn;
  const { onBehalfOf, originatedBy } = leg;
  const polled = onBehalfOf?.kind === "queue" && originatedBy?.dn === onBehalfOf.dn;
  return polled ? onBehalfOf.dn : null;
}

/** Whom the PBX calls back: of several with that number, who has waited for longest. */
export function orderOf(missed: readonly Turn[], { party }: Leg): Turn | undefined {
  // Withheld numbers are not the same for being empty; and nobody can call them back.
  if (party.number === "") return undefined;
  // Only a call with an outside party awaits an order.
  const isIt = ({ call }: Turn) =>
    awaitsOrder(call) && isSameNumber((call.external as External).number, party.number);
  const sinceAt = ({ call }: Turn) => (call.hidden as Hidden).sinceAt;
  return missed.filter(isIt).sort((one, other) => sinceAt(one) - sinceAt(other))[0];
}
