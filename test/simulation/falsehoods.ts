/**
 * What may be claimed of a chain from where nobody can know it in full: nothing that was not so. Users, places,
 * numbers, times and links are held against the truth as far as it reaches; and the chain must have its end.
 */
import type { Difference, Got } from "./compare.ts";
import type { Shown } from "./course.ts";
import type { Going } from "./departure.ts";
import type { Due } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";
import type { FaultName } from "./setting.ts";
import type { Stay } from "./twins.ts";

/** The truth of one chain, coarse: who was offered it, who talked, from when to when. */
export interface Truth {
  readonly chain: Chain;
  readonly due: readonly Due[];
  /** What `usertype` is of each DN. */
  readonly usertypes: ReadonlyMap<string, string>;
  readonly dids: readonly string[];
  /** Those of `dids` that its own number may be taken for: then who calls seems to withhold theirs. */
  readonly seemingDids: readonly string[];
  /** The rule of the exemption. */
  readonly rule: string | null;
  /** So much longer or shorter may a conversation look, as our clock was set. */
  readonly clockOffMs: number;
  /** How late anything may be told at most: blind stretches in the life of the call, and looks at the log. */
  readonly lateMs: number;
  /** So often, without the list, it was unseen for so long that nobody knows it again. */
  readonly forgotten: number;
  /** What lasts no longer may begin and end between two looks at the list. */
  readonly looksMs: number;
  /** Whom the call left, and when, without anybody seeing it then. */
  readonly unseenGoing: readonly Going[];
  /** Voicemail boxes that look as if their owner talked. */
  readonly unseenBoxes: readonly Shown[];
  /** Phones that rang, and no look at the list showed it. */
  readonly missedRings: readonly Shown[];
  /** Who had another call that may be taken for this one. */
  readonly twins: readonly Stay[];
  /** Another caller with this number was called back just then; and nothing but its legs, if any, told that this one goes on. */
  readonly isMistakenAt: (at: number) => boolean;
  /** Times that the call may have looked over, or passed on, and was not. */
  readonly lapses: number;
}

/** A second for rounding. */
const roundMs = 1_000;

const talking: ReadonlySet<string> = new Set(["extension", "trunk", "conference"]);

