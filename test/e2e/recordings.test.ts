/**
 * Recordings on the built program, from the PBX to the receiver, who fetches each file at the moment when it is told
 * of it: 200, an MP3, and the right call's tone (docs/contract.md §6).
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickRetries } from "../support/process.ts";
import { field, fieldsOfBody } from "../support/receiverWebhook.ts";
import {
  announcedIn,
  answered,
  expectFetched,
  hooksOf,
  keptFiles,
  type RecordingRig,
  record,
  recordingRig,
  startWith,
  talked,
  untilAnnounced,
} from "../support/recordingRig.ts";
import { historyIdOf } from "../support/standInRecordings.ts";

let made: RecordingRig;
beforeEach(async () => {
  made = await recordingRig();
});
afterEach(() => expectFetched(made));

const number = "420777000001";

const start = (...more: string[]) => startWith(made, [...hooksOf(made), ...more]);

describe("the right file", () => {
  it("of an incoming call comes after its end, with the end event's fields", async () => {
    await start();
    const talk = await talked(made.incoming(1), "101", "4207771");
    const tone = record(made.pbx, talk);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`1-1-1 ${tone}`]);
    const [webhook] = made.receiver.at("/rec");
    const end = made.receiver.at("/hook").at(-1);
    if (!webhook || !end) throw new Error("Expected a recording after an end.");
    expect(field(end, "event")).toBe("incoming");
    const [files, ...rest] = fieldsOfBody(webhook.body);
    expect(files?.[0]).toBe("FILES");
    expect(rest).toEqual(fieldsOfBody(end.body));
    expect(await keptFiles(made)).toEqual([
      expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\d{12}_1-1-1\.mp3$/),
    ]);
  });

  it("of an outgoing call has its user on the other side", async () => {
    await start();
    const call = made.outgoing(2);
    await call.isDialledBy("103");
    const fromAt = Date.now();
    await call.isPickedUp("103");
    call.ends();
    const talk = {
      dn: "103",
      number: "4207772",
      fromAt,
      toAt: Date.now(),
      outgoing: true,
    } as const;
    const tone = record(made.pbx, talk);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`2-1-1 ${tone}`]);
    expect(field(made.receiver.at("/rec")[0] as never, "event")).toBe("outgoing");
  });

  it("is found late", async () => {
    await start();
    const talk = await talked(made.incoming(3), "101", "4207773");
    const { recordings, facts } = made.pbx;
    await facts.until(() => recordings.lists >= 3, "three looks in vain");
    const tone = record(made.pbx, talk);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`3-1-1 ${tone}`]);
  });

  it("is one of several: a paused recording's parts come together, in their order", async () => {
    await start();
    const { dn, number, fromAt, toAt } = await talked(made.incoming(4), "101", "4207774");
    const middle = (fromAt + toAt) / 2;
    const second = record(made.pbx, { dn, number, fromAt: middle, toAt });
    const first = record(made.pbx, { dn, number, fromAt, toAt: middle });
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`4-1-1 ${first}`, `4-1-2 ${second}`]);
    expect(made.receiver.at("/rec")).toHaveLength(1);
  });

  it("of each link of a transferred call is its own", async () => {
    await start();
    const call = made.incoming(5);
    const talk = await answered(call, "101", "4207775");
    await call.isSentOn("101", "102");
    const first = { dn: "101", number: "4207775", fromAt: Date.now() - 50, toAt: Date.now() };
    const fromAt = Date.now();
    await call.isAnsweredBy("102");
    const second = { ...talk.hangUp(), dn: "102", fromAt };
    const tones = [record(made.pbx, first), record(made.pbx, second)];
    await untilAnnounced(made, 2);
    expect(announcedIn(made).sort()).toEqual([`5-1-1 ${tones[0]}`, `5-2-1 ${tones[1]}`]);
    const transfers = made.receiver.at("/rec").map((each) => field(each, "transfer"));
    expect(transfers.sort()).toEqual(["False", "True"]);
  });

  it("of two calls of one caller to one user within seconds, whichever is listed first", async () => {
    await start();
    const first = await talked(made.incoming(6, number), "101", number);
    await made.receiver.until(() => made.receiver.at("/hook").length === 3, "the first call's end");
    // A caller who hangs up needs a moment to be talked to again.
    const call = made.incoming(7, number);
    await call.rings("101");
    await call.lasts(1_500);
    const fromAt = Date.now();
    await call.isAnsweredBy("101");
    call.ends();
    const second = record(made.pbx, { dn: "101", number, fromAt, toAt: Date.now() });
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`7-1-1 ${second}`]);
    const tone = record(made.pbx, first);
    await untilAnnounced(made, 2);
    expect(announcedIn(made)).toEqual([`7-1-1 ${second}`, `6-1-1 ${tone}`]);
  });

  it("is not the one beside it, of another number or of another user", async () => {
    const offhook = await start();
    const talk = await talked(made.incoming(8), "101", "4207778");
    record(made.pbx, { ...talk, number: "4207779" });
    record(made.pbx, { ...talk, dn: "102" });
    await offhook.says("recording.sought", 0);
    const { recordings, facts } = made.pbx;
    await facts.until(() => recordings.lists >= 2, "two looks");
    const tone = record(made.pbx, talk);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`8-1-1 ${tone}`]);
    expect(made.pbx.recordings.downloads).toHaveLength(1);
  });

  it.each([90_000, -3_600_000])("is found on a PBX whose clock is %i ms ahead", async (aheadMs) => {
    made.pbx.clockAheadMs = aheadMs;
    await start();
    const talk = await talked(made.incoming(9), "101", "4207779");
    record(made.pbx, { ...talk, fromAt: talk.fromAt - aheadMs, toAt: talk.toAt - aheadMs });
    const tone = record(made.pbx, talk);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`9-1-1 ${tone}`]);
  });

  it("is told apart by the call log where two callers withhold their number", async () => {
    await start();
    const [held, other] = [20, 21].map((callid) => made.incoming(callid, "anonymous"));
    if (!held || !other) throw new Error("Expected two calls.");
    const talks = [];
    for (const call of [held, other]) {
      await call.arrives();
      talks.push(await answered(call, "101", ""));
    }
    const [, inner] = talks.map(({ hangUp }) => hangUp());
    if (!inner) throw new Error("Expected two conversations.");
    // By their times both would be the second call's.
    const tones = [20, 21].map((callid) => {
      const tone = record(made.pbx, inner, { FromCallerNumber: "" });
      made.pbx.recordings.log.push({
        CallHistoryId: historyIdOf("2026-05-04T08:00:00Z", callid),
        StartTime: "2026-05-04T08:00:00Z",
        DstRecId: made.pbx.recordings.rows.at(-1)?.Id ?? 0,
      });
      return tone;
    });
    await untilAnnounced(made, 2);
    expect(announcedIn(made).sort()).toEqual([`20-1-1 ${tones[0]}`, `21-1-1 ${tones[1]}`]);
  });
});

describe("trouble", () => {
  it("in the download passes: what broke off half-way is fetched anew, and only the whole is kept", async () => {
    await start();
    const { recordings } = made.pbx;
    recordings.download = (id, count) => {
      const bytes = recordings.files.get(id) ?? Buffer.alloc(0);
      return count === 1 ? { status: 200, bytes, cutAfter: bytes.length / 2 } : undefined;
    };
    const tone = record(made.pbx, await talked(made.incoming(1), "101", "4207771"));
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`1-1-1 ${tone}`]);
    expect(recordings.downloads).toHaveLength(2);
    expect(await keptFiles(made)).toHaveLength(1);
  });

  it("at the receiver's holds the recording back until the end is delivered", async () => {
    await start(quickRetries);
    const { receiver } = made;
    receiver.answer = ({ body }) => (body.includes('"finishtype"') ? 503 : 200);
    const tone = record(made.pbx, await talked(made.incoming(1), "101", "4207771"));
    const refused = () => receiver.requests.filter(({ status }) => status === 503);
    await receiver.until(() => refused().length >= 8, "the end to be refused");
    expect(refused().filter(({ target }) => target === "/rec")).toEqual([]);
    receiver.answer = () => 200;
    await untilAnnounced(made, 1);
    expect(receiver.requests.slice(-2).map(({ target }) => target)).toEqual(["/hook", "/rec"]);
    expect(announcedIn(made)).toEqual([`1-1-1 ${tone}`]);
  });

  it("with the list: what this client may not see is found once it may", async () => {
    const offhook = await start();
    made.pbx.instead = (path) =>
      path.startsWith("/xapi/v1/Recordings?") ? { status: 403, body: {} } : undefined;
    const talk = await talked(made.incoming(1), "101", "4207771");
    await offhook.says("recordings.denied");
    expect(offhook.lines("recordings.denied")[0]).toContain("System Owner");
    const tone = record(made.pbx, talk);
    made.pbx.instead = () => undefined;
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`1-1-1 ${tone}`]);
  });
});

describe("a restart", () => {
  it("forgets no link: what was not there before is announced after it", async () => {
    const first = await start();
    const talk = await talked(made.incoming(1), "101", "4207771");
    const { recordings, facts } = made.pbx;
    await facts.until(() => recordings.lists >= 2, "two looks in vain");
    expect(await first.stop()).toBe(0);
    const tone = record(made.pbx, talk);
    await made.installation.start().ready();
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual([`1-1-1 ${tone}`]);
    expect(made.receiver.at("/hook").map((each) => field(each, "event"))).toEqual([
      "ringing",
      "hangupincoming",
      "incoming",
    ]);
  });
});
