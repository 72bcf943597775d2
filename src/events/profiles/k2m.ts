/**
 * Profile `k2m`: the bodies of a look-alike product (docs/contract.md §7). It has no `dialing`, and
 * tells the duration in a field of its own instead of a title.
 */
import { linkId } from "../callId.ts";
import { formatTalk } from "../duration.ts";
import type { AnsweredEvent, CallFacts, EndedEvent, RingingEvent, TransferType } from "../event.ts";
import { extras } from "./extras.ts";
import {
  always,
  booleanText,
  bothMethods,
  type Column,
  type Layout,
  type Profile,
  userTypeOf,
} from "./profile.ts";

const transferWord: Readonly<Record<TransferType, string>> = {
  NotDef: "NotDef",
  Blind: "Blind",
  Accomp: "Attended",
};

const callerid: Column<CallFacts> = ["Callerid", (event) => event.callerid];
const user: Column<CallFacts> = ["User", (event) => event.user];
const did: Column<CallFacts> = ["Did", (event) => event.did];
const id: Column<CallFacts> = ["Id", (event) => linkId(event.callId, event.link)];

function answered(name: string): Layout<AnsweredEvent> {
  return bothMethods<AnsweredEvent>([
    always("Event", name),
    callerid,
    user,
    ["Trtype", (event) => transferWord[event.transferType]],
    did,
    id,
  ]);
}

function ended(name: string): Layout<EndedEvent> {
  return bothMethods<EndedEvent>([
    always("Event", name),
    callerid,
    user,
    ["Finishtype", (event) => event.finish],
    ["Transfer", (event) => booleanText(event.transferred)],
    did,
    ["Duration", (event) => formatTalk(event.talkMs, 2)],
    id,
  ]);
}

const ringing = bothMethods<RingingEvent>([
  always("Event", "ringing"),
  callerid,
  user,
  ["Usertype", (event) => userTypeOf[event.userKind]],
  did,
  id,
]);

export const k2m: Profile = {
  ...extras,
  ringing: { incoming: ringing, outgoing: ringing },
  dialing: { incoming: null, outgoing: null },
  answered: {
    incoming: answered("incomingcall_started"),
    outgoing: answered("outgoingcall_started"),
  },
  ended: { incoming: ended("incoming"), outgoing: ended("outgoing") },
};
