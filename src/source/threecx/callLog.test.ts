/** Questions for the call log against a puppet PBX: each is answered, few are asked of the PBX. */
import { describe, expect, it } from "vitest";
import { pbxRig } from "../../../test/support/watchedPbx.ts";
import { steadyClock } from "../../util/clock.ts";

const { pbx, watch } = pbxRig();

const set = "ReportCallLogData";
const fromAt = Date.UTC(2026, 4, 4, 8, 0, 0, 400);
const toAt = Date.UTC(2026, 4, 4, 9, 0, 0, 600);
const minuteMs = 60_000;

/** A call to extension 100 that rang for a second and was talked on for a minute. */
function row(startAt: number, more: object = {}): object {
  return {
    CallId: startAt,
    StartTime: new Date(startAt).toISOString(),
    Answered: true,
    RingingDuration: "PT1S",
    TalkingDuration: "PT1M",
    SourceDn: "10007",
    SourceType: 1,
    SourceCallerId: "420777000001",
    DestinationDn: "100",
    DestinationType: 0,
    ...more,
  };
}

async function livePbx(more: Parameters<typeof watch>[1] = {}) {
  const server = await pbx();
  const watched = watch(server.url, more);
  await watched.live();
  const asked = () => server.requests.filter((request) => request.includes(set));
  const answers = () => watched.of("callLog").length + watched.of("callLogUnavailable").length;
  return { server, watched, asked, answers };
}

