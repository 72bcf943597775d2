/** The connection's life against a puppet PBX: what reaches the sink, and in which order. */
import { afterEach, describe, expect, it } from "vitest";
import { type Watched, watchPbx } from "../../../test/support/watchedPbx.ts";
import { participant, WirePbx, type WirePbxOptions } from "../../../test/support/wirePbx.ts";

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

async function pbx(options?: WirePbxOptions): Promise<WirePbx> {
  const made = await new WirePbx(options).listen();
  cleanUps.push(() => made.close());
  return made;
}

function watch(url: string, more: Parameters<typeof watchPbx>[1] = {}): Watched {
  const watched = watchPbx(url, more);
  cleanUps.unshift(() => watched.source.stop());
  return watched;
}

/** Lets the test decide when a path is answered. */
function gate(server: WirePbx, isHeld: (path: string) => boolean) {
  const held: (() => void)[] = [];
  server.intercept = (path) =>
    isHeld(path) ? new Promise((resolve) => held.push(() => resolve(undefined))) : undefined;
  return {
    held,
    open: () => {
      server.intercept = () => undefined;
      for (const go of held.splice(0)) go();
    },
  };
}

describe("going live", () => {
  it("opens the WebSocket before it asks for the snapshot, and gives one token to both", async () => {
    const server = await pbx();
    server.legs.set("101/9001", participant("101", 9001));
    const watched = watch(server.url);
    await watched.live();
    const order = server.requests.filter((r) => r.startsWith("WS") || r === "GET /callcontrol");
    expect(order).toEqual(["WS /callcontrol/ws", "GET /callcontrol"]);
    expect(watched.told()).toEqual(["snapshot 101/9001 ringing"]);
    expect(server.tokensGiven).toBe(1);
    expect(watched.source.status()).toMatchObject({ visibleDns: ["100", "101", "102", "800"] });
    expect(watched.lines.join()).not.toContain("token-1");
    expect(watched.lines.join()).not.toContain("very-secret");
  });

  it("keeps frames back until the snapshot is out", async () => {
    const server = await pbx();
    const snapshot = gate(server, (path) => path === "/callcontrol");
    const watched = watch(server.url);
    await watched.until(() => snapshot.held.length > 0);
    server.legs.set("101/9001", participant("101", 9001));
    server.upsert(participant("102", 9002));
    server.remove("101", 9001);
    await watched.until(() => watched.source.counters.frames === 2);
    expect(watched.told()).toEqual([]);
    snapshot.open();
    await watched.until(() => watched.activities.length >= 2);
    expect(watched.told()).toEqual(["snapshot 102/9002 ringing", "legChanged 102/9002 ringing"]);
  });

  it("tells a leg with all its fields", async () => {
    const server = await pbx();
    server.xapi.set("Trunks", [{ Id: 5, Number: "10007" }]);
    server.xapi.set("InboundRules", [
      { Id: 1, RuleName: "Main line", Data: "+420222000100", Condition: "BasedOnDID" },
    ]);
    const watched = watch(server.url);
    await watched.live();
    server.upsert(
      participant("101", 9005, {
        party_did: "420222000100",
        originated_by_dn: "800",
        originated_by_type: "Wqueue",
        legid: 5,
      }),
    );
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.of("legChanged")[0]?.leg).toEqual({
      legId: "101/9005",
      dn: "101",
      dnKind: "extension",
      status: "ringing",
      party: { dn: "10007", kind: "trunk", number: "420777000001", name: "Novak Jan" },
      did: { number: "420222000100", ruleName: "Main line" },
      originatedBy: { dn: "800", kind: "queue" },
      referredBy: null,
      onBehalfOf: null,
      callNumber: 1264,
      legNumber: 5,
    });
  });
});

describe("frame order", () => {
  it("lets out what the PBX said first, though it is answered last", async () => {
    const server = await pbx();
    server.legs.set("101/9005", participant("101", 9005));
    const watched = watch(server.url, { limits: { holdMsMax: 60_000 } });
    await watched.live();
    const slow = gate(server, (path) => path.includes("/102/"));
    server.upsert(participant("102", 9006, { status: "Connected" }));
    server.remove("101", 9005);
    server.upsert(participant("100", 9007));
    await watched.until(() => slow.held.length === 1 && server.count("GET /callcontrol/100") === 1);
    expect(watched.told()).toHaveLength(1);
    slow.open();
    await watched.until(() => watched.activities.length === 4);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 102/9006 connected",
      "legGone 101/9005",
      "legChanged 100/9007 ringing",
    ]);
  });

  it("holds the others back for a while only; the late answer follows", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { holdMsMax: 20 } });
    await watched.live();
    const slow = gate(server, (path) => path.includes("/102/"));
    server.upsert(participant("102", 9006));
    server.upsert(participant("100", 9007));
    await watched.until(() => watched.of("legChanged").length === 1);
    slow.open();
    await watched.until(() => watched.of("legChanged").length === 2);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 100/9007 ringing",
      "legChanged 102/9006 ringing",
    ]);
  });

  it("asks once more, not once each, for Upserts that come while a leg is being asked for", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    const slow = gate(server, (path) => path.includes("/102/"));
    server.upsert(participant("102", 9006));
    await watched.until(() => slow.held.length === 1);
    for (let n = 0; n < 5; n += 1) server.upsert(participant("102", 9006, { status: "Connected" }));
    await watched.until(() => watched.source.counters.frames === 6);
    slow.open();
    await watched.until(() => watched.of("legChanged").length === 2);
    expect(watched.source.counters.entityGets).toBe(2);
  });

  it("drops the answer about a leg that was removed meanwhile, and later Upserts of it", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.intercept = (path) =>
      path.includes("/102/") ? { status: 200, body: participant("102", 9006) } : undefined;
    const slow = gate(server, (path) => path.includes("/102/"));
    server.upsert(participant("102", 9006));
    await watched.until(() => slow.held.length === 1);
    server.remove("102", 9006);
    server.legs.set("102/9006", participant("102", 9006));
    server.frame(0, "/callcontrol/102/participants/9006");
    await watched.until(() => watched.source.counters.frames === 3);
    slow.open();
    server.upsert(participant("100", 9008));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.told().slice(1)).toEqual(["legChanged 100/9008 ringing"]);
    expect(watched.source.counters.entityGets).toBe(2);
  });

  it("reads 404 as removed", async () => {
    const server = await pbx();
    server.legs.set("101/9005", participant("101", 9005));
    const watched = watch(server.url);
    await watched.live();
    server.legs.clear();
    server.frame(0, "/CallControl/101/Participants/9005");
    await watched.until(() => watched.of("legGone").length === 1);
    expect(watched.told().at(-1)).toBe("legGone 101/9005");
  });
});

