/** The connection's life against a puppet PBX: what reaches the sink, and in which order. */
import { describe, expect, it } from "vitest";
import { gate, pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";

const { pbx, watch } = pbxRig();

describe("going live", () => {
  it("opens the WebSocket before it asks for the snapshot, with one token", async () => {
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

  it("asks once more, not once each, for Upserts that come during a question", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { holdMsMax: 60_000 } });
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

  it("tells the answer that a Remove overtook before the removal, and drops later Upserts", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { holdMsMax: 60_000 } });
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
    await watched.until(() => watched.of("legChanged").length === 2);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 102/9006 ringing",
      "legGone 102/9006",
      "legChanged 100/9008 ringing",
    ]);
    expect(watched.source.counters.entityGets).toBe(2);
  });

  it("has a leg that is answered with 404 go after all that came before the answer, or with its Remove", async () => {
    for (const isRemoved of [true, false]) {
      const server = await pbx();
      server.legs.set("101/9005", participant("101", 9005));
      const watched = watch(server.url, { limits: { holdMsMax: 60_000 } });
      await watched.live();
      const slow = gate(server, (path) => path.includes("/101/"));
      server.frame(0, "/callcontrol/101/participants/9005");
      await watched.until(() => slow.held.length === 1);
      server.legs.delete("101/9005");
      server.upsert(participant("102", 9006));
      if (isRemoved) server.remove("101", 9005);
      server.upsert(participant("100", 9007));
      await watched.until(() => server.count("GET /callcontrol/100/") === 1);
      slow.open();
      await watched.until(() => watched.activities.length === 4);
      const [before, after] = ["legChanged 102/9006 ringing", "legChanged 100/9007 ringing"];
      const gone = "legGone 101/9005";
      const told = isRemoved ? [before, gone, after] : [before, after, gone];
      expect(watched.told().slice(1)).toEqual(told);
    }
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
  it("reads all anew after a hole in the sequence, not after a restart or repeat", async () => {
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
    const all = gate(server, (path) => path === "/callcontrol", old);
    await watched.until(() => all.held.length === 1);
    server.upsert(participant("101", 9005, { status: "Connected" }));
    server.remove("100", 9001);
    server.upsert(participant("102", 9009));
    await watched.until(() => watched.told().includes("legChanged 102/9009 ringing"));
    const told = watched.of("snapshot").length;
    all.held[0]?.();
    await watched.until(() => watched.of("snapshot").length > told);
    expect(watched.told()).toContain("snapshot 101/9005 connected, 102/9009 ringing");
  });

  it("keeps a leg whose removal is yet to have its turn", async () => {
    const server = await pbx();
    server.legs.set("101/9005", participant("101", 9005));
    const watched = watch(server.url, { limits: { holdMsMax: 60_000 } });
    await watched.live();
    const answers = new Map<string, () => void>();
    let old: unknown;
    server.intercept = (path) =>
      new Promise((resolve) => {
        const isAll = path === "/callcontrol";
        answers.set(path.replace(/.*\//, ""), () =>
          resolve(isAll ? { status: 200, body: old } : undefined),
        );
      });
    server.upsert(participant("102", 9009));
    old = server.snapshot();
    server.frame(0, "/callcontrol/100");
    await watched.until(() => answers.size === 2);
    answers.get("callcontrol")?.();
    await watched.until(() => watched.source.counters.snapshots === 2);
    server.upsert(participant("100", 9010));
    server.remove("101", 9005);
    await watched.until(() => answers.size === 3 && watched.source.counters.frames === 4);
    for (const id of ["9009", "9010"]) answers.get(id)?.();
    await watched.until(() => watched.activities.length === 5);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 102/9009 ringing",
      "snapshot 101/9005 ringing, 102/9009 ringing",
      "legChanged 100/9010 ringing",
      "legGone 101/9005",
    ]);
  });

  it("are asked for once more after a reason that came while one was under way", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    const slow = gate(server, (path) => path === "/callcontrol");
    server.frame(0, "/callcontrol/100");
    await watched.until(() => slow.held.length === 1);
    for (let n = 0; n < 3; n += 1) server.frame(0, "/callcontrol/100");
    await watched.until(() => watched.source.counters.frames === 4);
    slow.open();
    await watched.until(() => watched.of("snapshot").length === 3);
    expect(server.count("GET /callcontrol")).toBe(3);
  });

  it("outweigh an answer about a leg that was asked for before them", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { holdMsMax: 5 } });
    await watched.live();
    const late = gate(server, (path) => path.includes("/102/"), participant("102", 9006));
    server.upsert(participant("102", 9006, { status: "Connected" }));
    await watched.until(() => server.count("GET /callcontrol/102") === 1);
    server.frame(0, "/callcontrol/102");
    await watched.until(() => watched.of("snapshot").length === 2);
    late.held[0]?.();
    // One socket's worth of round trips later the late answer has been read as well.
    for (let n = 1; n <= 3; n += 1) {
      server.upsert(participant("100", n));
      await watched.until(() => watched.of("legChanged").length >= n);
    }
    expect(watched.told()[1]).toBe("snapshot 102/9006 connected");
    expect(watched.told()).not.toContain("legChanged 102/9006 ringing");
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
    expect(watched.source.counters.phantomLegs).toBe(2); // of which one names no call at all
    expect(watched.source.counters.answersNotUnderstood).toBe(4);
  });

  it.each([
    [{ status: 503 }, 0],
    [{ status: 200, text: "<html>" }, 1],
    [{ status: 200, body: "no leg" }, 1],
    [{ status: 200, body: participant("102", 9007) }, 1],
  ])("asks for a leg that is answered with %j again, then for everything", async (bad, counted) => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { entityRetryMs: [1] } });
    await watched.live();
    let times = 1;
    server.intercept = (path) => (path.includes("/participants/") && times-- > 0 ? bad : undefined);
    server.upsert(participant("102", 9006));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.told().at(-1)).toBe("legChanged 102/9006 ringing");
    times = 2;
    server.upsert(participant("102", 9006, { status: "Connected" }));
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(watched.told().at(-1)).toBe("snapshot 102/9006 connected");
    expect(watched.source.counters.entityGets).toBe(4);
    expect(watched.source.counters.answersNotUnderstood).toBe(counted);
  });

  it.each([
    ["820", "Wringgroup", "Ring group 820 takes part in calls", "alone: later, and not always"],
    ["801", "Wqueue", "Queue 801 takes part in calls", "alone: later, and not always"],
    ["700", "Wivr", "IVR 700 takes part in calls", "alone: later, and not always"],
    ["103", "Wextension", "DN 103 takes part in calls", "so it stays silent"],
  ])("says what is lost by not seeing %s, a %s", async (dn, type, who, loss) => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    const made = { originated_by_dn: dn, originated_by_type: type };
    server.upsert(participant("101", 9006, made));
    server.upsert(participant("102", 9007, made));
    await watched.until(() => watched.of("legChanged").length === 2);
    const lines = watched.lines.filter((line) => line.includes("may not see it"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(who);
    expect(lines[0]).toContain(loss);
    expect(lines[0]).toContain("Integrations → API");
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
