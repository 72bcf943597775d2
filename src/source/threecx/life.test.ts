/** What goes wrong on a connection, and its end, against a puppet PBX. */
import { describe, expect, it } from "vitest";
import { gate, pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";

const { pbx, watch } = pbxRig();

describe("bad frames", () => {
  it("counts them, says so once, and goes on", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { frameBytesMax: 2_000 } });
    await watched.live();
    const bad = [
      "not json",
      "[]",
      '{"sequence":1}',
      '{"sequence":1,"event":{"event_type":"x","entity":""}}',
      '{"sequence":1,"event":{"event_type":99,"entity":"/callcontrol/100"}}',
      '{"sequence":2,"event":{"event_type":0,"entity":"/elsewhere"}}',
      `"${"x".repeat(3_000)}"`,
    ];
    for (const text of bad) server.send(text);
    server.sequence = 2;
    server.send('{"Sequence":3,"Event":{"EventType":4,"Entity":"/callcontrol/100"}}');
    server.sequence = 3;
    server.upsert(participant("101", 9005));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.source.counters).toMatchObject({ frames: 9, framesNotUnderstood: 7 });
    expect(watched.lines.filter((line) => line.includes("got another"))).toHaveLength(1);
  });

  it.each([
    ["is none", "not json"],
    ["is too long", `"${"x".repeat(3_000)}"`],
    ["speaks of a place that we do not know", '{"event":{"event_type":0,"entity":"/elsewhere"}}'],
  ])("has all legs read anew where it %s, as what it told is lost", async (_what, text) => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { frameBytesMax: 2_000 } });
    await watched.live();
    server.legs.set("101/9001", participant("101", 9001));
    server.send(text);
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(watched.told()).toEqual(["snapshot ", "snapshot 101/9001 ringing"]);
  });

  it("has them read anew after the first reading, if it came before", async () => {
    const server = await pbx();
    const snapshot = gate(server, (path) => path === "/callcontrol");
    const watched = watch(server.url, { limits: { frameBytesMax: 2_000 } });
    await watched.until(() => snapshot.held.length > 0);
    server.send(`"${"x".repeat(3_000)}"`);
    await watched.until(() => watched.source.counters.frames === 1);
    expect(snapshot.held).toHaveLength(1);
    snapshot.open();
    await watched.until(() => watched.of("snapshot").length === 2);
  });

  it("has nothing read anew where it is of a kind that we do not know", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.send('{"sequence":1,"event":{"event_type":99,"entity":"/callcontrol/100"}}');
    server.sequence = 1;
    server.upsert(participant("101", 9005));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.source.counters.snapshots).toBe(1);
  });
});

describe("a DN that the administrator adds meanwhile", () => {
  it("is not said to be out of sight once a leg of its own could be read", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.dns.set("801", "Wivr");
    server.upsert(participant("801", 9005, { status: "Connected" }));
    await watched.until(() => watched.of("legChanged").length === 1);
    const madeBy = (dn: string) => ({ originated_by_dn: dn, originated_by_type: "Wivr" });
    server.upsert(participant("101", 9006, madeBy("801")));
    server.upsert(participant("102", 9007, madeBy("802")));
    await watched.until(() => watched.of("legChanged").length === 3);
    const lines = watched.lines.filter((line) => line.includes("may not see it"));
    expect(lines).toEqual([expect.stringContaining("IVR 802 takes part in calls")]);
  });
});

describe("the end of a connection", () => {
  it("connects again and reads all anew", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    for (const ws of server.sockets) ws.close(1001, "restart");
    server.legs.set("101/9005", participant("101", 9005));
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(watched.told().at(-1)).toBe("snapshot 101/9005 ringing");
    expect(watched.source.counters.reconnects).toBe(1);
    expect(watched.statuses.map(({ state }) => state)).toEqual([
      "connecting",
      "live",
      "waiting",
      "connecting",
      "live",
    ]);
    expect(server.tokensGiven).toBe(1);
  });

  it("gives up a connection that does not answer pings", async () => {
    const server = await pbx({ pongs: false });
    const watched = watch(server.url, { limits: { pingMs: 10, pongTimeoutMs: 20 } });
    await watched.until(() => watched.source.counters.reconnects >= 1);
    expect(watched.lines.join()).toContain("no sign of life");
  });

  it("keeps a quiet connection that answers pings", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { pingMs: 5, pongTimeoutMs: 60_000 } });
    await watched.live();
    let pings = 0;
    for (const ws of server.sockets) ws.on("ping", () => pings++);
    await watched.until(() => pings >= 3);
    expect(watched.source.status().state).toBe("live");
    expect(watched.source.counters.reconnects).toBe(0);
  });

  it("stops at once, whatever is under way, and says nothing more", async () => {
    const server = await pbx();
    const limits = { requestTimeoutMs: 600_000, entityTimeoutMs: 600_000 };
    const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 }, limits });
    await watched.live();
    const slow = gate(server, () => true);
    server.upsert(participant("101", 9005));
    await watched.until(() => slow.held.length > 0);
    const before = watched.activities.length;
    // Nothing of it is answered before.
    await watched.source.stop();
    slow.open();
    watched.source.askActiveCalls();
    await watched.until(() => server.sockets.size === 0);
    expect(watched.activities).toHaveLength(before);
    expect(watched.source.status()).toEqual({ state: "stopped" });
  });

  it("stops while it waits to connect", async () => {
    const watched = watch("http://127.0.0.1:1", { pbx: { reconnectMinMs: 60_000 } });
    await watched.until(() => watched.source.status().state === "waiting");
    await watched.source.stop();
    expect(watched.activities).toEqual([]);
  });
});
