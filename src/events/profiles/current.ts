/**
 * Profile `current`: the vendor's later shape (docs/contract.md §7). `classic`'s GET fields, with
 * `pickup…` for `hangup…`, and more about the call after `id`.
 * The Call Control API tells neither phone book, SIP dialogs nor the reason of the end: those are "".
 */
import { chid } from "../callId.ts";
import type { CallFacts, EndedEvent } from "../event.ts";
import {
  callerid,
  did,
  eventName,
  finishtype,
  id,
  title,
  transfer,
  trtype,
  user,
  usertype,
} from "./columns.ts";
import { extras } from "./extras.ts";
import { always, bothMethods, type Column, type Profile } from "./profile.ts";

const chainId: Column<CallFacts> = ["chid", (event) => chid(event.callStartedAt, event.callNumber)];
const breakside: Column<EndedEvent> = ["breakside", (event) => event.breakSide];

function callDetails(inboundDid: Column<CallFacts>, name: Column<CallFacts>): Column<CallFacts>[] {
  return [
    chainId,
    inboundDid,
    name,
    always("phonebook", ""),
    always("call_id1", ""),
    always("call_id2", ""),
  ];
}

/** Of an incoming call: the DID that was called, and who calls. */
const incoming = callDetails(
  ["inbound_did", (event) => event.didNumber],
  ["sip_displayname", (event) => event.displayName],
);
/** No DID and no caller's name in an outgoing call … */
const outgoing = callDetails(always("inbound_did", ""), always("sip_displayname", ""));
/** … but its end carries the dialled number as `inbound_did`: so the vendor's captures of 2025 show it. */
const outgoingEnded = callDetails(
  ["inbound_did", (event) => event.callerid],
  always("sip_displayname", ""),
);

function ended(name: string, details: readonly Column<CallFacts>[]): Column<EndedEvent>[] {
  return [
    eventName(name),
    callerid,
    user,
    finishtype,
    transfer,
    breakside,
    did,
    title,
    id,
    ...details,
    always("termination_reason_details", ""),
    always("source_presentation", ""),
  ];
}

export const current: Profile = {
  ...extras,
  ringing: {
    incoming: bothMethods([eventName("ringing"), callerid, user, usertype, did, id, ...incoming]),
    outgoing: bothMethods([eventName("ringing"), callerid, user, usertype, did, id, ...outgoing]),
  },
  dialing: {
    incoming: null,
    outgoing: bothMethods([eventName("dialing"), callerid, user, id, ...outgoing]),
  },
  answered: {
    incoming: {
      POST: [callerid, eventName("pickupincoming"), user, did, trtype, id, ...incoming],
      GET: [eventName("pickupincoming"), callerid, user, did, trtype, id, ...incoming],
    },
    outgoing: {
      POST: [callerid, eventName("pickupoutgoing"), user, did, trtype, id, ...outgoing],
      GET: [eventName("pickupoutgoing"), callerid, user, did, trtype, id, ...outgoing],
    },
  },
  ended: {
    incoming: bothMethods(ended("incoming", incoming)),
    outgoing: bothMethods(ended("outgoing", outgoingEnded)),
  },
};
