/** Holds what the receiver got of one chain against what was due, and says in a sentence what differs. */

import type { Due, DueKind } from "./due.ts";
import { baseOf, falsehoods, type Truth } from "./falsehoods.ts";
import type { Chain } from "./journal.ts";

export type Fields = Readonly<Record<string, string>>;

/** A webhook as the receiver gets it, and when. */
export interface Got {
  readonly at: number;
  readonly fields: Fields;
}

export type Fault = "wrong" | "missing" | "extra" | "misordered";

export interface Difference {
  readonly fault: Fault;
  readonly text: string;
}

export interface Expectation {
  readonly chain: Chain;
  readonly due: readonly Due[];
  /** Values that `did` may have once a leg was seen. */
  readonly dids: readonly string[];
  /** Ring groups that no directory, which could not be read, tells from queues: the log has one code for both. */
  readonly asQueues: ReadonlySet<string>;
  /** When a leg must have been seen; null = never. */
  readonly firstLegAt: number | null;
  /** From when on this chain cannot be known in full, null if it can. */
  readonly exemptFromAt: number | null;
  /** How late one may be at most; null = no limit. */
  readonly lateMs: (due: Due) => number | null;
  /** What nobody could know must still be true. */
  readonly truth: Truth;
}

/** A call is routed for so long before the leg is there that it is routed to. */
const routingMs = 50;
/** Whole seconds that a duration may differ by. */
const talkSlackMs = 1_000;

const names: Readonly<Record<DueKind, Readonly<Record<Chain["direction"], string>>>> = {
  ringing: { incoming: "ringing", outgoing: "ringing" },
  dialing: { incoming: "dialing", outgoing: "dialing" },
  answered: { incoming: "hangupincoming", outgoing: "hangupoutgoing" },
  ended: { incoming: "incoming", outgoing: "outgoing" },
};

export function dueText(due: Due, { direction, number }: Chain): string {
  const more = [due.trtype, due.finish, due.transfer && `transfer=${due.transfer}`];
  const words = [names[due.kind][direction], due.user, ...more.filter((word) => word !== null)];
  const talk = due.talkMs === null ? "" : ` ${(due.talkMs / 1000).toFixed(1)} s`;
  const unseen = due.unseen ? " (unseen)" : "";
  return `${due.at} ${words.join(" ")} ${number}-${due.link}${talk}${unseen}`;
}

export function gotText({ at, fields }: Got): string {
  return `${at} ${JSON.stringify(fields)}`;
}

/** The call number of its id. */
function numberOf({ fields }: Got): number {
  return Number(fields.id?.split("_")[1]?.split("-")[0]);
}

function linkOf({ fields }: Got): number {
  return Number(fields.id?.split("-").at(-1));
}

function matches(due: Due, got: Got, { direction }: Chain): boolean {
  const { event = "", user = "" } = got.fields;
  const isUser = user === due.user || due.instead.includes(user);
  return names[due.kind][direction] === event && isUser && linkOf(got) === due.link;
}

/** So long after it is known a webhook may come that is due before an exemption begins. */
const headMs = 3_000;

export function compare(expectation: Expectation, got: readonly Got[]): Difference[] {
  const { chain, due, exemptFromAt, truth } = expectation;
  if (exemptFromAt === null) return compareInFull(expectation, due, got);
  const isHead = (one: Due) => one.latest + headMs < exemptFromAt;
  const head = due.filter(isHead);
  const open = [...due];
  const tail: Got[] = [];
  // What is not known again has another id.
  const [first] = got;
  const isAnew = (each: Got) =>
    truth.forgotten > 0 && first !== undefined && baseOf(each) !== baseOf(first);
  // A join that nobody could follow goes on as another call.
  const isOther = (each: Got) =>
    each.at >= exemptFromAt && (chain.later.includes(numberOf(each)) || isAnew(each));
  const heads = got.filter((each) => {
    const at = isOther(each) ? -1 : placeOf(open, each, chain);
    const [one] = at < 0 ? [] : open.splice(at, 1);
    // What rang unseen before is told by then, if at all.
    const isBefore = one?.unseen && one.kind === "ringing" && each.at >= exemptFromAt;
    const isTold = one !== undefined && isHead(one) && !isBefore;
    const isLater = due.some((other) => !isHead(other) && matches(other, each, chain));
    if (!isTold && (isLater || each.at >= exemptFromAt)) tail.push(each);
    return !tail.includes(each);
  });
  return [...compareInFull(expectation, head, heads), ...falsehoods(truth, got, tail)];
}