/** Who was offered the call or talked to its outside party, and when. */
function staysOf(truth: Truth): Stay[] {
  const { chain, due, rule, looksMs, unseenGoing, unseenBoxes, missedRings } = truth;
  const { owner, calledBackBy, startedAt, facts, overAt } = chain;
  const stays: (Stay & { leg: unknown })[] = [];
  const end = overAt ?? Number.POSITIVE_INFINITY;
  const first = owner || calledBackBy;
  if (first !== "") {
    stays.push({ dn: first, fromAt: startedAt, toAt: end, talks: false, leg: null });
  }
  // Whose phone it went on to since, unseen, nobody knows.
  const offeredBy = (at: number) => {
    const rings = due.filter((one) => one.kind === "ringing" && one.at <= at);
    const isHidden = rule === "forwardUnseen" || rings.at(-1)?.unseen === true;
    if (!isHidden) return [];
    // By its legs, or by the list.
    const isMissed = (one: Due) =>
      missedRings.some((ring) => ring.dn === one.user && ring.at === one.at);
    const isListed = (one: Due) => !one.unseen || (one.fault === null && !isMissed(one));
    return [
      ...rings.filter(({ unseen }) => !unseen).slice(-1),
      ...rings.filter(isListed).slice(-1),
    ];
  };
  let rang = "";
  let talked = "";
  let heard = "";
  for (const fact of facts) {
    if (fact.what === "shown") {
      const { at, leg, kind } = fact;
      if (kind === "extension" && fact.status === "ringing") rang = fact.dn;
      // Only the mobile of who has no phone rings.
      if (kind === "trunk" && fact.place === leg.onBehalfOf?.dn) rang = fact.place;
      // A phone outside answers for the extension that the call was at last, as far as the list was read, or whose own it is.
      const behalf = leg.onBehalfOf?.dn ?? rang;
      const isHeard = leg.barges !== null;
      if (kind === "extension" && fact.status === "connected") {
        // Who only heard a conversation that nobody saw seems to have had it.
        if (!isHeard) talked = fact.dn;
        else if (unseenTalks.has(rule ?? "")) heard = fact.dn;
      }
      // In a conference the user goes on talking.
      const there = kind === "conference" ? [talked, heard, fact.dn] : [fact.dn];
      // A voicemail box is its owner's: so says the log.
      const boxOwner = kind === "specialmenu" ? leg.onBehalfOf?.dn : undefined;
      const own = [...there, ...(boxOwner === undefined ? [] : [boxOwner])];
      // Or the list, which has them talking there.
      if (unseenBoxes.includes(fact))
        stays.push({ dn: fact.place, fromAt: at, toAt: end, talks: true, leg });
      const isRecent = ({ toAt }: Stay) => toAt <= at && toAt >= at - looksMs;
      const late = stays.filter(isRecent).map(({ dn }) => dn);
      const dns =
        kind === "trunk"
          ? new Set([
              rang,
              behalf,
              ...late,
              ...offeredBy(at).map(({ user }) => user),
              ...unseenGoing.flatMap((going) => (going.at <= at ? [going.dn] : [])),
            ])
          : own;
      const talks = talking.has(kind) && fact.status === "connected";
      const known = stays.some((stay) => stay.leg === leg && stay.talks === talks);
      if (!known) for (const dn of dns) stays.push({ dn, fromAt: at, toAt: end, talks, leg });
    } else if (fact.what === "gone") {
      for (const stay of stays) if (stay.leg === fact.leg) stay.toAt = fact.at;
    }
  }
  // Where it was for an instant only the log tells, which is what it is due from.
  for (const { user, at, finish } of due) {
    if (finish !== "Missed" || stays.some(({ dn }) => dn === user)) continue;
    stays.push({ dn: user, fromAt: at, toAt: at, talks: false, leg: null });
  }
  return stays;
}

const isJoin = (fact: Fact) => fact.what === "over" && fact.joined;
const isEnd = ({ fields }: Got) => fields.finishtype !== undefined;
const isAnswer = ({ fields }: Got) => fields.event?.startsWith("hangup") === true;
const linkOf = ({ fields }: Got) => Number(fields.id?.split("-").at(-1));
export const baseOf = ({ fields }: Got) => fields.id?.split("-")[0];

/** Seconds of the title's `(m:ss)`; null = it names none. */
function talkSecondsOf(title: string): number | null {
  const [, minutes, seconds] = /\((\d+):(\d\d)\)$/.exec(title) ?? [];
  return minutes === undefined ? null : 60 * Number(minutes) + Number(seconds);
}

/** `got` is all that was told of the chain, `tail` the part that is exempt. */
export function falsehoods(truth: Truth, got: readonly Got[], tail: readonly Got[]): Difference[] {
  const stays = [...staysOf(truth), ...truth.twins];
  const found: Difference[] = [];
  // The outside phone of an inside call, joined with another: the contract is silent, and it is no longer followed.
  const isLeft = truth.chain.isInside && truth.chain.facts.some(isJoin);
  for (const each of tail) {
    const { isInside, overAt } = truth.chain;
    if (isInside && overAt !== null && each.at >= overAt) continue;
    for (const lie of liesOf(truth, stays, each)) {
      found.push({ fault: "wrong", text: `${lie}: ${JSON.stringify(each.fields)} at ${each.at}` });
    }
  }
  found.push(...disorders(truth, got));
  const last = got.at(-1);
  const { overAt } = truth.chain;
  if (last === undefined || overAt === null) return found;
  const text = JSON.stringify(last.fields);
  // Passed on to an outside phone, it is no call of ours (docs/contract.md, Transfers).
  const isNobodys = endsOutside(truth.chain) && got.some(isEnd);
  if (isLeft || (!isEnd(last) && isNobodys)) return found;
  if (!isEnd(last)) return [...found, { fault: "missing", text: `an end after ${text}` }];
  const twinEnds = truth.twins.map(({ toAt }) => toAt).filter((at) => at <= last.at);
  const lateMs = last.at - Math.max(overAt, ...twinEnds);
  if (lateMs > truth.lateMs) {
    found.push({ fault: "wrong", text: `told ${lateMs} ms after the end: ${text}` });
  }
  return found;
}

