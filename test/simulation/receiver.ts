/**
 * The receiver: it gets webhooks in one of the profiles and schemes, by body or by query, and reads them by the
 * contract's own tables (docs/contract.md §3, §4, §7), written here anew. All that comes of it is in the words of `classic`.
 */
import type { CallEvent } from "../../src/events/event.ts";
import {
  encodeJson,
  extendQuery,
  formEncode,
  renderFields,
  type Style,
} from "../../src/events/render.ts";
import type { Fields } from "./compare.ts";
import type { Chance } from "./random.ts";

export type Manner = Pick<Style, "profile" | "method">;

export function mannerOf(chance: Chance): Manner {
  return {
    profile: chance.pick(["classic", "classic", "current", "k2m"] as const),
    method: chance.pick(["POST", "GET"] as const),
  };
}

const more = "chid inbound_did sip_displayname phonebook call_id1 call_id2";
const ended = "event callerid user finishtype transfer did title id";
const laterEnded = `event callerid user finishtype transfer breakside did title id ${more} termination_reason_details source_presentation`;
const k2mEnded = "Event Callerid User Finishtype Transfer Did Duration Id";
const k2mAnswered = "Event Callerid User Trtype Did Id";

/** The fields of each event, in order; where POST and GET differ, under `profile method event`. */
const tables: Readonly<Record<string, string>> = {
  "classic ringing": "event callerid user usertype did id",
  "classic dialing": "event callerid user id",
  "classic GET hangupincoming": "event callerid user did trtype id",
  "classic POST hangupincoming": "callerid event user usertype did trtype id",
  "classic GET hangupoutgoing": "event callerid user did trtype id",
  "classic POST hangupoutgoing": "callerid event user did trtype id",
  "classic GET incoming": ended,
  "classic POST incoming": "event callerid user usertype finishtype transfer did title id",
  "classic outgoing": ended,
  "current ringing": `event callerid user usertype did id ${more}`,
  "current dialing": `event callerid user id ${more}`,
  "current GET pickupincoming": `event callerid user did trtype id ${more}`,
  "current POST pickupincoming": `callerid event user did trtype id ${more}`,
  "current GET pickupoutgoing": `event callerid user did trtype id ${more}`,
  "current POST pickupoutgoing": `callerid event user did trtype id ${more}`,
  "current incoming": laterEnded,
  "current outgoing": laterEnded,
  "k2m ringing": "Event Callerid User Usertype Did Id",
  "k2m incomingcall_started": k2mAnswered,
  "k2m outgoingcall_started": k2mAnswered,
  "k2m incoming": k2mEnded,
  "k2m outgoing": k2mEnded,
};

const words: Readonly<Record<string, string>> = {
  pickupincoming: "hangupincoming",
  pickupoutgoing: "hangupoutgoing",
  incomingcall_started: "hangupincoming",
  outgoingcall_started: "hangupoutgoing",
};

export interface Received {
  /** null = this profile does not send the event. */
  readonly fields: Fields | null;
  /** As it came: the body, or the address. */
  readonly text: string;
  /** What is not as the contract says; null = nothing. */
  readonly flaw: string | null;
}

const hook = "https://receiver.example/hook?token=a%2Bb";

export function receive(event: CallEvent, manner: Manner): Received {
  const sent = renderFields(event, manner);
  if (sent.length === 0) return { fields: null, text: "", flaw: null };
  const isPost = manner.method === "POST";
  return read(isPost ? encodeJson(sent) : extendQuery(hook, formEncode(sent)), manner);
}

export function read(text: string, { profile, method }: Manner): Received {
  const isPost = method === "POST";
  const pairs = isPost ? Object.entries(JSON.parse(text) as object) : queryOf(text);
  const fields = Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
  const name = fields.event ?? fields.Event ?? "";
  const table = tables[`${profile} ${method} ${name}`] ?? tables[`${profile} ${name}`];
  const keys = pairs.map(([key]) => key).join(" ");
  const flaw = keys === table ? chidFlaw(fields) : `fields ${keys}, expected ${table}`;
  return { fields: classic(fields), text, flaw };
}

/** What was added to the address, after the address's own. */
function queryOf(text: string): [string, string][] {
  const [own, ...pairs] = new URL(text).searchParams;
  return own?.join() === "token,a+b" ? pairs : [["own parameters", "lost"]];
}

/** `00000000-`, the start of the call as a FILETIME, and its number: the one in the id. */
function chidFlaw({ chid, id = "" }: Fields): string | null {
  if (chid === undefined) return null;
  const digits = /^00000000-(....)-(....)-(....)-(....)(........)$/.exec(chid);
  const number = Number.parseInt(digits?.[5] ?? "", 16);
  const fits = digits !== null && id.split("_")[1]?.split("-")[0] === String(number);
  return fits ? null : `chid ${chid} in ${id}`;
}

/** `k2m` has other names, and a duration in place of the title; both have usertype in `ringing` alone. */
function classic(fields: Fields): Fields {
  const small = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { event = "", duration, trtype, ...rest } = small;
  return {
    ...rest,
    event: words[event] ?? event,
    ...(trtype === undefined ? {} : { trtype: trtype === "Attended" ? "Accomp" : trtype }),
    ...(duration === undefined ? {} : titleOf(small, duration)),
  };
}

/** The title that a duration stands for; that of a miss says nothing more. */
function titleOf({ event, callerid, did = "", finishtype }: Fields, duration: string): Fields {
  const [, minutes = "", seconds = ""] = /^(\d\d+):(\d\d)$/.exec(duration) ?? [];
  if (finishtype !== "Ok") return duration === "00:00" ? {} : { title: `Missed, ${duration}` };
  const prefix = event === "incoming" && did !== "" ? `${did}:` : "";
  const text = event === "incoming" ? "Answered call from" : "Successful call to";
  return { title: `${prefix}${text} ${callerid} (${Number(minutes)}:${seconds})` };
}
