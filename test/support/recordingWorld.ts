/** A recorder with a clock, a ledger and a PBX of the test's own around it; survives its own kill. */
import { mkdtempSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CallEvent, EndedEvent } from "../../src/events/event.ts";
import type { Delivery, Entry } from "../../src/outbox/outbox.ts";
import type { Conversion } from "../../src/recordings/fetching.ts";
import type { Fetched, Found, Listing } from "../../src/recordings/find/recordingSource.ts";
import type {
  Ledger,
  LinkQuery,
  LinkState,
  RecordedFile,
  RecordedLink,
} from "../../src/recordings/ledger.ts";
import { createRecorder, type Recorder } from "../../src/recordings/recorder.ts";
import { silentLog } from "../../src/util/log.ts";
import { callEvent } from "../conformance/outboxEvents.ts";
import { START, TestClock } from "./deliveryWorld.ts";

export const TRANSCRIPTS = [30_000, 120_000, 420_000, 1_320_000, 4_920_000, 15_720_000] as const;
export const SEARCH = [1_000, 2_000, 5_000, 10_000, 30_000] as const;

/** The end of an answered link that was talked for a minute. */
export function endedLink(call: number, changes: Partial<EndedEvent> = {}): EndedEvent {
  return {
    ...callEvent(call),
    kind: "ended",
    eventId: `main_${call}_ended`,
    callStartedAt: START - 70_000,
    link: 1,
    at: START,
    user: "100",
    callerid: `42077700000${call}`,
    finish: "Ok",
    transferred: false,
    talkMs: 60_000,
    breakSide: "Undef",
    callbackRequested: false,
    ...changes,
  };
}

export function foundFor(ended: EndedEvent, changes: Partial<Found> = {}): Found {
  return {
    id: `${ended.callNumber}${ended.link}`,
    startedAt: ended.at - (ended.talkMs ?? 0),
    endedAt: ended.at,
    from: { dn: "10000", number: ended.callerid, isQueue: false },
    to: { dn: ended.user, number: ended.user, isQueue: false },
    call: null,
    transcript: null,
    ...changes,
  };
}

export class MemoryLedger implements Ledger {
  readonly links = new Map<string, RecordedLink>();
  readonly events: Entry[] = [];
  readonly #ids = new Set<string>();
  fails = false;
  /** Told the key of each link that is saved, or was to be. */
  onSave: (key: string) => void = () => {};

  readonly append = async (entries: readonly Entry[]): Promise<readonly Delivery[]> => {
    for (const { event, seekAt } of entries) {
      if (seekAt !== undefined && event.kind === "ended") this.seek(event, seekAt);
    }
    return this.#store(entries);
  };

  seek(ended: EndedEvent, dueAt = ended.at + SEARCH[0]): void {
    const key = ended.eventId;
    if (this.links.has(key)) return;
    const fresh = { state: "seeking", dueAt, tries: 0, reason: "", files: [] } as const;
    this.links.set(key, { key, ended, ...fresh });
  }

  async due(state: LinkState, until: number, limit: number) {
    if (this.fails) throw new Error("the disk is full");
    return [...this.links.values()]
      .filter((link) => link.state === state && link.dueAt !== null && link.dueAt <= until)
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
      .slice(0, limit);
  }

  async soughtSince(pbx: string, endedFrom: number, limit: number) {
    return [...this.links.values()]
      .filter(({ state, ended }) => state === "seeking" && ended.pbx === pbx)
      .filter(({ ended }) => ended.at >= endedFrom)
      .sort((a, b) => a.ended.at - b.ended.at)
      .slice(0, limit);
  }

  async nextDueAt(after: number) {
    const times = [...this.links.values()].flatMap(({ dueAt }) => dueAt ?? []);
    const later = times.filter((at) => at > after);
    return later.length === 0 ? null : Math.min(...later);
  }

  async save(link: RecordedLink, entries: readonly Entry[]): Promise<readonly Delivery[]> {
    this.onSave(link.key);
    if (this.fails) throw new Error("the disk is full");
    const taken = new Set(link.files.map(({ sourceId }) => sourceId));
    for (const [key, other] of this.links) {
      const files = other.files.filter(({ sourceId }) => !taken.has(sourceId));
      if (files.length < other.files.length) this.links.set(key, { ...other, files });
    }
    this.links.set(link.key, link);
    return this.#store(entries);
  }

  #store(entries: readonly Entry[]): Delivery[] {
    const fresh = entries.filter(({ event }) => !this.#ids.has(event.eventId));
    for (const { event } of fresh) this.#ids.add(event.eventId);
    this.events.push(...fresh);
    return fresh.flatMap(({ event, endpoints }) =>
      endpoints.map((endpoint) => ({
        ...{ deliveryId: 0, position: 0, sequence: 1, attempts: 0, spent: 0, replay: false },
        ...{ endpoint, event, firstAttemptAt: null, dueAt: 0 },
      })),
    );
  }

  async owners(pbx: string, ids: readonly string[]) {
    const owners = new Map<string, string>();
    for (const { key, files, ended } of this.links.values()) {
      if (ended.pbx !== pbx) continue;
      for (const { sourceId } of files) if (ids.includes(sourceId)) owners.set(sourceId, key);
    }
    return owners;
  }

  async find(what: LinkQuery, limit: number) {
    const all = [...this.links.values()].filter(({ ended, state, files }) => {
      switch (what.by) {
        case "call":
          return ended.callId === what.callId && (what.link ?? ended.link) === ended.link;
        case "callerid":
          return ended.callerid === what.callerid;
        case "state":
          return (
            state === what.state ||
            files.some((file) => what.state === file.state && file.state === "failed")
          );
        default:
          return what.by === "all";
      }
    });
    return all.slice(0, limit);
  }

