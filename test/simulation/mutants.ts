/** Ways in which a tracker may err, each as a change of what it told of one chain; `got` as it is where it does not apply. */
import type { Fields, Got } from "./compare.ts";

export type Mutant = (got: readonly Got[]) => readonly Got[];

export const linkOf = ({ fields }: Got) => Number(fields.id?.split("-").at(-1));
export const isEnd = ({ fields }: Got) => fields.finishtype !== undefined;
export const isAnswer = ({ fields }: Got) => fields.event?.startsWith("hangup") === true;
export const isRinging = ({ fields }: Got) => fields.event === "ringing";
export const isMissed = ({ fields }: Got) => fields.finishtype === "Missed";

export function with_(got: Got, fields: Fields): Got {
  return { ...got, fields: { ...got.fields, ...fields } };
}

export function relinked(got: Got, link: number): Got {
  return with_(got, { id: `${got.fields.id?.split("-")[0]}-${link}` });
}

/** The first that fits is changed, left out (`null`) or becomes several. */
export function first(
  fits: (got: Got) => boolean,
  change: (got: Got) => Got | Got[] | null,
): Mutant {
  return (got) => {
    const at = got.findIndex(fits);
    const one = got[at];
    if (one === undefined) return got;
    return [...got.slice(0, at), ...[change(one) ?? []].flat(), ...got.slice(at + 1)];
  };
}

function seconds(title: string): number {
  const [, minutes, rest] = /\((\d+):(\d\d)\)$/.exec(title) ?? [];
  return 60 * Number(minutes ?? 0) + Number(rest ?? 0);
}

/** The last conversation gets the duration of all of them. */
const wholeDuration: Mutant = (got) => {
  const talks = got.filter((each) => isEnd(each) && !isMissed(each));
  const last = talks.at(-1);
  if (last === undefined || talks.length < 2) return got;
  const all = talks.reduce((sum, { fields }) => sum + seconds(fields.title ?? ""), 0);
  if (all < seconds(last.fields.title ?? "") + 4) return got;
  const text = `(${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")})`;
  const title = (last.fields.title ?? "").replace(/\(\d+:\d\d\)$/, text);
  return got.map((each) => (each === last ? with_(each, { title }) : each));
};

/** Missed at a queue is blamed on the phone that rang last. */
const agentInsteadOfQueue: Mutant = (got) => {
  const agent = got.findLast((each) => isRinging(each) && each.fields.usertype === "ext");
  const user = agent?.fields.user;
  if (user === undefined) return got;
  return first(
    (each) => isMissed(each) && each.fields.usertype === "queue",
    (each) => with_(each, { user, usertype: "ext" }),
  )(got);
};

const swapped: Readonly<Record<string, string>> = { Blind: "Accomp", Accomp: "Blind" };

export const mutants: Readonly<Record<string, Mutant>> = {
  "Blind for Accomp and the other way round": first(
    ({ fields }) => fields.trtype === "Blind" || fields.trtype === "Accomp",
    (got) => with_(got, { trtype: swapped[got.fields.trtype ?? ""] ?? "" }),
  ),
  "the link is not counted up": (got) =>
    got.map((each) => (linkOf(each) > 1 ? relinked(each, linkOf(each) - 1) : each)),
  "the link is counted up twice": (got) =>
    got.map((each) => (linkOf(each) > 1 ? relinked(each, linkOf(each) + 1) : each)),
  "the duration of the whole call": wholeDuration,
  "no end after a hand-over": (got) => {
    const last = got.at(-1);
    return last !== undefined && isMissed(last) && linkOf(last) > 1 ? got.slice(0, -1) : got;
  },
  "a second ringing for a second device": first(isRinging, (got) => [got, got]),
  "no ringing": first(isRinging, () => null),
  "a ringing invented at the answer": first(isAnswer, (got) => [
    with_(got, { event: "ringing" }),
    got,
  ]),
  "the DID is forgotten after a transfer": (got) =>
    got.map((each) => (linkOf(each) > 1 && each.fields.did ? with_(each, { did: "" }) : each)),
  "the agent instead of the queue": agentInsteadOfQueue,
  "not passed on": first(
    ({ fields }) => fields.transfer === "True",
    (got) => with_(got, { transfer: "False" }),
  ),
  "passed on that was not": first(
    ({ fields }) => fields.transfer === "False",
    (got) => with_(got, { transfer: "True" }),
  ),
  "an end five seconds late": first(isEnd, (got) => ({ ...got, at: got.at + 5_000 })),
  "an answer three seconds early": first(isAnswer, (got) => ({ ...got, at: got.at - 3_000 })),
  "the answer before the ringing": (got) => {
    const at = got.findIndex(isAnswer);
    const [answer, ringing] = [got[at], got[at - 1]];
    if (answer === undefined || ringing === undefined || !isRinging(ringing)) return got;
    return [...got.slice(0, at - 1), answer, ringing, ...got.slice(at + 1)];
  },
  "no answer": first(isAnswer, () => null),
  "two ends": first(isEnd, (got) => [got, got]),
  "missed for answered": first(
    ({ fields }) => fields.finishtype === "Ok",
    (got) => with_(got, { finishtype: "Missed" }),
  ),
  "answered for missed": first(isMissed, (got) => with_(got, { finishtype: "Ok" })),
  "a number as it came, with +": first(
    ({ fields }) => fields.callerid !== "anonymous",
    (got) => with_(got, { callerid: `+${got.fields.callerid}` }),
  ),
  "a queue is an extension": first(
    ({ fields }) => fields.usertype === "queue",
    (got) => with_(got, { usertype: "ext" }),
  ),
  "another id after the first link": (got) =>
    got.map((each) =>
      linkOf(each) > 1 ? with_(each, { id: `9${each.fields.id?.slice(1)}` }) : each,
    ),
  "outgoing for incoming": first(
    ({ fields }) => fields.event === "hangupincoming",
    (got) => with_(got, { event: "hangupoutgoing" }),
  ),
};