describe("the call log", () => {
  it("is asked for with every parameter, in UTC, and told with its stretch", async () => {
    const { server, watched, asked } = await livePbx();
    server.xapi.set(set, [row(fromAt + minuteMs)]);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    expect(asked()[0]).toBe(
      "GET /xapi/v1/ReportCallLogData/Pbx.GetCallLogData(" +
        "periodFrom=2026-05-04T07:00:00Z,periodTo=2026-05-04T09:01:01Z," +
        "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0," +
        "callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0'," +
        "hidePcalls=true)?$top=100&$skip=0",
    );
    expect(watched.of("callLog")[0]).toMatchObject({
      fromAt,
      toAt,
      calls: [{ number: "420777000001", talks: [{ user: "100" }] }],
    });
  });

  it("of a PBX whose clock is an hour ahead is asked for by its clock, and told by ours", async () => {
    const steady = steadyClock();
    const hourMs = 60 * minuteMs;
    const clock = { ...steady, now: () => steady.now() - hourMs };
    const { server, watched, asked } = await livePbx({ clock });
    const startedAt = fromAt + minuteMs;
    server.xapi.set(set, [row(startedAt + hourMs)]);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    expect(asked()[0]).toMatch(/periodFrom=2026-05-04T0(7:59:5|8:00:0)/);
    const [call] = watched.of("callLog")[0]?.calls ?? [];
    expect(call?.establishedAt).toBe(startedAt + hourMs);
    // The PBX tells its time in whole seconds.
    const { startedAt: ours = 0, endedAt = 0, talks = [] } = call ?? {};
    expect(Math.abs(ours - startedAt)).toBeLessThanOrEqual(2_000);
    expect(endedAt - ours).toBe(61_000);
    expect(talks).toEqual([{ user: "100", answeredAt: ours + 1_000, endedAt }]);
  });

  it("says nothing of extensions that this client may not see", async () => {
    const { server, watched } = await livePbx();
    const unseen = { DestinationDn: "199" };
    server.xapi.set(set, [
      row(fromAt + minuteMs, unseen),
      row(fromAt + 2 * minuteMs, { ...unseen, Answered: false, TalkingDuration: "PT0S" }),
      row(fromAt + 3 * minuteMs),
    ]);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    const calls = watched.of("callLog")[0]?.calls ?? [];
    expect(calls.map(({ talks }) => talks)).toMatchObject([[], [], [{ user: "100" }]]);
    expect(calls.map(({ level }) => level?.kind)).toEqual([undefined, undefined, "extension"]);
  });

  it("has the calls that began or ended in the stretch, no others", async () => {
    const { server, watched } = await livePbx({ limits: { logSlackMs: 0 } });
    const ended = fromAt - minuteMs;
    server.xapi.set(set, [
      row(fromAt - 5 * minuteMs),
      row(ended),
      row(toAt - 1),
      row(toAt + minuteMs),
      "odd",
    ]);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    const starts = watched.of("callLog")[0]?.calls.map(({ startedAt }) => startedAt);
    expect(starts).toEqual([ended, toAt - 1]);
    expect(watched.source.counters.answersNotUnderstood).toBe(1);
  });

  it("is read page by page until one is empty, as the PBX filters what it has paged", async () => {
    const { server, watched, asked } = await livePbx();
    const all = Array.from({ length: 230 }, (_, n) => row(fromAt + n));
    const pages = [all.slice(0, 100), all.slice(100, 130), all.slice(130), []];
    server.intercept = (path) => {
      if (!path.includes(set)) return undefined;
      const page = Number(/skip=(\d+)/.exec(path)?.[1]) / 100;
      return { status: 200, body: { value: pages[page] } };
    };
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    expect(watched.of("callLog")[0]).toMatchObject({ isCut: false });
    expect(watched.of("callLog")[0]?.calls).toHaveLength(230);
    expect(asked()).toHaveLength(4);
  });

  it("ends at a server that ignores paging", async () => {
    const { server, watched, asked } = await livePbx();
    const body = { value: [row(fromAt + minuteMs)] };
    server.intercept = (path) => (path.includes(set) ? { status: 200, body } : undefined);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    expect(watched.of("callLog")[0]?.calls).toHaveLength(1);
    expect(asked()).toHaveLength(2);
  });

  it.each(["rising", "falling"])("too long, %s, loses calls but halves none", async (order) => {
    const { server, watched } = await livePbx({ limits: { pageRows: 3, logPagesMax: 1 } });
    const hop = (call: number, startAt: number) => row(startAt, { CallId: call });
    const rows = [
      hop(1, fromAt),
      hop(2, fromAt + 10 * minuteMs),
      hop(2, fromAt + 11 * minuteMs),
      hop(2, fromAt + 12 * minuteMs),
      hop(3, fromAt + 20 * minuteMs),
    ];
    server.xapi.set(set, order === "rising" ? rows : rows.toReversed());
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    const starts = watched.of("callLog")[0]?.calls.map(({ startedAt }) => startedAt);
    expect(watched.of("callLog")[0]?.isCut).toBe(true);
    expect(starts).toEqual([order === "rising" ? fromAt : fromAt + 20 * minuteMs]);
    expect(watched.lines.filter((line) => line.includes("too long"))).toHaveLength(1);
  });

  it("is read for a day at most", async () => {
    const { server, watched, asked } = await livePbx();
    server.xapi.set(set, []);
    watched.source.askCallLog(0, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
    expect(asked()[0]).toContain("periodFrom=2026-05-03T08:00:00Z");
    expect(watched.of("callLog")[0]).toMatchObject({ fromAt: 0, toAt, isCut: true });
    expect(watched.lines.filter((line) => line.includes("left out"))).toHaveLength(1);
  });

  it("is asked for once more for all questions that came meanwhile", async () => {
    const { server, watched, asked, answers } = await livePbx();
    server.xapi.set(set, []);
    const held: (() => void)[] = [];
    server.intercept = (path) =>
      path.includes(set) && held.length === 0
        ? new Promise((resolve) => held.push(() => resolve(undefined)))
        : undefined;
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => held.length === 1);
    watched.source.askCallLog(fromAt - 2 * minuteMs, toAt - minuteMs);
    watched.source.askCallLog(fromAt, toAt + minuteMs);
    held[0]?.();
    await watched.until(() => answers() === 2);
    expect(watched.of("callLog").map(({ fromAt, toAt }) => ({ fromAt, toAt }))).toEqual([
      { fromAt, toAt },
      { fromAt: fromAt - 2 * minuteMs, toAt: toAt + minuteMs },
    ]);
    expect(asked()).toHaveLength(2);
  });

  it.each([401, 403, 404, 500, 504])("that is answered with %i cannot be had", async (status) => {
    const { server, watched, answers } = await livePbx();
    server.xapi.set(set, status);
    for (const n of [1, 2]) {
      watched.source.askCallLog(fromAt, toAt);
      await watched.until(() => answers() === n);
    }
    expect(watched.of("callLogUnavailable")).toHaveLength(2);
    const hints = watched.lines.filter((line) => line.includes("System Owner in Integrations"));
    expect(hints).toHaveLength(status < 500 ? 1 : 0);
    server.xapi.set(set, []);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => watched.of("callLog").length === 1);
  });

  it.each([{ text: "no JSON" }, { body: { value: "no list" } }])(
    "that is %j cannot be had",
    async (reply) => {
      const { server, watched, answers } = await livePbx();
      server.intercept = (path) => (path.includes(set) ? { status: 200, ...reply } : undefined);
      watched.source.askCallLog(fromAt, toAt);
      await watched.until(() => answers() === 1);
      expect(watched.of("callLogUnavailable")).toHaveLength(1);
      expect(watched.source.counters.answersNotUnderstood).toBe(1);
    },
  );

  it.each([
    [1, "callLog"],
    [9, "callLogUnavailable"],
  ] as const)("that fails %i times is read again before it is %s", async (failures, told) => {
    const limits = { logRetryMs: [1, 1] };
    const { server, watched, asked, answers } = await livePbx({ limits });
    server.xapi.set(set, []);
    server.intercept = (path) =>
      path.includes(set) && asked().length <= failures ? { status: 503 } : undefined;
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => answers() === 1);
    expect(watched.of(told)).toHaveLength(1);
    expect(asked()).toHaveLength(Math.min(failures, limits.logRetryMs.length) + 1);
  });

  it("that fails is not waited for by a stop, and not read again", async () => {
    const steady = steadyClock();
    const pauseMs = 50_000;
    let pauses = 0;
    const after = (ms: number, run: () => void) => {
      if (ms !== pauseMs) return steady.after(ms, run);
      pauses += 1;
      return () => {
        pauses -= 1;
      };
    };
    const limits = { logRetryMs: [pauseMs], logTimeoutMs: 2 * pauseMs };
    const { server, watched, asked } = await livePbx({ limits, clock: { ...steady, after } });
    server.intercept = (path) => (path.includes(set) ? { status: 503 } : undefined);
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => pauses === 1);
    await watched.source.stop();
    expect(pauses).toBe(0);
    expect(asked()).toHaveLength(1);
  });

  it("that does not come in time cannot be had", async () => {
    const { server, watched, answers } = await livePbx({ limits: { logTimeoutMs: 20 } });
    let go = () => {};
    server.intercept = (path) =>
      path.includes(set) ? new Promise((resolve) => (go = () => resolve(undefined))) : undefined;
    watched.source.askCallLog(fromAt, toAt);
    await watched.until(() => answers() === 1);
    go();
    expect(watched.of("callLogUnavailable")).toHaveLength(1);
  });

  it("cannot be had while there is no connection, and nobody is asked", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === "/connect/token" ? { status: 503 } : undefined);
    const watched = watch(server.url);
    watched.source.askCallLog(fromAt, toAt);
    expect(watched.activities).toEqual([]);
    await watched.until(() => watched.of("callLogUnavailable").length === 1);
    expect(server.requests.filter((request) => request.includes(set))).toEqual([]);
  });

  it("may be asked for from within the first snapshot", async () => {
    const server = await pbx();
    server.xapi.set(set, []);
    const watched = watch(server.url);
    const push = watched.activities.push.bind(watched.activities);
    watched.activities.push = (...activities) => {
      if (activities.some(({ kind }) => kind === "snapshot")) {
        watched.source.askCallLog(fromAt, toAt);
      }
      return push(...activities);
    };
    await watched.until(() => watched.of("callLog").length === 1);
  });
});
