/**
 * Where the outside party of a chain is, fact by fact, as the oracle follows it: at which levels, in whose conversation,
 * on its way to whom; and from when on what became of it cannot be known. What each kind of fact makes of it is decided
 * in `offers.ts`, `conversations.ts`, `outside.ts`, `legsGone.ts` and `chainEnd.ts`.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { Departed } from "./departure.ts";
import type { Due, Unknowable, Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";
import { type Level, type Talk, unseenTalk } from "./levels.ts";
import { Said } from "./said.ts";
import type { Seen } from "./sight.ts";

export type Shown = Fact & { what: "shown" };
export type Gone = Fact & { what: "gone" };

export class Course {
  unknowable: { readonly rule: Unknowable; readonly fromAt: number } | null = null;
  /** All by which something cannot be known, that which comes first among them. */
  readonly doubted = new Set<string>();
  readonly chain: Chain;
  readonly visibility: Visibility;
  readonly rings = new Map<string, Set<Leg>>();
  readonly said: Said;
  bargedAt = Number.NEGATIVE_INFINITY;
  readonly places = new Set<Leg>();
  /** Extensions' legs that stand connected towards the outside party. */
  readonly connected = new Map<Leg, Shown>();
  /** The place that rang a phone last. */
  readonly polledBy = new Map<string, string>();
  /** What of unseen places may have been told, named by a phone that was seen late or briefly. */
  readonly maybeNamed = new Set<Due>();
  /** Levels reached since the last conversation, in order. */
  levels: Level[] = [];
  talk: Talk | null = null;
  handover: { readonly link: number; readonly at: number; outside: boolean } | null = null;
  lastLink = 0;
  /** Legs of second outside parties: of two trunks that are tried, one after another. */
  readonly outsiders = new Set<Leg>();
  /** Something of it was to be seen. */
  readonly isSeen: boolean;
  /** An outside phone has answered, and is told once who hands over has gone. */
  answering: (() => void) | null = null;
  attended: (Fact & { what: "attended" }) | null = null;
  /** From there the list alone shows who has it back; where a mobile rings with a phone of theirs, it names that. */
  isParked = false;
  /** The last user who left. */
  departed: Departed | null = null;
  /** When it must have been seen that the last attempt to hand over had failed. */
  failed: Seen | null = null;
  /** An attempt failed of which nothing was to be seen. */
  isUncounted = false;
  /** When it went outside after a hand-over, which only the list shows. */
  outsideAt = Number.NEGATIVE_INFINITY;
  /** When a phone of who talks began to ring last: they send the call to their own number. */
  ownRingAt = Number.NEGATIVE_INFINITY;
  /** When it came back from outside since the last conversation. */
  backAt: number | null = null;

  constructor(chain: Chain, visibility: Visibility, isSeen: boolean) {
    this.chain = chain;
    this.visibility = visibility;
    this.isSeen = isSeen;
    this.said = new Said(visibility);
  }

  doubt(rule: Unknowable, fromAt: number): void {
    this.doubted.add(rule);
    if (this.unknowable === null || fromAt < this.unknowable.fromAt) {
      this.unknowable = { rule, fromAt };
    }
  }

  link(): number {
    return this.handover?.link ?? this.lastLink;
  }

  beginHandover(at: number): void {
    if (this.handover !== null) return;
    // Nobody saw the conversation before it was handed over.
    this.heedTalk(at);
    // Nothing showed the attempt before, so whether it has a number is not known.
    if (this.isUncounted) this.doubt("unseenAttempt", at);
    // Whether who hands over without a leg that shows has left is not told by the list either.
    const user = this.talk?.user;
    if (user !== undefined && !this.visibility.sees(user, at)) this.doubt("unseenUser", at);
    this.lastLink += 1;
    this.handover = { link: this.lastLink, at, outside: false };
  }

  /** What comes now came before anybody could see the conversation. */
  heedTalk(at: number, isOutside = false): void {
    if (this.talk === null) return;
    const rule = unseenTalk(this.talk, at, this.visibility, isOutside);
    if (rule !== null) this.doubt(rule, this.talk.at);
    // While a phone of theirs seems to ring on, no look at the list tells of an answer outside.
    const { fault, at: silentAt } = this.said.silent(this.talk.user);
    const { briefMs, listMs } = this.visibility;
    if (isOutside && fault !== null && silentAt + briefMs + (listMs ?? 0) >= at)
      this.doubt(fault, this.talk.at);
  }

  /** Nobody saw before this came what had become of the last user, or of the caller then. */
  heedDeparture(at: number, what: "left" | "stayed"): void {
    const seen = this.departed?.[what];
    if (seen?.fault && seen.at + this.visibility.briefMs >= at) {
      this.doubt(seen.fault, this.departed?.at ?? at);
    }
  }
}
