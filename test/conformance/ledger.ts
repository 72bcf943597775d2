/** What every ledger of recordings must hold (src/recordings/ledger.ts). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CallEvent, EndedEvent } from "../../src/events/event.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import type { Ledger, RecordedFile, RecordedLink } from "../../src/recordings/ledger.ts";
import { endedLink } from "../support/recordingWorld.ts";

export interface LedgerPlace {
  open(): Promise<Pick<Outbox, "append" | "close"> & { readonly ledger: Ledger }>;
  remove(): Promise<void>;
}

const file = (sourceId: string, changes: Partial<RecordedFile> = {}): RecordedFile => ({
  n: 1,
  sourceId,
  startedAt: 5,
  state: "wanted",
  path: "",
  bytes: 0,
  storedAt: null,
  reason: "",
  ...changes,
});
const stored = (sourceId: string, storedAt: number, bytes = 10): RecordedFile =>
  file(sourceId, { state: "stored", path: `2026/05/04/${sourceId}.mp3`, storedAt, bytes });
const linkOf = (ended: EndedEvent, changes: Partial<RecordedLink> = {}): RecordedLink => ({
  key: ended.eventId,
  ended,
  state: "seeking",
  dueAt: ended.at,
  tries: 0,
  reason: "",
  files: [],
  ...changes,
});
const announcement = (ended: EndedEvent): CallEvent => ({
  ...ended,
  kind: "recording",
  eventId: `${ended.eventId}_recording`,
  files: ["https://pbx.test/1.mp3"],
  ended,
});

export function describeLedger(name: string, makePlace: () => Promise<LedgerPlace>): void {
  describe(`${name}: the ledger`, () => {
    let place: LedgerPlace;
    let store: Awaited<ReturnType<LedgerPlace["open"]>>;
    let ledger: Ledger;
    const reopen = async () => {
      await store.close();
      store = await place.open();
      ledger = store.ledger;
    };
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
      ledger = store.ledger;
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    test("a link whose recording is wanted is there with its end event, once", async () => {
      const ended = endedLink(1);
      const entry = { event: ended, endpoints: ["crm"], seekAt: ended.at + 1000 };
      const other = { event: endedLink(2), endpoints: ["crm"] };
      await store.append([entry, other], []);
      await reopen();
      await store.append([{ ...entry, seekAt: 1 }], []);
      const due = await ledger.due("seeking", ended.at + 1000, 10);
      expect(due).toEqual([linkOf(ended, { dueAt: ended.at + 1000 })]);
      expect(await ledger.due("seeking", ended.at + 999, 10)).toEqual([]);
      expect(await ledger.due("fetching", ended.at + 1000, 10)).toEqual([]);
    });

    test("the longest due comes first, and the next one is known", async () => {
      const [a, b, c] = [endedLink(1), endedLink(2), endedLink(3)];
      await ledger.save(linkOf(a, { dueAt: 300 }), []);
      await ledger.save(linkOf(b, { dueAt: 100, state: "announced" }), []);
      await ledger.save(linkOf(c, { dueAt: 200 }), []);
      const keys = (links: readonly RecordedLink[]) => links.map(({ key }) => key);
      expect(keys(await ledger.due("seeking", 300, 10))).toEqual([c.eventId, a.eventId]);
      expect(keys(await ledger.due("seeking", 300, 1))).toEqual([c.eventId]);
      expect(await ledger.nextDueAt(0)).toBe(100);
      expect(await ledger.nextDueAt(100)).toBe(200);
      expect(await ledger.nextDueAt(300)).toBeNull();
      await ledger.save(linkOf(b, { dueAt: null, state: "announced" }), []);
      expect(await ledger.due("announced", 1000, 10)).toEqual([]);
    });

    test("what is still looked for is known by its end, whenever it is due", async () => {
      const links = [1, 2, 3, 4].map((call) => endedLink(call, { at: 100 * call }));
      const [a, b, c, d] = links as [EndedEvent, EndedEvent, EndedEvent, EndedEvent];
      await ledger.save(linkOf(c, { dueAt: 9_000 }), []);
      await ledger.save(linkOf(b, { dueAt: 8_000 }), []);
      await ledger.save(linkOf(a), []);
      await ledger.save(linkOf(d, { state: "fetching" }), []);
      await ledger.save(linkOf(endedLink(5, { at: 500, pbx: "other" })), []);
      const keys = async (endedFrom: number, limit: number) =>
        (await ledger.soughtSince("main", endedFrom, limit)).map(({ key }) => key);
      expect(await keys(200, 10)).toEqual([b.eventId, c.eventId]);
      expect(await keys(0, 2)).toEqual([a.eventId, b.eventId]);
    });

    test("a link and what it tells are stored together, and an event is owed once", async () => {
      const ended = endedLink(1);
      const link = linkOf(ended, { state: "announced", dueAt: null, files: [stored("7", 9)] });
      const entries = [{ event: announcement(ended), endpoints: ["crm", "monitor"] }];
      const made = await ledger.save(link, entries);
      expect(made.map(({ endpoint, event }) => [endpoint, event.kind])).toEqual([
        ["crm", "recording"],
        ["monitor", "recording"],
      ]);
      expect(await ledger.save(link, entries)).toEqual([]);
      await reopen();
      const { callId, link: number } = ended;
      expect(await ledger.find({ by: "call", callId, link: number }, 10)).toEqual([link]);
      expect(await ledger.find({ by: "call", callId, link: null }, 10)).toEqual([link]);
      expect(await ledger.find({ by: "call", callId, link: 9 }, 10)).toEqual([]);
      expect(await ledger.find({ by: "callerid", callerid: ended.callerid }, 10)).toEqual([link]);
      expect(await ledger.find({ by: "state", state: "none" }, 10)).toEqual([]);
      expect(await ledger.find({ by: "state", state: "failed" }, 10)).toEqual([]);
      const [good, broken] = [stored("7", 9), file("8", { n: 2, state: "failed", reason: "torn" })];
      await ledger.save({ ...link, files: [good, broken] }, []);
      const failed = await ledger.find({ by: "state", state: "failed" }, 10);
      expect(failed.map(({ key }) => key)).toEqual([link.key]);
      await ledger.save(link, []);
      expect(await ledger.find({ by: "all" }, 10)).toEqual([link]);
    });

    test("a file of the keeper's is one link's", async () => {
      const [a, b] = [endedLink(1), endedLink(2)];
      await ledger.save(linkOf(a, { files: [file("7"), file("8", { n: 2 })] }), []);
      await ledger.save(linkOf(b, { files: [file("8")] }), []);
      expect(await ledger.owners("main", ["7", "8", "9"])).toEqual(
        new Map([
          ["7", a.eventId],
          ["8", b.eventId],
        ]),
      );
      expect(await ledger.owners("other", ["7"])).toEqual(new Map());
      await ledger.save(linkOf(a), []);
      expect(await ledger.owners("main", ["7"])).toEqual(new Map());
    });

    test("what lies on the disk is known by its age and size", async () => {
      const [a, b, c] = [endedLink(1), endedLink(2), endedLink(3)];
      const over = { state: "announced", dueAt: null } as const;
      await ledger.save(linkOf(a, { ...over, files: [stored("1", 100, 5)] }), []);
      await ledger.save(linkOf(b, { ...over, files: [stored("2", 200, 7)] }), []);
      const removed = { ...stored("3", 50, 9), state: "removed" } as const;
      await ledger.save(linkOf(c, { ...over, files: [removed] }), []);
      const broken = { ...stored("4", 60, 2), state: "failed" } as const;
      const d = endedLink(4);
      await ledger.save(linkOf(d, { state: "failed", dueAt: null, files: [broken] }), []);
      expect(await ledger.storedBytes()).toBe(14);
      const keptBefore = async (at: number, limit: number) =>
        (await ledger.storedBefore(at, limit)).map(({ key }) => key).sort();
      expect(await keptBefore(200, 10)).toEqual([a.eventId, d.eventId]);
      expect(await keptBefore(201, 10)).toEqual([a.eventId, b.eventId, d.eventId]);
      expect(await keptBefore(201, 1)).toEqual([d.eventId]);
    });

    test("what is over and has nothing on the disk is forgotten in time", async () => {
      const [a, b, c] = [endedLink(1), endedLink(2), endedLink(3)];
      await ledger.save(linkOf(a, { state: "none", dueAt: null }), []);
      const kept = { state: "announced", dueAt: null, files: [stored("2", 1)] } as const;
      await ledger.save(linkOf(b, kept), []);
      await ledger.save(linkOf(c), []);
      expect(await ledger.forget(a.at, 10)).toBe(0);
      expect(await ledger.forget(a.at + 1, 10)).toBe(1);
      const gone = { ...stored("2", 1), state: "removed" } as const;
      await ledger.save(linkOf(b, { ...kept, files: [gone] }), []);
      expect(await ledger.forget(a.at + 1, 10)).toBe(1);
      expect(await ledger.owners("main", ["2"])).toEqual(new Map());
      expect((await ledger.find({ by: "all" }, 10)).map(({ key }) => key)).toEqual([c.eventId]);
    });
  });
}