  #kept(): { readonly link: RecordedLink; readonly file: RecordedFile }[] {
    return [...this.links.values()].flatMap((link) =>
      link.files
        .filter(({ path, state }) => path !== "" && state !== "removed")
        .map((file) => ({ link, file })),
    );
  }

  async storedBefore(at: number, limit: number) {
    const old = this.#kept().filter(({ file }) => (file.storedAt ?? 0) < at);
    old.sort((a, b) => (a.file.storedAt ?? 0) - (b.file.storedAt ?? 0));
    return old.slice(0, limit).map(({ link }) => link);
  }

  async storedBytes() {
    return this.#kept().reduce((sum, { file }) => sum + file.bytes, 0);
  }

  async forget(endedBefore: number, limit: number) {
    const kept = new Set(this.#kept().map(({ link }) => link.key));
    const over = [...this.links.values()]
      .filter(({ key, dueAt, ended }) => dueAt === null && ended.at < endedBefore && !kept.has(key))
      .slice(0, limit);
    for (const { key } of over) this.links.delete(key);
    return over.length;
  }
}

export class RecordingWorld {
  readonly clock = new TestClock();
  readonly ledger = new MemoryLedger();
  readonly tempDir = mkdtempSync(join(tmpdir(), "offhook-recorder-"));
  /** Path → content. */
  readonly kept = new Map<string, string>();
  readonly lists: { readonly fromAt: number; readonly toAt: number; readonly users: string[] }[] =
    [];
  readonly fetches: string[] = [];
  found: Found[] = [];
  search: readonly number[] = SEARCH;
  listing: ((pbx: string) => Listing | Promise<Listing> | null) | null = null;
  fetching: ((id: string) => Fetched | Promise<Fetched | null> | null) | null = null;
  conversion: (content: string) => Conversion = () => ({ kind: "converted" });
  wants: (event: CallEvent) => readonly string[] = ({ kind }) =>
    kind === "recording" ? ["default"] : [];
  /** Questions of the recorder that the test has not answered yet. */
  held = 0;
  /** Links whose files are being fetched, converted and moved on a real disk. */
  readonly #moving = new Set<string>();
  recorder: Recorder = this.#start();

  #start(): Recorder {
    const { clock, ledger, tempDir } = this;
    ledger.onSave = (key) => this.#moving.delete(key);
    const recorder = createRecorder({
      ledger,
      clock,
      tempDir,
      log: silentLog,
      schedule: () => ({ searchAtMs: this.search, transcriptAtMs: TRANSCRIPTS }),
      route: (event) => this.wants(event),
      owed: () => {},
      urlOf: ({ callId, link }, n) => `https://pbx.test/${callId}-${link}-${n}.mp3`,
      source: (pbx) => ({
        list: async (fromAt, toAt, users) => {
          this.lists.push({ fromAt, toAt, users: [...users] });
          const listing = await this.#hold(this.listing?.(pbx));
          return listing ?? { kind: "listed", found: this.found };
        },
        download: async (id, path, signal) => {
          this.fetches.push(id);
          const key = (await ledger.owners(pbx, [id])).get(id) ?? id;
          this.#moving.delete(key);
          const answer = await this.#hold(this.fetching?.(id));
          this.#moving.add(key);
          if (answer) return answer;
          if (signal.aborted) return { kind: "failed", reason: "stopped" };
          await writeFile(path, `wav ${id}`, { flag: "wx" });
          return { kind: "fetched", bytes: 100 };
        },
      }),
      convert: async (from, to) => {
        const content = await readFile(from, "utf8");
        const conversion = this.conversion(content);
        if (conversion.kind === "converted") await writeFile(to, `mp3 of ${content}`);
        return conversion;
      },
      keep: async (file, path) => {
        const content = await readFile(file, "utf8");
        this.kept.set(path, content);
        return content.length;
      },
      discard: async (path) => void this.kept.delete(path),
    });
    recorder.wakeAt(clock.now());
    return recorder;
  }

  async #hold<T>(answer: T | Promise<T>): Promise<T> {
    this.held += 1;
    try {
      return await answer;
    } finally {
      this.held -= 1;
    }
  }

  /** As after a kill: what the process knew is lost, the ledger is not. */
  async restart(): Promise<void> {
    await this.recorder.stop();
    this.#moving.clear();
    this.recorder = this.#start();
  }

  /** Lets time pass, and everything that becomes due in it settle, files too, before it goes on. */
  async pass(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.now() + ms;
    do {
      const at = Math.min(clock.nextAt ?? end, end);
      await clock.pass(Math.max(0, at - clock.now()));
      await this.quiet();
    } while (clock.now() < end);
  }

  async passAll(...stretches: readonly number[]): Promise<void> {
    for (const ms of stretches) await this.pass(ms);
  }

  /** Waits, as long as the disk takes, until all that is due has been done, save what the test holds. */
  async quiet(): Promise<void> {
    await this.clock.pass(0);
    while (this.#moving.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.clock.pass(0);
    }
  }

  stateOf(ended: EndedEvent): RecordedLink["state"] | undefined {
    return this.ledger.links.get(ended.eventId)?.state;
  }

  told(): string[] {
    return this.ledger.events.map(({ event }) =>
      event.kind === "recording" ? `recording ${event.files.join()}` : event.kind,
    );
  }

  async close(): Promise<void> {
    await this.recorder.stop();
    const left = await readdir(this.tempDir);
    await rm(this.tempDir, { recursive: true });
    if (left.length > 0) throw new Error(`Expected no file on its way, found ${left.join()}.`);
  }
}
