/**
 * What must hold after every step, as code: SPEC.md's I1-I10. Run by every test and simulation of the tracker.
 * A violation is returned as a sentence, so that the caller can print the seed beside it.
 */
import type { CallEvent, EndedEvent } from "../events/event.ts";
import type { Call } from "./state.ts";
import type { Step } from "./stepping.ts";

/** Events told so far of each call, by call id. */
export type Ledger = Map<string, CallEvent[]>;

/** Notes a step's events and names everything that does not hold after it. */
export function violations(step: Pick<Step, "events" | "state">, ledger: Ledger): string[] {
  const found: string[] = [];
  for (const event of step.events) {
    const told = ledger.get(event.callId) ?? [];
    ledger.set(event.callId, told);
    for (const fault of eventFaults(event, told)) {
      found.push(`${fault} (${event.eventId}, after ${told.map((e) => e.eventId).join(" ")})`);
    }
    told.push(event);
  }
  for (const { callNumber, callId, eventId } of step.events) {
    const now = step.state.calls.get(callNumber)?.id?.callId ?? callId;
    // Before a restart of the PBX another call had the number; it is over then.
    const last = ledger.get(callId)?.at(-1)?.kind;
    if (now !== callId && last !== "ended" && last !== "callsummary") {
      found.push(`I2: a second id for one call (${eventId})`);
    }
  }
  for (const call of step.state.calls.values()) {
    const told = ledger.get(call.id?.callId ?? "") ?? [];
    for (const fault of callFaults(call, told)) found.push(`${fault} (call ${call.callNumber})`);
  }
  return found;
}

function eventFaults(event: CallEvent, told: readonly CallEvent[]): string[] {
  const found: string[] = [];
  const check = (holds: boolean, fault: string) => {
    if (!holds) found.push(fault);
  };
  const ends = told.filter((e): e is EndedEvent => e.kind === "ended");
  const answers = told.filter((e) => e.kind === "answered");
  const first = told[0];
  check(!told.some((e) => e.eventId === event.eventId), "I1: event id told before");
  check(
    first === undefined ||
      (first.direction === event.direction && first.callNumber === event.callNumber),
    "I2: direction or number of the call changed",
  );
  check(
    event.kind === "callsummary" || ends.every((e) => e.link < event.link),
    "I3: an event of a link that ended, or an older one",
  );
  if (event.kind === "answered") {
    check(
      answers.every((e) => e.link < event.link),
      "I4: an answer of a link that was answered, or an older one",
    );
    check(event.link > 0, "I4: an answer on link 0");
  }
  if (event.kind === "ended") {
    const answered = answers.some((e) => e.link === event.link && e.user === event.user);
    check(
      event.finish === "Ok" ? answered : !answers.some((e) => e.link === event.link),
      "I5: Ok without the user's answer, or Missed with one",
    );
    check(
      (event.talkMs !== null) === (event.finish === "Ok"),
      "I5: a duration without a conversation, or none with one",
    );
  }
  return found;
}

function callFaults(call: Call, told: readonly CallEvent[]): string[] {
  const found: string[] = [];
  const { talk, handover, hidden, overAt, external } = call;
  const check = (holds: boolean, fault: string) => {
    if (!holds) found.push(fault);
  };
  check(
    external !== null || (call.id === null && call.eventCount === 0),
    "I6: told of an inside call",
  );
  check(
    (talk?.link ?? 0) <= call.lastLink && (handover?.link ?? call.lastLink) === call.lastLink,
    "I7: an open link beyond the last, or a hand-over that is not the last",
  );
  check(
    talk === null || handover === null || talk.link < handover.link,
    "I7: a hand-over not after the conversation",
  );
  check(
    overAt !== null || talk !== null || handover !== null || call.lastLink === 0,
    "I7: a call that goes on after its first link, of which none is open",
  );
  const inside = handover !== null && !handover.outside;
  check(
    overAt === null || (talk === null && !inside && hidden === null),
    "I8: over, yet something is open",
  );
  found.push(...chainFaults(call, told));
  return found;
}

/** What was told of a call against what it believes. */
function chainFaults({ talk, handover, overAt }: Call, told: readonly CallEvent[]): string[] {
  const found: string[] = [];
  const ends = told.filter((e): e is EndedEvent => e.kind === "ended");
  const last = ends.at(-1);
  if (last?.transferred && told.every((e) => e.kind === "callsummary" || e.link <= last.link)) {
    // Its own link, or the end outside our view.
    if ((handover?.link ?? talk?.link ?? 0) <= last.link) {
      found.push("I9: passed on, and no next link, nor an end outside our view");
    }
  }
  if (overAt === null) return found;
  const answered = told.filter((e) => e.kind === "answered").map(({ link }) => link);
  const ended = new Set(ends.map(({ link }) => link));
  if (answered.some((link) => !ended.has(link)) || (told.length > 0 && ends.length === 0)) {
    found.push("I10: over, yet a link has no end");
  }
  return found;
}