/** An outside phone rang for it, or had it, at the end. */
export function endsOutside({ facts }: Chain): boolean {
  const last = facts.findLast(({ what }) => what === "shown");
  return last?.what === "shown" && last.kind === "trunk";
}

function liesOf(truth: Truth, stays: readonly Stay[], got: Got): string[] {
  const { chain, usertypes, dids } = truth;
  const { user = "", usertype, callerid, did = "", finishtype, transfer, title = "" } = got.fields;
  const lies: string[] = [];
  const slackMs = roundMs + truth.clockOffMs;
  const mine = stays.filter((stay) => stay.dn === user && stay.fromAt <= got.at);
  const talked = mine.filter(({ talks }) => talks);
  const number = chain.outside.replace(/^\+/, "") || "anonymous";
  const isWithheld = callerid === "anonymous" && truth.seemingDids.includes(did);
  if (callerid !== number && !isWithheld) lies.push("not its number");
  if (![...dids, chain.did, ""].includes(did)) lies.push("not its DID");
  if (usertype !== undefined && usertype !== usertypes.get(user)) lies.push("not what the user is");
  // Where it came as it ended, the log alone tells.
  const isLogged = truth.due.some((one) => one.finish === "Missed" && one.instead.includes(user));
  const isMissed = finishtype === "Missed" && isLogged;
  if (mine.length === 0 && !isMissed) lies.push("the call was never there");
  if (isAnswer(got) || finishtype === "Ok") {
    if (talked.length === 0) lies.push("they never talked");
  } else if (!isEnd(got)) {
    const isRecent = mine.some(({ toAt }) => toAt + truth.lateMs >= got.at);
    if (!isRecent) lies.push("it rang there long ago");
  }
  const twinLeft = truth.twins.some((one) => one.dn === user && one.talks && one.toAt <= got.at);
  if (transfer === "True" && !twinLeft && !wasPassedOn(truth, user))
    lies.push("it was not passed on");
  const isOrdered = title.endsWith("(callback requested)");
  // Or perhaps by another caller with this number.
  const maybe = truth.due.some(({ ordered }) => ordered === null) || truth.isMistakenAt(got.at);
  if (isOrdered && !chain.call.callbackOrdered && !maybe) lies.push("no call-back was ordered");
  const seconds = talkSecondsOf(title);
  if (seconds !== null) {
    const fromAt = Math.min(...talked.map((stay) => stay.fromAt));
    const lastAt = goesUnseen(truth, user) ? chain.overAt : null;
    const untilAt = ({ toAt }: Stay) => Math.min(Math.max(toAt, lastAt ?? toAt), got.at);
    const toAt = Math.max(...talked.map(untilAt));
    const most = toAt - fromAt + slackMs + truth.lateMs;
    if (seconds * 1000 > most) lies.push(`talked ${most} ms at most`);
  }
  return lies;
}

/**
 * The user was taken from the list of monitored DNs while talking, and has left since, or before, as a fault hid. Their legs go without a word:
 * while those to whom they hand over are only rung, they may be waiting as well, until the call is over.
 */
function goesUnseen({ rule, due, unseenGoing }: Truth, user: string): boolean {
  const isHidden = (one: Due) =>
    one.kind === "ended" && one.user === user && (one.unseen || one.fault !== null);
  const isChanged = rule === "dnChanged" || unseenGoing.some(({ dn }) => dn === user);
  return isChanged && due.some(isHidden);
}

