/**
 * The life of one connection: WebSocket first, its frames kept back, then all legs at once, then
 * the frames kept back, then live, until it breaks. Nothing is replayed by the PBX, so each
 * connection begins with a snapshot and forgets what an earlier one knew.
 */
import type { EpochMs } from "../../events/event.ts";
import type { ActiveCalls, Activity, DnKind, Leg } from "../../tracker/activity.ts";
import { assertNever } from "../../util/assertNever.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import type { SourceCounters } from "../source.ts";
import type { ActiveCallsReader } from "./activeCalls.ts";
import { type Again, makeAgain } from "./again.ts";
import type { Complaints } from "./complaints.ts";
import type { Connection } from "./connection.ts";
import type { DirectoryKeeper } from "./directoryKeeper.ts";
import { kindOfType } from "./dnKind.ts";
import { Doubts } from "./doubts.ts";
import { Entities, type LegAddress, type LegAnswer } from "./entities.ts";
import { type OpenedFeed, openFeed } from "./feed.ts";
import { FrameReader } from "./frames.ts";
import { invisibleLine, watchableKinds } from "./invisible.ts";
import { Legs, type VisibleDns } from "./legs.ts";
import type { Limits } from "./limits.ts";
import type { Knowledge, NormalisedLeg } from "./normalise.ts";
import { type ParsedSnapshot, parseParticipant } from "./parse.ts";
import type { Refused } from "./refusal.ts";
import { ReleaseQueue } from "./release.ts";
import { readSnapshot } from "./snapshot.ts";
import { wait } from "./wait.ts";
import type { WireParticipant } from "./wire.ts";

export interface SessionOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  readonly complaints: Complaints;
  readonly counters: SourceCounters;
  readonly directory: DirectoryKeeper;
  readonly activeCalls: ActiveCallsReader;
  readonly visible: VisibleDns;
  readonly knowledge: Knowledge;
  readonly emit: (activity: Activity) => void;
  /** The first snapshot is out. */
  readonly onLive: () => void;
  readonly onVisible: () => void;
  readonly signal: AbortSignal;
}

export type SessionEnd =
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "lost"; readonly reason: string };

export class Session {
  readonly #options: SessionOptions;
  readonly #queue: ReleaseQueue;
  readonly #legs: Legs;
  readonly #entities: Entities;
  readonly #frames: FrameReader;
  readonly #snapshots: Again;
  readonly #doubts = new Doubts();
  readonly #ended: Promise<SessionEnd>;
  #end: (end: SessionEnd) => void = () => {};
  #over = false;
  /** Frames from before the first snapshot, of which some may be lost; null once live. */
  #keptBack: string[] | null = [];
  #lostBefore = false;
  #snapshotAskedAt = 0;
  /** The next snapshot is told after the list of active calls, as the first is. */
  #wantsList = false;
  /** When the youngest list that has been told was asked for. */
  #listAskedAt = 0;
  #cancelWatchdog = () => {};
  /** DNs of which a leg could be read since the last snapshot: they may have come to the list after it. */
  readonly #readSince = new Set<string>();

