/** How a chain begins: with somebody who dials, with a queue that calls back, or with what comes to it from outside. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";
import { type Level, places, usertypeOf } from "./levels.ts";

export interface Beginning {
  readonly kind: "dialing" | "ringing";
  readonly level: Level;
  readonly leg: Leg | null;
  /** Nobody may have seen it, if it must have been seen by then. */
  unseen(latest: number): boolean;
}

export function beginningOf(
  chain: Chain,
  { namesHolder }: Visibility,
  isSeen: (fact: Fact) => boolean,
): Beginning | null {
  const { facts, owner, ownerKind, dialledAt, ownerLeg, calledBackBy, startedAt } = chain;
  if (chain.direction === "outgoing") {
    const level = { user: owner, usertype: usertypeOf(ownerKind), kind: ownerKind, at: dialledAt };
    // Dialled a moment before its leg is made: taken from the list of monitored DNs between, it shows nothing.
    const own = facts.filter((fact) => fact.what === "shown" && fact.leg === ownerLeg);
    const unseen = () => own.length > 0 && !own.some(isSeen);
    return { kind: "dialing", level, leg: ownerLeg, unseen };
  }
  if (calledBackBy === "") return null;
  // A queue calls back, which shows when it polls the first agent: the phone names it, or only the list does.
  const first = facts.filter((fact) => fact.what === "shown").find(isSeen);
  const at = first?.at ?? startedAt;
  const level: Level = { user: calledBackBy, usertype: "queue", kind: "queue", at };
  const own = facts.filter((fact) => "leg" in fact && fact.leg === first?.leg);
  // Only a phone that rings names it, not one that picks up what rings elsewhere.
  const ceases = (latest: number) => own.some((fact) => fact !== first && fact.at <= latest);
  const isNamed = first?.status === "ringing" && namesHolder;
  const unseen = (latest: number) => ceases(latest) || !isNamed;
  return { kind: "ringing", level, leg: first?.leg ?? null, unseen };
}

/**
 * Who is not monitored dialled, or talked before anything was to be seen: a leg that did not come and go while we were
 * blind, or a place that the list has it at.
 */
export function isBegunUnseen(
  { facts, owner, startedAt, dialledAt, overAt }: Chain,
  isShown: (fact: Fact) => boolean,
  visibility: Visibility,
): boolean {
  const isSeen = (fact: Fact) => {
    if (fact.what !== "shown" || !isShown(fact)) return false;
    return visibility.seen(fact.at, null).at < (fact.leg.end?.at ?? overAt ?? fact.at);
  };
  const isPlace = (fact: Fact) => fact.what === "shown" && places.has(fact.kind);
  const first = facts.find(isSeen) ?? facts.find(isShown) ?? facts.find(isPlace);
  if (first === undefined) return false;
  // Their own phone may have rung for it before they dialled.
  if (owner !== "") return [startedAt, dialledAt].some((at) => !visibility.sees(owner, at));
  return facts
    .slice(0, facts.indexOf(first))
    .some(
      (fact) => fact.what === "shown" && fact.kind === "extension" && fact.status === "connected",
    );
}
