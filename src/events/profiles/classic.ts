/**
 * Profile `classic`, the default: the bodies of docs/contract.md §3.
 * `hangup…` means picked up: lifting the handset (§1). The POST bodies of answered and ended incoming
 * calls carry `usertype`, their GET queries do not (§3, departures).
 */
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
import { bothMethods, type Profile } from "./profile.ts";

/** Of an outgoing call after a transfer, with an empty `did` (§3, Transfers). */
const ringing = bothMethods([eventName("ringing"), callerid, user, usertype, did, id]);

export const classic: Profile = {
  ...extras,
  ringing: { incoming: ringing, outgoing: ringing },
  dialing: {
    incoming: null,
    outgoing: bothMethods([eventName("dialing"), callerid, user, id]),
  },
  answered: {
    incoming: {
      POST: [callerid, eventName("hangupincoming"), user, usertype, did, trtype, id],
      GET: [eventName("hangupincoming"), callerid, user, did, trtype, id],
    },
    outgoing: {
      POST: [callerid, eventName("hangupoutgoing"), user, did, trtype, id],
      GET: [eventName("hangupoutgoing"), callerid, user, did, trtype, id],
    },
  },
  ended: {
    incoming: {
      POST: [eventName("incoming"), callerid, user, usertype, finishtype, transfer, did, title, id],
      GET: [eventName("incoming"), callerid, user, finishtype, transfer, did, title, id],
    },
    outgoing: bothMethods([
      eventName("outgoing"),
      callerid,
      user,
      finishtype,
      transfer,
      did,
      title,
      id,
    ]),
  },
};