const unseenTalks: ReadonlySet<string> = new Set([
  "begunUnseen",
  "directionUnseen",
  "unseenUser",
  "dnChanged",
  // Denied by the PBX, it looks over.
  "missingGets",
]);

/** After the user had talked, somebody or something else got the call, or it went on unseen. */
function wasPassedOn(
  { chain: { facts, overAt }, due, rule, unseenGoing }: Truth,
  user: string,
): boolean {
  const answered = facts.findIndex(
    (fact) => fact.what === "shown" && fact.dn === user && fact.status === "connected",
  );
  const answer = facts[answered];
  if (answer?.what !== "shown") return false;
  // Who only heard a conversation that nobody saw seems to have had it.
  const isHidden = ({ kind, unseen, at, latest, fault }: Due) =>
    kind === "answered" && at < answer.at && (unseen || (fault !== null && latest >= answer.at));
  const isUnseen = unseenTalks.has(rule ?? "") || due.some(isHidden);
  if (answer.leg.barges !== null && isUnseen) return true;
  // Whose going was lost, or not seen, as they are not monitored any more, seems to be there still: who was rung, or heard
  // the conversation.
  const lingers = (fact: Fact) =>
    fact.what === "shown" &&
    fact.dn !== user &&
    (fact.status === "ringing" || fact.leg.barges !== null) &&
    (rule === "lostFrames" || unseenGoing.some(({ dn }) => dn === fact.dn));
  if (facts.some(lingers)) return true;
  // Denied by the PBX, and there again, their leg seems to have gone and come back: the list has it at them anew.
  if (rule === "missingGets") return true;
  return facts
    .slice(answered + 1)
    .some(
      (fact) =>
        (fact.what === "shown" && (fact.dn !== user || fact.status === "ringing")) ||
        (fact.what === "gone" && fact.dn === user && fact.at !== overAt) ||
        (fact.what === "over" && fact.joined),
    );
}

/**
 * Links rise one by one, and each has its answer before its end. The id stays; only a join that nobody could follow
 * goes on as another call, under the number that the PBX gave it.
 */
function disorders(truth: Truth, got: readonly Got[]): Difference[] {
  const bases = [...new Set(got.map(baseOf))];
  // Nor is it known again when the PBX says that its only leg is none.
  const unknown = Number(truth.rule === "missingGets");
  const most = 1 + truth.chain.later.length + Math.max(unknown, truth.forgotten);
  const found = bases.flatMap((base) =>
    disordersOf(
      truth,
      got.filter((each) => baseOf(each) === base),
    ),
  );
  if (bases.length <= most) return found;
  return [...found, { fault: "wrong", text: `more than ${most} ids: ${bases.join(", ")}` }];
}

function disordersOf({ due, lapses }: Truth, got: readonly Got[]): Difference[] {
  const found: Difference[] = [];
  const say = (what: string, { at, fields }: Got) =>
    found.push({ fault: "misordered", text: `${what}: ${JSON.stringify(fields)} at ${at}` });
  const ended = new Set<number>();
  const answered = new Set<number>();
  const most = Math.max(0, ...due.map(({ link }) => link)) + lapses;
  for (const each of got) {
    const link = linkOf(each);
    if (ended.has(link)) say("after the end of its link", each);
    if (link > most) say(`more than ${most} links`, each);
    if (isAnswer(each)) {
      if (answered.has(link)) say("answered twice", each);
      answered.add(link);
    }
    if (!isEnd(each)) continue;
    ended.add(link);
    if ((each.fields.finishtype === "Ok") !== answered.has(link)) say("not as answered", each);
  }
  return found;
}

/** Faults that may make a call look over or passed on. */
export const lapsing: ReadonlySet<FaultName> = new Set([
  "missingGets",
  "socketDrops",
  "pbxRestarts",
  "ownRestarts",
  "lostFrames",
  "failingGets",
  "xapiFails",
]);
