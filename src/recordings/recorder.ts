/**
 * Brings each answered link's recordings from where the PBX keeps them to where they can be fetched, and
 * tells of it. Must hold: what is announced is stored; each step is noted before the next, so that a crash
 * at any moment repeats a step and loses none; one slow download holds up no look, one PBX no other.
 */
import type { CallEvent, EndedEvent, EpochMs } from "../events/event.ts";
import type { Delivery, Entry } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";
import { messageOf } from "../util/messageOf.ts";
import { Apart } from "./apart.ts";
import {
  clearAfter,
  FETCH_PAUSE_MS_MAX,
  type FetchOptions,
  fetchFile,
  fetchPauseMs,
  type Settled,
} from "./fetching.ts";
import { match, SLACK_MS } from "./find/match.ts";
import type { Found, Listing, RecordingSource } from "./find/recordingSource.ts";
import {
  afterFailedLook,
  afterLook,
  type SearchSchedule,
  transcriptDueAt,
} from "./find/schedule.ts";
import type { Ledger, RecordedFile, RecordedLink } from "./ledger.ts";
import { beginningOf, groupsOf, isRetriable, nameOf, soughtOf, wantedFiles } from "./links.ts";
import { numbersTaken, rivalsOf, withoutTaken } from "./owners.ts";
import { noRecordingEvent, recordingEvent, transcriptEvent } from "./telling.ts";
import { tellTranscripts } from "./transcripts.ts";

export interface RecorderOptions extends FetchOptions {
  readonly ledger: Ledger;
  /** Where a PBX's recordings are found; null if it is watched no more. */
  readonly source: (pbx: string) => RecordingSource | null;
  /** The address that a file is announced with. */
  readonly urlOf: (event: EndedEvent, n: number) => string;
  /** Names of the endpoints that an event is owed to. */
  readonly route: (event: CallEvent) => readonly string[];
  readonly owed: (deliveries: readonly Delivery[]) => void;
  readonly schedule: () => SearchSchedule;
}

export interface Recorder {
  /** Something is due then. */
  wakeAt(at: EpochMs): void;
  /** Looks for a link's recordings anew, or fetches what failed; false if there is nothing to retry. */
  retry(link: RecordedLink): Promise<boolean>;
  /** Does something with a link as it is then, while nothing else is done about it. */
  apart(link: RecordedLink, deed: (now: RecordedLink) => Promise<void>): Promise<void>;
  /** Begins nothing any more; resolves when what is under way has stopped. */
  stop(): Promise<void>;
}

/** Links that are due so soon after one another share a request. */
const BATCH_MS = 500;
const BATCH_LINKS = 500;
/** Links whose files are fetched and converted at once: of a PBX, so that a slow one takes no other's place; of all. */
const FETCHES_OF_PBX_MAX = 4;
const FETCHES_MAX = 32;
const FETCHES_LOOKED_AT = 100;
const LEDGER_RETRY_MS = 5_000;
const SLEEP_MS_MAX = 86_400_000;
/** Of one id there is one link, and one more for each other PBX at worst. */
const LINKS_OF_ID_MAX = 100;

/** Does nothing before it is woken. */
export function createRecorder(options: RecorderOptions): Recorder {
  return new LinkRecorder(options);
}

type Listed = Extract<Listing, { kind: "listed" }>;
type Without = { readonly kind: "without"; readonly reason: string };

class LinkRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #stopping = new AbortController();
  /** PBX → looks under way there; key of a link → its fetch. */
  readonly #looking = new Map<string, Promise<void>>();
  readonly #fetching = new Map<string, { readonly pbx: string; readonly done: Promise<void> }>();
  readonly #denied = new Set<string>();
  /** Links that others have in hand. */
  readonly #apart = new Apart();
  #numbering: Promise<unknown> = Promise.resolve();
  #working: Promise<void> | null = null;
  #again = false;
  #wakesAt = Number.POSITIVE_INFINITY;
  #cancelSleep = () => {};

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  wakeAt(at: EpochMs): void {
    if (at >= this.#wakesAt || this.#stopping.signal.aborted) return;
    this.#cancelSleep();
    this.#wakesAt = at;
    const { clock } = this.#options;
    const sleepMs = Math.max(0, Math.min(at - clock.now(), SLEEP_MS_MAX));
    this.#cancelSleep = clock.after(sleepMs, () => this.#wake());
  }

  #wake(): void {
    if (this.#stopping.signal.aborted) return;
    this.#again = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  async retry({ key, ended }: RecordedLink): Promise<boolean> {
    const { clock } = this.#options;
    let isAnew = false;
    await this.apart({ key, ended }, async (link) => {
      if (!isRetriable(link)) return;
      isAnew = true;
      // What failed is fetched again; where nothing was found, it is looked for again.
      const again = (file: RecordedFile): RecordedFile =>
        file.state === "failed" ? { ...file, state: "wanted" } : file;
      const files = link.files.map(again);
      const state = files.length === 0 ? "seeking" : "fetching";
      const anew = { state, dueAt: clock.now(), tries: 0, reason: "", files } as const;
      await this.#options.ledger.save({ ...link, ...anew }, []);
    });
    return isAnew;
  }

  async apart(
    { key, ended }: Pick<RecordedLink, "key" | "ended">,
    deed: (now: RecordedLink) => Promise<void>,
  ): Promise<void> {
    const alone = async () => {
      // What is under way ends first; nothing else begins as long as the link is apart.
      await this.#working;
      await Promise.all([this.#looking.get(ended.pbx), this.#fetching.get(key)?.done]);
      const { callId, link } = ended;
      const found = await this.#options.ledger.find({ by: "call", callId, link }, LINKS_OF_ID_MAX);
      const now = found.find((each) => each.key === key);
      if (now) await deed(now);
    };
    await this.#apart.take(key, alone).finally(() => this.#wake());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelSleep();
    await this.#working;
    await Promise.all(this.#looking.values());
    await Promise.all([...this.#fetching.values()].map(({ done }) => done));
  }

  async #work(): Promise<void> {
    const { clock, ledger } = this.#options;
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      this.#cancelSleep();
      this.#wakesAt = Number.POSITIVE_INFINITY;
      try {
        const now = clock.now();
        await this.#workDue(now + BATCH_MS);
        // What is due and waits, for a free slot or for looks under way, is begun when those are over.
        const nextAt = await ledger.nextDueAt(now);
        if (nextAt !== null) this.wakeAt(nextAt);
      } catch (error) {
        this.#ledgerFailed(error);
      }
    }
  }

  #ledgerFailed(error: unknown): void {
    const { clock, log } = this.#options;
    log.error({ reason: messageOf(error) }, "recordings.ledger: it cannot be read or written");
    this.wakeAt(clock.now() + LEDGER_RETRY_MS);
  }

  async #workDue(until: EpochMs): Promise<void> {
    const { ledger } = this.#options;
    // Before the ledger is asked: what is under way now may have moved on when it answers.
    const busy = new Set([
      ...this.#looking.keys(),
      ...this.#fetching.keys(),
      ...this.#apart.keys(),
    ]);
    const [sought, toFetch, announced] = await Promise.all([
      ledger.due("seeking", until, BATCH_LINKS),
      ledger.due("fetching", until, FETCHES_LOOKED_AT),
      ledger.due("announced", until, BATCH_LINKS),
    ]);
    for (const link of toFetch) if (!busy.has(link.key)) this.#beginFetch(link);
    const isFree = ({ key, ended }: RecordedLink) => !busy.has(key) && !busy.has(ended.pbx);
    const looks = [
      ...groupsOf(sought.filter(isFree)).map((group) => ({ group, look: this.#look })),
      ...groupsOf(announced.filter(isFree)).map((group) => ({ group, look: this.#hear })),
    ];
    for (const [pbx, own] of Map.groupBy(looks, ({ group }) => group[0]?.ended.pbx ?? "")) {
      const run = async () => {
        for (const { group, look } of own) await look.call(this, group);
      };
      const looking = run()
        .then(() => true)
        .catch((error) => this.#ledgerFailed(error))
        .then((isDone) => {
          this.#looking.delete(pbx);
          if (isDone) this.#wake();
        });
      this.#looking.set(pbx, looking);
    }
  }

  /** One request for many links. */
  async #look(links: readonly RecordedLink[]): Promise<void> {
    const { clock, ledger } = this.#options;
    const listing = await this.#list(links);
    if (listing.kind === "without") {
      const { reason } = listing;
      for (const link of links) {
        const dueAt = afterFailedLook(link.ended.at, clock.now());
        if (dueAt === null) await this.#giveUp(link, "none", reason, "unreachable");
        else await ledger.save({ ...link, dueAt, reason }, []);
      }
      return;
    }
    const rivals = await rivalsOf(ledger, links, BATCH_LINKS);
    const free = await withoutTaken(ledger, [...links, ...rivals], listing.found);
    const matched = match(links.map(soughtOf), free, rivals.map(soughtOf));
    for (const link of links) {
      await this.#inTurn(() => this.#settleLook(link, matched.get(link.key) ?? []));
    }
  }

  /** Calls of two PBXs may have one id: which numbers are taken is found out one after another. */
  #inTurn(settle: () => Promise<void>): Promise<void> {
    const turn = this.#numbering.then(settle);
    this.#numbering = turn.catch(() => {});
    return turn;
  }

  async #settleLook(link: RecordedLink, found: readonly Found[]): Promise<void> {
    const { clock, ledger, schedule, log } = this.#options;
    const before = link.files.map(({ sourceId }) => sourceId);
    const tries = link.tries + 1;
    const { fromAt: talkedFrom, toAt: endedAt } = soughtOf(link);
    const look = { talkedFrom, endedAt, looks: tries, before, found };
    // A look that was made before its time, with others, stands for the one that was due.
    const next = afterLook(look, schedule(), Math.max(clock.now(), link.dueAt ?? 0));
    log.debug(
      { id: nameOf(link), looks: tries, found: found.length, next: next.kind },
      "recording.sought",
    );
    const taken = found.length === 0 ? 0 : await numbersTaken(ledger, link, LINKS_OF_ID_MAX);
    const files = wantedFiles(found, taken);
    switch (next.kind) {
      case "complete": {
        const dueAt = clock.now();
        const known = { ...link, state: "fetching", dueAt, tries: 0, reason: "", files } as const;
        await ledger.save(known, []);
        this.#beginFetch(known);
        break;
      }
      case "lookAgain":
        await ledger.save({ ...link, dueAt: next.dueAt, tries, reason: "", files }, []);
        break;
      case "none":
        await this.#giveUp(link, "none", "The PBX has no recording of it.", "none");
        break;
      default:
        assertNever(next);
    }
  }

  async #list(links: readonly RecordedLink[]): Promise<Listed | Without> {
    const { source, log } = this.#options;
    const pbx = links[0]?.ended.pbx ?? "";
    const keeper = source(pbx);
    if (keeper === null) return { kind: "without", reason: `The PBX ${pbx} is not configured.` };
    const sought = links.map(soughtOf);
    const fromAt = Math.min(...sought.map(beginningOf));
    const toAt = Math.max(...sought.map((each) => each.toAt)) + SLACK_MS;
    const users = [...new Set(sought.map(({ user }) => user))];
    const listing = await keeper.list(fromAt - SLACK_MS, toAt, users);
    if (listing.kind === "listed") {
      this.#denied.delete(pbx);
      return listing;
    }
    const { kind, reason } = listing;
    const isNews = kind === "failed" || !this.#denied.has(pbx);
    if (kind === "denied") this.#denied.add(pbx);
    if (isNews) log.warn({ pbx, links: links.length, reason }, `recordings.${kind}`);
    return { kind: "without", reason };
  }

  #beginFetch(link: RecordedLink): void {
    if (this.#stopping.signal.aborted || this.#fetching.has(link.key)) return;
    if (this.#fetching.size >= FETCHES_MAX || this.#apart.has(link.key)) return;
    const { pbx } = link.ended;
    const ofPbx = [...this.#fetching.values()].filter((each) => each.pbx === pbx);
    if (ofPbx.length >= FETCHES_OF_PBX_MAX) return;
    const done = this.#bring(link)
      .catch((error) => this.#putOff(link, error))
      .then(() => true)
      .catch((error) => this.#ledgerFailed(error))
      .then((isNoted) => {
        this.#fetching.delete(link.key);
        if (isNoted) this.#wake();
      });
    this.#fetching.set(link.key, { pbx, done });
  }

  async #bring(link: RecordedLink): Promise<void> {
    const { ledger, clock } = this.#options;
    let files = link.files;
    for (const file of link.files) {
      if (file.state !== "wanted") continue;
      const keeper = this.#options.source(link.ended.pbx);
      const settled: Settled =
        keeper === null
          ? { kind: "later", reason: "Its PBX is not configured." }
          : await fetchFile(keeper, link.ended, file, this.#options, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      if (settled.kind === "later") {
        const pauseMs = fetchPauseMs(link.tries);
        if (pauseMs !== null) {
          const dueAt = clock.now() + pauseMs;
          const { reason } = settled;
          await ledger.save({ ...link, files, dueAt, tries: link.tries + 1, reason }, []);
          return;
        }
      }
      const becomes: RecordedFile =
        settled.kind === "later"
          ? { ...file, state: "failed", reason: settled.reason }
          : settled.file;
      await clearAfter(link.ended, file, becomes, this.#options);
      files = files.map((each) => (each.n === file.n ? becomes : each));
    }
    await this.#announce({ ...link, files });
  }

  /** What went wrong is not the download: it is tried for ever, but never at once. */
  async #putOff(link: RecordedLink, error: unknown): Promise<void> {
    const { ledger, clock, log } = this.#options;
    const reason = messageOf(error);
    log.error({ id: nameOf(link), reason }, "recording.failed: tried again");
    const pauseMs = fetchPauseMs(link.tries) ?? FETCH_PAUSE_MS_MAX;
    const tries = link.tries + 1;
    await ledger.save({ ...link, dueAt: clock.now() + pauseMs, tries, reason }, []);
  }

  async #announce(link: RecordedLink): Promise<void> {
    const { ledger, clock, route, owed, urlOf, schedule, log } = this.#options;
    const { ended, files } = link;
    const stored = files.filter(({ state }) => state === "stored");
    if (stored.length === 0) {
      const reason = files.find((file) => file.reason !== "")?.reason ?? "";
      await this.#giveUp(link, "failed", reason, "failed");
      return;
    }
    const now = clock.now();
    const urls = stored.map(({ n }) => urlOf(ended, n));
    const event = recordingEvent(ended, now, urls, stored.length === files.length);
    const endpoints = route(event);
    const dueAt = this.#wantsTranscript(link) ? transcriptDueAt(link, 0, schedule()) : null;
    const next = { ...link, state: "announced", dueAt, tries: 0, reason: "" } as const;
    const deliveries = await ledger.save(next, [{ event, endpoints }]);
    log.info({ id: nameOf(link), files: stored.length, endpoints }, "recording.announced");
    owed(deliveries);
  }

  /** Nothing can be announced; whoever asked for it is told so. */
  async #giveUp(
    link: RecordedLink,
    state: "none" | "failed",
    reason: string,
    word: string,
  ): Promise<void> {
    const { ledger, clock, route, owed, log } = this.#options;
    const event = noRecordingEvent(link.ended, clock.now(), word);
    const endpoints = route(event);
    const entries: Entry[] = endpoints.length > 0 ? [{ event, endpoints }] : [];
    log.info({ id: nameOf(link), reason, endpoints }, `recording.${state}`);
    owed(await ledger.save({ ...link, state, dueAt: null, reason }, entries));
  }

  #wantsTranscript({ ended }: RecordedLink): boolean {
    return this.#options.route(transcriptEvent(ended, ended.at, [])).length > 0;
  }

  /** Looks for what was said. */
  async #hear(links: readonly RecordedLink[]): Promise<void> {
    const { clock, ledger } = this.#options;
    const listing = await this.#list(links);
    if (listing.kind === "listed") return tellTranscripts(links, listing.found, this.#options);
    for (const link of links) {
      await ledger.save({ ...link, dueAt: afterFailedLook(link.ended.at, clock.now()) }, []);
    }
  }
}
