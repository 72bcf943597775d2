/**
 * Situations beyond the ordinary day: each is drawn for a seed, changes the office (`furniture.ts`), and has its own
 * deeds (`deeds.ts`). What they are due is in the oracle like everything else.
 */
export const situationNames = [
  /** Extensions send their calls to a mobile: always, busy or unanswered; a number leads straight outside or to a voicemail box. */
  "forwards",
  /** A number leads to the API client's own route point, which takes keys and sends the call on. */
  "application",
  /** Numbers as countries and trunks write them. */
  "numberFormats",
  /** Calls begun by a program or a click: the phone dials itself, or all phones of the user ring first. */
  "makecall",
  /** A user joins the caller with an outside number and leaves. */
  "outsideJoins",
  /** A user sends a call to the own number, or swaps between a call and a consultation. */
  "ownTransfers",
  /** The company's own number is dialled from inside. */
  "ownNumber",
  /** Queues let a caller order a call-back. */
  "callbacks",
  /** Two calls of a phone become a conference. */
  "conferences",
  /** The same, and each member gets a call of its own into the conference. */
  "conferenceRooms",
  /** Parked calls ring who parked them after a while. */
  "parkTimeouts",
  /** Queues that overflow to one another, and menus that lead back to the queue. */
  "overflow",
  /** Some extensions are not among the monitored DNs. */
  "unmonitored",
  /** Mobiles that ring with the phone; extensions that send calls on while they are busy. */
  "mobiles",
  /** Calls end at a fax extension or in a voicemail box, by a number, a key, a transfer, or unanswered. */
  "faxes",
  /** Who is consulted hands the consultation over, blind or by a consultation of its own. */
  "bothTransfer",
  /** Trunks that refuse a call, a bridge to another PBX, calls from trunk to trunk. */
  "trunks",
  /** Barge-in, listening; paging and wake-up calls. */
  "listening",
  /** A call goes on at another phone of the same user. */
  "ownPhones",
  /** The list of monitored DNs is changed, and extensions are deleted, while calls go on. */
  "changedDns",
  /** The day on which clocks are put forward or back. */
  "summertime",
  /** With clockSteps: our clock jumps by minutes and hours. */
  "clockJumps",
] as const;
export type SituationName = (typeof situationNames)[number];
