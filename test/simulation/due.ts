/** The words of the oracle: a webhook that is due, and what could be seen. */
import type { Leg } from "../../src/simulator/model.ts";
import type { FaultName } from "./setting.ts";
import type { Seen } from "./sight.ts";

export type DueKind = "ringing" | "dialing" | "answered" | "ended";

/** A webhook that is due, in the words of the classic profile. */
export interface Due {
  readonly kind: DueKind;
  readonly user: string;
  readonly usertype: string;
  readonly link: number;
  readonly at: number;
  /** When it must have been known: later than `at` where a fault blinded us, or nothing showed it. */
  latest: number;
  /** How far the duration may be off. */
  readonly slackMs: number;
  /** And how much shorter yet, as nothing tells that end: we were blind already, or no list could be read. */
  readonly lostMs: number;
  /** Answered: NotDef, Blind or Accomp. */
  readonly trtype: string | null;
  /** Ended: Ok or Missed, and whether passed on. */
  readonly finish: string | null;
  readonly transfer: string | null;
  readonly talkMs: number | null;
  /** Ended: the title says that a call-back was ordered; null = it may. */
  readonly ordered: boolean | null;
  /** Cannot be seen (a place that is not among the visible DNs), or not for long enough: may be left out. */
  unseen: boolean;
  /** Users that may stand there instead, as the true one cannot be seen. */
  readonly instead: readonly string[];
  /** The fault because of which it may be left out, come late, or be out of order. */
  fault: FaultName | null;
}

export interface Visibility {
  sees(dn: string, at: number): boolean;
  /** How late at most the list of active calls, read steadily, shows what has happened; null = it is not read. */
  readonly listMs: number | null;
  /** What the list alone shows, and lasts no longer, may be over before a list that lags has shown it; 0 where none lags. */
  readonly lateListMs: number;
  /** When the list must have been read that shows what became true at `at`, as its looks may fail; without it `at`. */
  listedBy(at: number): number;
  /** When the answer of this user must be known: of who is not monitored, when the list shows it, and nothing else rings. */
  answerSeen(user: string, at: number, leg: Leg): Seen;
  /** What lasts no longer than this may be over before it can be read. */
  readonly briefMs: number;
  /** A polled phone says which queue polls it. */
  readonly namesHolder: boolean;
  /** Or the PBX's router, in the name of which it does so. */
  readonly namesRouter: boolean;
  /** Queues that are known to offer call-backs: a call that is missed there waits for word of an order. */
  readonly callbackQueues: ReadonlySet<string>;
  /** Whether an order of then becomes known before the wait is over; null = perhaps. */
  tellsOrder(at: number): boolean | null;
  /** A queue calls this number back soon after. */
  isCalledBack(number: string, at: number): boolean;
  seen(at: number, leg: Leg | null): Seen;
  /** How much longer or shorter what lasted from then to then may look, as our clock was set. */
  clockOffMs(fromAt: number, toAt: number): number;
  /** For how long we were blind already at `at`, if the PBX restarted then or later in that stretch: its log is not asked of calls of before. */
  lostMs(at: number): number;
  /** For how long we were blind already at `at`, if nothing tells how the call went on meanwhile: so, or as the log is written too late. */
  unloggedMs(at: number): number;
  /** We saw nothing for a while of that time. */
  blinded(fromAt: number, toAt: number): boolean;
  /** A fault struck legs of this DN in that time. */
  troubled(dn: string, fromAt: number, toAt: number): boolean;
}

/** Why what follows cannot be known: a fault, or a situation that shows no sign. */
export type Unknowable =
  | FaultName
  | "unseenAttempt"
  | "ringsWhoHandsOver"
  | "briefHandOver"
  | "briefTalk"
  | "forwardUnseen"
  | "insideForwarded"
  | "unseenUser"
  | "begunUnseen";
