/**
 * The list of monitored DNs is changed while calls go on: some are taken from it and put back, an extension is deleted.
 * The PBX tells nobody: frames of a DN that is not on the list just stop, and what is there shows with the next look at
 * everything.
 */
import type { Directory } from "../../src/simulator/directory.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import type { Clock } from "../../src/util/clock.ts";
import type { Chance } from "./random.ts";

export interface DnChange {
  readonly dn: string;
  readonly at: number;
  readonly visible: boolean;
  /** When all legs were read for the first time after it. */
  settledAt: number;
}

/** Between two changes. */
const pauseMs = [8_000, 40_000] as const;

export class DnChanges {
  readonly log: DnChange[] = [];
  readonly #pbx: Pbx;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #first: ReadonlySet<string>;
  readonly #note: (line: string) => void;

  /** `first`: what can be seen at the start. */
  constructor(
    pbx: Pbx,
    clock: Clock,
    chance: Chance,
    first: ReadonlySet<string>,
    note: (line: string) => void,
  ) {
    this.#note = note;
    this.#pbx = pbx;
    this.#clock = clock;
    this.#chance = chance;
    this.#first = first;
  }

  begin(untilAt: number): void {
    const at = this.#clock.now() + this.#chance.between(...pauseMs);
    if (at >= untilAt) return;
    this.#clock.after(at - this.#clock.now(), () => {
      this.#change();
      this.begin(untilAt);
    });
  }

  /** All legs have been read. */
  readAll(): void {
    const at = this.#clock.now();
    for (const change of this.log) change.settledAt = Math.min(change.settledAt, at);
  }

  sees(dn: string, at: number): boolean {
    const last = this.log.findLast((change) => change.dn === dn && change.at <= at);
    return last?.visible ?? this.#first.has(dn);
  }

  #change(): void {
    const now = this.#clock.now();
    const deletable = this.#pbx.directory.extensions.filter(
      (row) => !isLedTo(this.#pbx.directory, row.number),
    );
    if (this.#chance.happens(0.2) && deletable.length > 0) {
      const { number } = this.#chance.pick(deletable);
      const { directory } = this.#pbx;
      const extensions = directory.extensions.filter((row) => row.number !== number);
      this.#pbx.directory = { ...directory, extensions };
      this.#log(number, now, false);
      return;
    }
    const dn = this.#chance.pick([...this.#first]);
    if (!this.#pbx.directory.extensions.some(({ number }) => number === dn)) return;
    const visible = !this.sees(dn, now);
    this.#pbx.directory = monitoring(this.#pbx.directory, dn, visible);
    this.#log(dn, now, visible);
  }

  #log(dn: string, at: number, visible: boolean): void {
    this.#note(`DN ${dn} ${visible ? "put on the list" : "taken from the list, or deleted"}`);
    this.log.push({ dn, at, visible, settledAt: Number.POSITIVE_INFINITY });
  }
}

function monitoring(directory: Directory, dn: string, visible: boolean): Directory {
  const clients = directory.clients.map((row) => {
    const others = row.monitored.filter((number) => number !== dn);
    return { ...row, monitored: visible ? [...others, dn] : others };
  });
  return { ...directory, clients };
}

/** Something leads there, or rings it with others, so that calls to it would have nowhere to go. */
function isLedTo(
  { extensions, queues, ivrs, ringGroups, inboundRules }: Directory,
  number: string,
): boolean {
  const destinations = extensions.map(({ onNoAnswer, onBusy }) => [onNoAnswer, onBusy]);
  const text = JSON.stringify([destinations, queues, ivrs, ringGroups, inboundRules]);
  return text.includes(`"${number}"`);
}
