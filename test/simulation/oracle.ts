/**
 * The oracle: from the truth of the calls, the visibility and the log of injected faults alone, the webhooks that are
 * due (docs/contract.md §2-§3). Shares no code with the tracker. What cannot be known is exempt by a named rule. What
 * each kind of fact makes of a call is decided in the files that `course.ts` names.
 */
import { beginningOf, isBegunUnseen } from "./beginning.ts";
import { chainOver } from "./chainEnd.ts";
import { Course } from "./course.ts";
import type { Due, Unknowable, Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";
import { legGone } from "./legsGone.ts";
import { levelOf, places } from "./levels.ts";
import { phoneShown, placeShown } from "./offers.ts";
import { outsideShown } from "./outside.ts";

/** Follows one chain from its first fact to its last. */
export class Telling {
  readonly due: readonly Due[];
  /** A conversation that nobody could see, and why: what follows from then on cannot be known in full. */
  readonly unknowable: { readonly rule: Unknowable; readonly fromAt: number } | null;
  readonly doubted: ReadonlySet<string>;

  constructor(chain: Chain, visibility: Visibility) {
    const isShown = (fact: Fact) => fact.what === "shown" && visibility.sees(fact.dn, fact.at);
    const shown = chain.facts.find(isShown);
    const course = new Course(chain, visibility, shown !== undefined);
    // An inside call that was forwarded outside: the contract is silent.
    if (chain.isInside) course.doubt("insideForwarded", chain.startedAt);
    // Who is not monitored dialled, or answered first: it is nobody's call until a monitored one gets it.
    if (isBegunUnseen(chain, isShown, visibility)) course.doubt("begunUnseen", chain.startedAt);
    heedNeverSeen(course, isShown);
    const begins = beginningOf(chain, visibility, isShown);
    if (begins !== null) {
      const { kind, level, leg, unseen } = begins;
      course.levels = [level];
      const due = course.said.tell(kind, level, 0, level.at, leg);
      if (unseen(due.latest)) due.unseen = true;
    }
    for (const fact of chain.facts) heed(course, fact);
    this.due = course.said.due;
    this.unknowable = course.unknowable;
    this.doubted = course.doubted;
  }
}

/** All its legs came and went while a fault hid them, and it goes on without any: the log has it too late. */
function heedNeverSeen(course: Course, isShown: (fact: Fact) => boolean): void {
  const { facts, startedAt, overAt } = course.chain;
  const endAt = overAt ?? Number.POSITIVE_INFINITY;
  const looks = facts.flatMap((fact) =>
    fact.what === "shown" && isShown(fact)
      ? [{ goneAt: fact.leg.end?.at ?? endAt, ...course.visibility.seen(fact.at, fact.leg) }]
      : [],
  );
  const [first] = looks;
  const isNever = looks.every(({ at, goneAt }) => at >= goneAt);
  if (first?.fault && isNever && endAt > first.at) course.doubt(first.fault, startedAt);
}

/** Only who talks parks the call: whom they had it ring before, if that phone falls silent later, has failed. */
function parked(course: Course): void {
  course.isParked = true;
  const { talk, handover } = course;
  if (talk === null || handover === null) return;
  course.isUncounted ||= !course.said.isTold(handover.link);
  course.handover = null;
  course.levels = [levelOf(talk)];
}

function heed(course: Course, fact: Fact): void {
  switch (fact.what) {
    case "shown":
      if (fact.kind === "extension") phoneShown(course, fact);
      else if (places.has(fact.kind)) placeShown(course, fact);
      else if (fact.kind === "trunk") outsideShown(course, fact);
      else if (fact.kind === "parking") parked(course);
      // In a conference the link's user is who made it, until the outside party goes.
      else if (fact.kind === "conference") course.talk?.legs.add(fact.leg);
      return;
    case "gone":
      legGone(course, fact);
      return;
    case "attended":
      course.attended = fact;
      return;
    case "over":
      chainOver(course, fact.at, fact.joined);
      return;
  }
}
