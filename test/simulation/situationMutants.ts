/** Ways in which a tracker may err in one situation; each must be noticed where that situation is played. */
import type { Got } from "./compare.ts";
import { FAX } from "./furniture.ts";
import {
  first,
  isAnswer,
  isEnd,
  isMissed,
  isRinging,
  linkOf,
  type Mutant,
  relinked,
  with_,
} from "./mutants.ts";
import type { SituationName } from "./situations.ts";

const ordered = " (callback requested)";
const isOk = ({ fields }: Got) => fields.finishtype === "Ok";
const isQueue = ({ fields }: Got) => fields.usertype === "queue";

/** The last conversation is told as two of the same chain, the second by `user`. */
function split(got: readonly Got[], user: (one: Got) => string, trtype: string): readonly Got[] {
  const answer = got.findLast(isAnswer);
  const end = got.findLast(isOk);
  if (answer === undefined || end === undefined || linkOf(answer) !== linkOf(end)) return got;
  const next = linkOf(end) + 1;
  const passedOn = with_(end, { transfer: "True" });
  const other = { user: user(end), trtype };
  const more = [relinked(with_({ ...answer, at: end.at }, other), next)];
  const rest = relinked(with_(end, { user: user(end) }), next);
  return got.flatMap((each) => (each === end ? [passedOn, ...more, rest] : [each]));
}

/** A ring that has rung there before, told again later. */
function again(fits: (got: Got) => boolean, change: (got: Got) => Got | null): Mutant {
  return (got) => {
    const rings = got.filter((each) => isRinging(each) && fits(each));
    const second = rings.find(({ fields }, at) =>
      rings.slice(0, at).some((one) => one.fields.user === fields.user),
    );
    return got.flatMap((each) => (each === second ? [change(each) ?? []].flat() : [each]));
  };
}

const another = ({ fields }: Got) => String(Number(fields.user) === 101 ? 102 : 101);

export const situationMutants: Partial<Record<SituationName, Readonly<Record<string, Mutant>>>> = {
  callbacks: {
    "an ordered call-back is not told": first(
      ({ fields }) => fields.title?.endsWith(ordered) === true,
      (got) => with_(got, { title: (got.fields.title ?? "").slice(0, -ordered.length) }),
    ),
    "a call-back that nobody ordered": first(
      (each) => isMissed(each) && !each.fields.title?.endsWith(ordered),
      (got) => with_(got, { title: `${got.fields.title}${ordered}` }),
    ),
  },
  conferences: {
    "a conference passes the caller on": (got) => {
      const end = got.findLast((each) => isOk(each) && each.fields.transfer === "False");
      if (end === undefined) return got;
      const missed = relinked(with_(end, { finishtype: "Missed" }), linkOf(end) + 1);
      return got.flatMap((each) =>
        each === end ? [with_(end, { transfer: "True" }), missed] : [each],
      );
    },
  },
  parkTimeouts: {
    "a parked call that rings back is not told": (got) => {
      const at = got.findIndex(({ fields }) => fields.transfer === "True");
      const back = got.find(
        (each, index) =>
          index > at && at >= 0 && isRinging(each) && each.fields.user === got[at]?.fields.user,
      );
      return got.filter((each) => each !== back);
    },
  },
  overflow: {
    "back at the same queue is not told": again(isQueue, () => null),
    "the first queue has missed it": (got) => {
      const queue = got.find((each) => isRinging(each) && isQueue(each));
      const end = got.findLast((each) => isMissed(each) && isQueue(each));
      const user = queue?.fields.user ?? "";
      if (end === undefined || user === "" || end.fields.user === user) return got;
      const title = end.fields.title?.replace(`queue ${end.fields.user}`, `queue ${user}`) ?? "";
      return got.map((each) => (each === end ? with_(end, { user, title }) : each));
    },
  },
  unmonitored: { "who answers is missed": (got) => missedAll(got) },
  mobiles: { "who answers is missed": (got) => missedAll(got) },
  faxes: {
    "a fax has answered": (got) => {
      const end = got.findLast(isMissed);
      if (end === undefined || end.fields.event !== "incoming") return got;
      const link = Math.max(1, linkOf(end));
      const { event: _, finishtype: __, transfer: ___, title: ____, ...fields } = end.fields;
      const told = { ...fields, event: "hangupincoming", user: FAX, trtype: "NotDef" };
      const answer = relinked({ at: end.at, fields: told }, link);
      const talked = relinked(with_(end, { user: FAX, finishtype: "Ok" }), link);
      return got.flatMap((each) => (each === end ? [answer, talked] : [each]));
    },
  },
  bothTransfer: {
    "a consultation that was handed on is Blind": first(
      ({ fields }) => fields.trtype === "Accomp",
      (got) => with_(got, { trtype: "Blind" }),
    ),
    "who was consulted first has the call": first(
      ({ fields }) => fields.trtype === "Accomp",
      (got) => with_(got, { user: another(got) }),
    ),
  },
  trunks: {
    "each trunk is a dialing": first(
      ({ fields }) => fields.event === "dialing",
      (got) => [got, got],
    ),
    "the trunk for the number": first(
      () => true,
      (got) => with_(got, { callerid: "10008" }),
    ),
  },
  listening: { "who listens has answered": (got) => split(got, another, "Blind") },
  ownPhones: {
    "another phone is another link": (got) =>
      split(got, ({ fields }) => fields.user ?? "", "Blind"),
  },
};

/** Every conversation is told as a miss of link 0. */
function missedAll(got: readonly Got[]): readonly Got[] {
  if (!got.some(isAnswer)) return got;
  const kept = got.filter((each) => !isAnswer(each));
  return kept.map((each) => {
    if (!isEnd(each)) return each;
    const { callerid, user } = each.fields;
    const title = `Missed call by User ${user} from ${callerid}`;
    return relinked(with_(each, { finishtype: "Missed", title }), 0);
  });
}
