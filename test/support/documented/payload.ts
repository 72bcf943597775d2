/**
 * What is noted of a published payload: the event that it tells and what becomes of it here:
 * - `kept`: we send exactly this (names, order, values; values not printed are not compared);
 * - `departed`: we send `sent` instead, for a reason of docs/contract.md.
 */
import type { CallEvent, ProfileName } from "../../../src/events/event.ts";

/** A field as printed; `null` where the article shows the name but its value is not known to us. */
export type PrintedField = readonly [name: string, value: string | null];

export type Fate =
  | { readonly kind: "kept" }
  | { readonly kind: "departed"; readonly reason: string; readonly sent: readonly PrintedField[] };

export interface DocumentedPayload {
  readonly source: string;
  readonly moment: string;
  readonly profile: ProfileName;
  readonly method: "POST" | "GET";
  readonly printed: readonly PrintedField[];
  /** True where the article prints only some of the fields. */
  readonly excerpt: boolean;
  /** What happened. */
  readonly event: CallEvent;
  readonly fate: Fate;
}

/** The reasons of docs/contract.md §3 ("Where this page departs") and §7, in its words. */
export const reasons = {
  link: "-0 until somebody answers: definition of the link; GET rows; captures",
  usertype: "the true type; in POST also in the answered and every ended incoming event",
  trtypeFinishtype: "trtype and finishtype are always sent: definition; GET rows; captures",
  missedTitle: "the title's numbers are this call's: definition (the printed ones are another's)",
  title: "titles as in the contract's table: one blank where one article has two",
  order: "event first in GET, callerid first in POST: the GET table agrees with itself",
  chid: "one form of chid, made from the start as we know it: milliseconds may differ",
  recording: "FILES first, then the end event's values: captures",
  unknown: 'phonebook, call ids and end details are "" where the source does not know them',
} as const;

/** Reads `name=value&name=…`; a name without `=` has a value that is not known to us. */
function print(text: string): readonly PrintedField[] {
  return text.split("&").map((field) => {
    const at = field.indexOf("=");
    return at < 0 ? [field, null] : [field.slice(0, at), field.slice(at + 1)];
  });
}

/** Where the articles' example has a link's file. */
export function fileOf(linkId: string): string {
  return `https://pbx.example.com/webapi/recording/${linkId}-1.mp3`;
}

export const kept: Fate = { kind: "kept" };

export function departed(sent: string, ...why: readonly (keyof typeof reasons)[]): Fate {
  return {
    kind: "departed",
    reason: why.map((reason) => reasons[reason]).join("; "),
    sent: print(sent),
  };
}

export interface Article {
  readonly source: string;
  readonly profile: ProfileName;
  readonly method: "POST" | "GET";
}

export function row(
  article: Article,
  moment: string,
  printed: string,
  event: CallEvent,
  fate: Fate = kept,
): DocumentedPayload {
  return { ...article, moment, printed: print(printed), excerpt: false, event, fate };
}

export function excerpt(
  article: Article,
  moment: string,
  printed: string,
  event: CallEvent,
  fate: Fate = kept,
): DocumentedPayload {
  return { ...row(article, moment, printed, event, fate), excerpt: true };
}