  constructor(options: SessionOptions) {
    const { clock, limits, complaints, counters, knowledge } = options;
    this.#options = options;
    this.#queue = new ReleaseQueue(clock, limits.holdMsMax);
    this.#legs = new Legs({
      clock,
      limits,
      knowledge,
      onLeftOut: (wire, why) => this.#leftOut(wire, why),
    });
    this.#entities = new Entities({
      clock,
      limits,
      queue: this.#queue,
      get: (address) => this.#getLeg(address),
      moment: () => this.#legs.next(),
      onAnswer: (...answered) => this.#answered(...answered),
    });
    this.#frames = new FrameReader(
      {
        upsert: (address) => this.#upsert(address),
        remove: (address) => this.#remove(address),
        readAll: (why) => this.#readAll(why),
      },
      complaints,
      counters,
    );
    this.#snapshots = makeAgain(() => this.#takeSnapshot());
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Settles when the connection is over. */
  async run(): Promise<SessionEnd> {
    const { directory, activeCalls, signal } = this.#options;
    const firstDirectory = directory.wake();
    const opened = await this.#open();
    if (opened.kind === "failed") return { kind: "lost", reason: opened.reason };
    if (opened.kind === "refused") return opened;
    opened.socket.closed.then((reason) => this.#end({ kind: "lost", reason }));
    if (!signal.aborted) await Promise.race([this.#goLive(firstDirectory), this.#ended]);
    const end = await this.#ended;
    this.#over = true;
    this.#cancelWatchdog();
    activeCalls.pause();
    this.#entities.close();
    this.#queue.close();
    opened.socket.close();
    return end;
  }

  /** In its turn among what the frames led to. */
  inOrder(activity: Activity): void {
    if (this.#keptBack !== null || this.#over) {
      this.#options.emit(activity);
      return;
    }
    this.#queue.push(() => {
      this.#options.emit(activity);
      if (activity.kind !== "activeCalls") return;
      this.#listAskedAt = Math.max(this.#listAskedAt, activity.askedAt);
      this.#heedList(activity);
    });
  }

  /** What was told was not taken. Before the first snapshot nothing is lost: it tells all. */
  readAgain(): void {
    if (this.#keptBack !== null) return;
    this.#wantsList = true;
    this.#readAll("what was told was not taken");
  }

  #heedList(list: ActiveCalls): void {
    const { visible } = this.#options;
    const why = this.#doubts.heed(list, this.#legs.all(), (dn) => visible.has(dn));
    if (why !== null) this.#readAll(why);
  }

  /** More is known of numbers and DIDs: tells the legs that read otherwise now. */
  directoryChanged(): void {
    this.#queue.push(() => {
      for (const leg of this.#legs.readAgain()) this.#tell(leg, this.#options.clock.now());
    });
  }

  #open(): Promise<OpenedFeed> {
    const { connection, clock, limits, counters, signal } = this.#options;
    const onFrame = (text: string) => {
      counters.frames += 1;
      this.#take(text);
    };
    const onTooLarge = (bytes: number) => {
      counters.frames += 1;
      this.#frames.notRead(bytes);
    };
    return openFeed(connection, { clock, limits, onFrame, onTooLarge }, signal);
  }

  async #goLive(firstDirectory: Promise<void>): Promise<void> {
    const { activeCalls, clock, limits, signal, onLive } = this.#options;
    const patience = wait(clock, limits.firstDirectoryWaitMs, signal);
    const asked = this.#legs.next();
    const [snapshot, list] = await Promise.all([
      this.#readSnapshot(),
      this.#readList(patience),
      Promise.race([firstDirectory, patience]),
    ]);
    if (this.#over || signal.aborted || snapshot === null) return;
    this.#apply(snapshot, asked, list);
    const keptBack = this.#keptBack ?? [];
    this.#keptBack = null;
    onLive();
    for (const text of keptBack) this.#frames.read(text);
    if (this.#lostBefore)
      this.#readAll("not all frames from before the first snapshot could be read");
    activeCalls.resume();
  }

  #take(text: string): void {
    if (this.#keptBack === null) this.#frames.read(text);
    else if (this.#keptBack.length < this.#options.limits.waitingFramesMax) {
      this.#keptBack.push(text);
    } else this.#lostBefore = true;
  }

  #upsert(address: LegAddress): void {
    if (this.#over) return;
    const staleForMs = this.#legs.staleForMs(address.legId, this.#legs.next());
    if (staleForMs > 0) {
      // Late, as a rule, and answered with 404 then.
      this.#options.clock.after(Math.ceil(staleForMs), () => this.#upsert(address));
      return;
    }
    this.#legs.touch(address.legId);
    this.#entities.upsert(address);
  }

  #remove(address: LegAddress): void {
    this.#legs.bury(address.legId);
    this.#entities.removed(address.legId);
    const heardAt = this.#options.clock.now();
    this.#queue.push(() => this.#gone(address.legId, this.#legs.remove(address.legId), heardAt));
  }

  #gone(legId: string, wasKnown: boolean, at: EpochMs): void {
    if (wasKnown) this.#options.emit({ kind: "legGone", at, legId });
  }

  async #getLeg(address: LegAddress): Promise<LegAnswer> {
    const { connection, limits, counters } = this.#options;
    counters.entityGets += 1;
    const path = `/callcontrol/${encodeURIComponent(address.dn)}/participants/${address.id}`;
    const { entityBytesMax: bytesMax, entityTimeoutMs: timeoutMs } = limits;
    const answer = await connection.rest.get({ part: "callcontrol", path, bytesMax, timeoutMs });
    if (answer.kind !== "ok") return answer;
    const wire = parseParticipant(answer.body, address);
    if (wire?.id === address.id) return { kind: "ok", wire };
    return { kind: "notUnderstood", reason: "The answer about a leg is none." };
  }

  #answered(address: LegAddress, answer: LegAnswer, asked: number, heardAt: EpochMs): void {
    if (!this.#legs.isFresh(asked) || this.#legs.isGone(address.legId, asked)) return;
    switch (answer.kind) {
      case "ok": {
        const { wire } = answer;
        const sameDn = wire.dn.toLowerCase() === address.dn.toLowerCase();
        this.#readSince.add(wire.dn.toLowerCase());
        const leg = this.#legs.learn(sameDn ? wire : { ...wire, dn: address.dn });
        if (leg) this.#tell(leg, heardAt);
        return;
      }
      case "missing":
        // Since when, nobody says.
        this.#gone(address.legId, this.#legs.forget(address.legId), this.#options.clock.now());
        return;
      case "notUnderstood":
        this.#answerNotUnderstood({ legId: address.legId }, answer.reason);
        this.#readAll(`what came about leg ${address.legId} is not understood`);
        return;
      case "denied":
        if (answer.status === 403) {
          const kind = this.#options.knowledge.kindOf(address.dn) ?? "unknown";
          this.#nameInvisible(address.dn, kind);
        } else this.#readAll("a leg was answered with 401");
        return;
      case "failed":
      case "refused":
        this.#readAll(`leg ${address.legId} could not be read`);
        return;
      default:
        assertNever(answer);
    }
  }

  /** What rings may wait for its number, from when we know of it; a conversation begins when the PBX says so. */
  #tell(leg: Leg, heardAt: EpochMs): void {
    const { emit, clock } = this.#options;
    const at = leg.status === "connected" ? heardAt : clock.now();
    emit({ kind: "legChanged", at, leg });
    this.#note(leg);
  }

  /** The numbers that a leg names: some we should learn of, some the operator should know of. */
  #note(leg: Leg): void {
    const { directory, visible } = this.#options;
    for (const ref of [leg.party, leg.originatedBy, leg.referredBy, leg.onBehalfOf]) {
      if (!ref || ref.dn === "") continue;
      if (ref.kind === "unknown" || ref.kind === "trunk") directory.miss(ref.dn);
      else if (watchableKinds.has(ref.kind) && !visible.has(ref.dn)) {
        const isRead = this.#readSince.has(ref.dn.toLowerCase());
        if (!isRead) this.#nameInvisible(ref.dn, ref.kind);
      }
    }
    if (leg.dnKind === "unknown") directory.miss(leg.dn);
  }

  #nameInvisible(dn: string, kind: DnKind): void {
    this.#options.complaints.once(`dn ${dn.toLowerCase()}`, { dn }, invisibleLine(dn, kind));
  }

  #answerNotUnderstood(fields: object, line: string): void {
    this.#options.counters.answersNotUnderstood += 1;
    this.#options.complaints.complain("answer", fields, line);
  }

  #leftOut(wire: WireParticipant, why: Exclude<NormalisedLeg, { kind: "leg" }>): void {
    const { log } = this.#options;
    if (why.kind === "phantom") {
      this.#options.counters.phantomLegs += 1;
      log.debug(
        { dn: wire.dn, id: wire.id },
        "A leg without a call, or a conference's own, is left out.",
      );
      return;
    }
    this.#answerNotUnderstood(
      { dn: wire.dn, id: wire.id, status: why.status },
      "Expected the status Dialing, Ringing or Connected, got another; the leg is left out.",
    );
  }

  #readAll(why: string): void {
    if (this.#over) return;
    this.#options.log.debug({ why }, "All legs are read anew.");
    if (this.#keptBack === null) this.#snapshots.ask();
    else this.#lostBefore = true;
  }

  async #takeSnapshot(): Promise<void> {
    const { clock, limits, signal } = this.#options;
    const sinceLastMs = clock.now() - this.#snapshotAskedAt;
    if (sinceLastMs < limits.snapshotGapMs) {
      await wait(clock, limits.snapshotGapMs - sinceLastMs, signal);
    }
    if (this.#over || signal.aborted) return;
    const asked = this.#legs.next();
    const wantsList = this.#wantsList;
    this.#wantsList = false;
    const [snapshot, list] = await Promise.all([
      this.#readSnapshot(),
      wantsList ? this.#readList(wait(clock, limits.firstDirectoryWaitMs, signal)) : null,
    ]);
    if (snapshot !== null && !this.#over) {
      this.#queue.push(() => this.#apply(snapshot, asked, list));
    }
  }

  /** Null: there is none, or not in time. */
  async #readList(patience: Promise<void>): Promise<ActiveCalls | null> {
    const list = await Promise.race([this.#options.activeCalls.read(), patience]);
    return list?.kind === "activeCalls" ? list : null;
  }

  /** Null: the connection is given up, or stopped. */
  async #readSnapshot(): Promise<ParsedSnapshot | null> {
    const { connection, clock, limits, signal, counters } = this.#options;
    this.#cancelWatchdog();
    this.#snapshotAskedAt = clock.now();
    let reason = "";
    for (const pauseMs of [0, ...limits.snapshotRetryMs]) {
      if (pauseMs > 0) await wait(clock, pauseMs, signal);
      if (this.#over || signal.aborted) return null;
      const answer = await readSnapshot(connection, limits);
      if (answer.kind === "snapshot") {
        counters.snapshots += 1;
        return answer.snapshot;
      }
      if (answer.kind === "refused") {
        this.#end(answer);
        return null;
      }
      if (!answer.understood) this.#answerNotUnderstood({ path: "/callcontrol" }, answer.reason);
      reason = answer.reason;
    }
    this.#end({ kind: "lost", reason });
    return null;
  }

  #apply({ dns, notUnderstood }: ParsedSnapshot, asked: number, list: ActiveCalls | null): void {
    const { clock, limits, emit, visible, onVisible } = this.#options;
    // First, so that calls that were there before we saw them get their true beginning. The snapshot
    // may have taken seconds: what was read beside it is not told after a younger list.
    if (list !== null && list.askedAt >= this.#listAskedAt) emit(list);
    for (const place of notUnderstood) {
      this.#answerNotUnderstood(
        { place },
        `GET /callcontrol: ${place} is not understood; left out.`,
      );
    }
    const before = visible.list.join("\n");
    visible.set(dns.map(({ dn, type }) => ({ dn, kind: kindOfType(type) })));
    this.#readSince.clear();
    const legs = this.#legs.learnAll(dns, asked);
    emit({ kind: "snapshot", at: clock.now(), legs, dns: visible.list });
    for (const leg of legs) this.#note(leg);
    if (visible.list.join("\n") !== before) onVisible();
    this.#cancelWatchdog();
    this.#cancelWatchdog = clock.after(limits.watchdogMs, () => this.#readAll("in case of a loss"));
  }
}