function compareInFull(
  expectation: Expectation,
  due: readonly Due[],
  got: readonly Got[],
): Difference[] {
  const { chain } = expectation;
  const found: Difference[] = [];
  const open = [...due];
  for (const each of got) {
    const at = placeOf(open, each, chain);
    const one = open[at];
    if (one === undefined) {
      found.push({ fault: "extra", text: gotText(each) });
      continue;
    }
    // What cannot be seen may be told late, or not at all; what only a later phone names, once that rings.
    // Phones that begin to ring in the same instant ring in no order; nor is there one while a fault blinds us.
    // Who hands over may be told as gone before or after the next phone rings.
    const loose = ({ kind, transfer }: Due) => kind === "ringing" || transfer === "True";
    const atOnce = (other: Due) =>
      other.at === one.at && loose(other) && (loose(one) || other.kind === "ringing");
    const late = ({ fault, at: since, latest }: Due) =>
      (fault !== null || latest > since) && latest >= one.at;
    const early = open.slice(0, at);
    const before = early.filter((other) => !other.unseen && !atOnce(other) && !late(other));
    if (before.length > 0 && !one.unseen) {
      const text = `${gotText(each)} before ${before.map((b) => dueText(b, chain)).join(", ")}`;
      found.push({ fault: "misordered", text });
    }
    open.splice(at, 1);
    found.push(...wrongFields(expectation, one, each));
  }
  const bases = new Set(got.map(baseOf));
  if (bases.size > 1)
    found.push({ fault: "wrong", text: `ids of one call: ${[...bases].join(", ")}` });
  const told = new Set(got);
  for (const one of open) {
    const isOffer = one.kind === "ringing" || one.kind === "dialing";
    if (one.unseen && (isOffer || told.size === 0)) continue;
    const isMiss = one.kind === "ended" && one.talkMs === null;
    if (isMiss && told.size === 0 && due.every((each) => each.unseen || each === one)) continue;
    found.push({ fault: "missing", text: dueText(one, chain) });
  }
  return found;
}

/** Which of what is due it is: what must come before what may, and of that the last. -1 = none. */
function placeOf(open: readonly Due[], got: Got, chain: Chain): number {
  const must = (one: Due) => !one.unseen && one.at <= got.at && matches(one, got, chain);
  const found = open.findIndex(must);
  if (found >= 0) return found;
  const last = open.findLastIndex((one) => one.at <= got.at && matches(one, got, chain));
  return last >= 0 ? last : open.findIndex((one) => matches(one, got, chain));
}

function wrongFields(expectation: Expectation, due: Due, got: Got): Difference[] {
  const { chain } = expectation;
  const { fields } = got;
  // Only legs tell the DID; of a place that cannot be seen there is none.
  const known = expectation.firstLegAt !== null && got.at >= expectation.firstLegAt;
  const dids = known ? expectation.dids : [...expectation.dids, chain.did, ""];
  const wrong: string[] = [];
  // The list has it at a place a moment before the place's leg is there.
  const earlyMs = due.unseen ? routingMs : 0;
  if (got.at < due.at - earlyMs) wrong.push(`told ${due.at - got.at} ms before it was`);
  const lateMs = expectation.lateMs(due);
  if (lateMs !== null && got.at > due.at + lateMs) {
    wrong.push(`told after ${got.at - due.at} ms, ${lateMs} ms at most`);
  }
  const check = (name: string, values: readonly string[], value = fields[name] ?? "(none)") => {
    if (!values.includes(value)) wrong.push(`${name} ${value}, expected ${values.join(" or ")}`);
  };
  const isIncoming = chain.direction === "incoming";
  check("number", [String(chain.number)], fields.id?.split("_")[1]?.split("-")[0]);
  check("callerid", [chain.outside.replace(/^\+/, "") || "anonymous"]);
  if (isIncoming) check("did", dids);
  const hasType = fields.usertype !== undefined;
  const isQueue = due.unseen && due.kind === "ended" && expectation.asQueues.has(due.user);
  const types = [due.usertype, ...(isQueue ? ["queue"] : [])];
  if (isIncoming && hasType && fields.user === due.user) check("usertype", types);
  if (isIncoming && fields.inbound_did) check("inbound_did", [chain.did]);
  if (due.trtype !== null) check("trtype", [due.trtype]);
  if (due.finish !== null) check("finishtype", [due.finish]);
  if (due.transfer !== null) check("transfer", [due.transfer]);
  if (due.kind === "ended" && fields.title !== undefined)
    wrong.push(...wrongTitle(chain, due, fields));
  return wrong.map((text) => ({ fault: "wrong", text: `${text} in ${gotText(got)}` }));
}

function minutes(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function wrongTitle(chain: Chain, due: Due, fields: Fields): string[] {
  const { title = "", user = "", callerid = "", did = "" } = fields;
  const prefix = chain.direction === "incoming" && did !== "" ? `${did}:` : "";
  const expected: string[] = [];
  if (chain.direction === "outgoing" && due.talkMs === null) {
    expected.push(`Unanswered call to ${callerid}`);
  } else if (due.talkMs === null) {
    for (const word of ["User ", "queue ", "IVR ", "ring group ", ""]) {
      expected.push(`${prefix}Missed call by ${word}${user} from ${callerid}`);
    }
  } else {
    const words = chain.direction === "incoming" ? "Answered call from" : "Successful call to";
    const slackMs = talkSlackMs + due.slackMs;
    for (let ms = due.talkMs - slackMs - due.lostMs; ms < due.talkMs + slackMs + 1000; ms += 1000) {
      expected.push(
        `${prefix}${words} ${callerid} (${minutes(Math.min(ms, due.talkMs + slackMs))})`,
      );
    }
  }
  const suffix = " (callback requested)";
  const isOrdered = title.endsWith(suffix);
  // Where it stands for the queue, a place that offers no call-backs is not waited for.
  const isQueue = fields.user === due.user || due.ordered === false;
  if (isQueue && due.ordered !== null && isOrdered !== due.ordered) {
    return [`title "${title}", a call-back was ${due.ordered ? "" : "not "}ordered`];
  }
  const said = isOrdered ? title.slice(0, -suffix.length) : title;
  return expected.includes(said) ? [] : [`title "${title}", expected "${expected.at(-1)}"`];
}
