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
  /** The day on which clocks are put forward or back. */
  "summertime",
  /** With clockSteps: our clock jumps by minutes and hours. */
  "clockJumps",
] as const;
/** Those in which the tracker still errs (docs/reliability.md): played by `--situations all`, not by `npm test`. */
export const openSituations: ReadonlySet<string> = new Set([
  "forwards",
  "outsideJoins",
  "ownTransfers",
  "clockJumps",
  "callbacks",
]);
export type SituationName = (typeof situationNames)[number];
