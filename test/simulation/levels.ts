/** Where a call is and who talks: the oracle's own words for it. */
import type { DnKind } from "../../src/simulator/directory.ts";
import type { Leg } from "../../src/simulator/model.ts";
import type { Due, Unknowable, Visibility } from "./due.ts";
import type { Seen } from "./sight.ts";

export interface Talk {
  readonly user: string;
  readonly usertype: string;
  readonly link: number;
  readonly at: number;
  seen: Seen;
  readonly legs: Set<Leg>;
  /** When it must have been seen that a phone of theirs was laid down, while another goes on. */
  laidDown?: Seen;
}

export interface Level {
  readonly user: string;
  readonly usertype: string;
  readonly kind: DnKind;
  readonly at: number;
  due?: Due;
  /** It fell silent again so soon that the place which gave it the call may seem to have it still (SPEC.md, R8). */
  isBrief?: boolean;
  /** All that rings for this user, who has no phone: only the list shows that the call is there. */
  readonly mobile?: Leg;
}

export function usertypeOf(kind: DnKind): string {
  return kind === "extension" ? "ext" : kind === "queue" ? "queue" : "other";
}

export const phoneOf = (user: string, at: number): Level => ({
  user,
  usertype: "ext",
  kind: "extension",
  at,
});

/** Missed before it reaches anybody, a call that was handed over is missed by who did so. */
export const levelOf = ({ user, at }: Talk): Level => phoneOf(user, at);

export const places: ReadonlySet<DnKind> = new Set(["queue", "ivr", "ringgroup", "routepoint"]);

/** Why nobody can have seen the conversation by then; only a look at the list shows one outside. Null = it was seen. */
export function unseenTalk(
  { user, at: begunAt, seen }: Talk,
  at: number,
  { briefMs, sees }: Pick<Visibility, "briefMs" | "sees">,
  isOutside: boolean,
): Unknowable | null {
  if (at > seen.at + briefMs) return null;
  if (seen.fault !== null) return seen.fault;
  if (!sees(user, begunAt)) return "unseenUser";
  return isOutside ? "forwardUnseen" : "briefTalk";
}