describe("snapshots while live", () => {
  it("reads all anew after a hole in the sequence, not after one that restarts or repeats", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    const frame = (sequence: number) =>
      server.send(
        JSON.stringify({ sequence, event: { event_type: 2, entity: "/callcontrol/100" } }),
      );
    for (const sequence of [7, 8, 8, 1, 2]) frame(sequence);
    await watched.until(() => watched.source.counters.frames === 5);
    expect(watched.source.counters.snapshots).toBe(1);
    frame(4);
    await watched.until(() => watched.of("snapshot").length === 2);
  });

  it("reads all anew for a DN that changed as a whole, not for a device", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.frame(0, "/callcontrol/100/devices/sip%3A100%40127.0.0.1%3A5483");
    server.dns.set("103", "Wextension");
    server.frame(0, "/callcontrol/103");
    await watched.until(() => watched.of("snapshot").length === 2);
    await watched.until(() => {
      const status = watched.source.status();
      return status.state === "live" && status.visibleDns.includes("103");
    });
    expect(watched.source.counters.snapshots).toBe(2);
  });

  it("leaves a leg alone that a frame spoke of after the snapshot was asked for", async () => {
    const server = await pbx();
    server.legs.set("101/9005", participant("101", 9005));
    server.legs.set("100/9001", participant("100", 9001));
    const watched = watch(server.url, { limits: { watchdogMs: 15 } });
    await watched.live();
    const old = server.snapshot();
    let answer: (() => void) | null = null as (() => void) | null;
    server.intercept = (path) =>
      path === "/callcontrol"
        ? new Promise((resolve) => {
            answer = () => resolve({ status: 200, body: old });
          })
        : undefined;
    await watched.until(() => answer !== null);
    server.upsert(participant("101", 9005, { status: "Connected" }));
    server.remove("100", 9001);
    server.upsert(participant("102", 9009));
    await watched.until(() => watched.told().includes("legChanged 102/9009 ringing"));
    const told = watched.of("snapshot").length;
    answer?.();
    await watched.until(() => watched.of("snapshot").length > told);
    expect(watched.told()).toContain("snapshot 101/9005 connected, 102/9009 ringing");
  });

  it("keeps the good legs of a snapshot that is bad in part", async () => {
    const server = await pbx();
    server.intercept = (path) =>
      path === "/callcontrol"
        ? {
            status: 200,
            body: [
              null,
              { dn: "100", type: "Wextension", devices: 7, participants: "none" },
              {
                dn: "101",
                type: "Wextension",
                participants: [5, { id: "9005", status: "Ringing" }],
              },
              {
                Dn: "102",
                Type: "Wextension",
                Participants: [{ Id: 9, Status: "HELD", CallId: "8" }],
              },
              { dn: "800", type: "Wqueue", participants: [participant("800", 1, { callid: 0 })] },
            ],
          }
        : undefined;
    const watched = watch(server.url);
    await watched.live();
    expect(watched.told()).toEqual(["snapshot 102/9 connected"]);
    expect(watched.source.counters.answersNotUnderstood).toBe(4);
  });

  it("asks for a failing leg again, then for everything", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { entityRetryMs: [1] } });
    await watched.live();
    server.intercept = (path) => (path.includes("/participants/") ? { status: 503 } : undefined);
    server.upsert(participant("102", 9006));
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(watched.told().at(-1)).toBe("snapshot 102/9006 ringing");
    expect(watched.source.counters.entityGets).toBe(2);
  });

  it("names a DN that the client may not see", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.intercept = (path) => (path.includes("/103/") ? { status: 403 } : undefined);
    server.upsert(participant("103", 9006));
    await watched.until(() => watched.lines.some((line) => line.includes("DN 103 takes part")));
  });
});

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
    expect(watched.lines.filter((line) => line.includes("ignored"))).toHaveLength(1);
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
    const watched = watch(server.url, { limits: { pingMs: 5, pongTimeoutMs: 2_000 } });
    await watched.live();
    let pings = 0;
    for (const ws of server.sockets) ws.on("ping", () => pings++);
    await watched.until(() => pings >= 3);
    expect(watched.source.status().state).toBe("live");
    expect(watched.source.counters.reconnects).toBe(0);
  });

  it("stops at once, whatever is under way, and says nothing more", async () => {
    const server = await pbx();
    const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
    await watched.live();
    const slow = gate(server, () => true);
    server.upsert(participant("101", 9005));
    await watched.until(() => slow.held.length > 0);
    const before = watched.activities.length;
    const beganAt = performance.now();
    await watched.source.stop();
    expect(performance.now() - beganAt).toBeLessThan(1_000);
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
