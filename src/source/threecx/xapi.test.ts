/**
 * Active calls and the directory against a puppet PBX: what they add, and what is left without
 * them.
 */
import { describe, expect, it } from "vitest";
import { pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";

const { pbx, watch } = pbxRig();

const row = {
  Id: 1264,
  Caller: "10007 MyTrunk (420777000001)",
  Callee: "100 Novak Jan",
  Status: "Talking",
  EstablishedAt: "2026-05-04T08:00:01Z",
};
const slowly = { pbx: { activeCallsPollMs: 60_000 } };

describe("active calls", () => {
  it("come before the first snapshot, so that calls get their true beginning", async () => {
    const server = await pbx();
    server.xapi.set("ActiveCalls", [row, null, { Id: "x" }]);
    const watched = watch(server.url, slowly);
    await watched.live();
    expect(watched.told().slice(0, 2)).toEqual(["activeCalls", "snapshot "]);
    expect(watched.of("activeCalls")[0]?.calls).toEqual([
      {
        callNumber: 1264,
        caller: { dn: "10007", kind: "trunk", number: "420777000001", name: "MyTrunk" },
        callee: { dn: "100", kind: expect.any(String), number: "", name: "Novak Jan" },
        did: null,
        status: "Talking",
        establishedAt: Date.UTC(2026, 4, 4, 8, 0, 1),
        changedAt: null,
      },
    ]);
  });

  it("are read steadily, and whole beyond a page", async () => {
    const server = await pbx();
    server.xapi.set(
      "ActiveCalls",
      Array.from({ length: 230 }, (_, n) => ({ Id: n + 1 })),
    );
    const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
    await watched.until(() => watched.of("activeCalls").length >= 4);
    expect(watched.of("activeCalls").map(({ calls }) => calls.length)).toContain(230);
    const asked = watched.of("activeCalls").map(({ askedAt }) => askedAt);
    expect(asked).toEqual(asked.toSorted((a, b) => a - b));
  });

  it.each([50, 120, 7])(
    "are read whole, %i of them, from a server that gives 50 at once without a word",
    async (length) => {
      const server = await pbx();
      server.rowsMax = 50;
      server.xapi.set(
        "ActiveCalls",
        Array.from({ length }, (_, n) => ({ Id: n + 1 })),
      );
      const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
      await watched.until(() => watched.of("activeCalls").length >= 1);
      expect(watched.of("activeCalls")[0]?.calls).toHaveLength(length);
    },
  );

  it("lose none where others end between the reading of two pages", async () => {
    const server = await pbx();
    const rows = Array.from({ length: 130 }, (_, n) => ({ Id: n + 1 }));
    server.xapi.set("ActiveCalls", rows);
    server.intercept = (path) => {
      const isSecond = path.includes("ActiveCalls") && !path.endsWith("$skip=0");
      if (isSecond) server.xapi.set("ActiveCalls", rows.slice(3));
      return undefined;
    };
    const watched = watch(server.url, slowly);
    await watched.until(() => watched.of("activeCalls").length === 1);
    const told = watched.of("activeCalls")[0]?.calls.map(({ callNumber }) => callNumber);
    expect(told).toEqual(rows.map(({ Id }) => Id));
  });

  it("end with the first page where the server ignores which page is asked for", async () => {
    const server = await pbx();
    let asked = 0;
    server.intercept = (path) => {
      if (!path.includes("ActiveCalls")) return undefined;
      asked += 1;
      const ServerNow = new Date(Date.UTC(2026, 4, 4, 8, 0, asked)).toISOString();
      const value = Array.from({ length: 100 }, (_, n) => ({ Id: n + 1, ServerNow }));
      return { status: 200, body: { value } };
    };
    const watched = watch(server.url, slowly);
    await watched.until(() => watched.of("activeCalls").length === 1);
    expect(watched.of("activeCalls")[0]?.calls).toHaveLength(100);
    expect(asked).toBe(2);
  });

  it("are asked for again after a question that came while they were being read", async () => {
    const server = await pbx();
    const watched = watch(server.url, slowly);
    await watched.live();
    await watched.until(() => watched.of("activeCalls").length === 2);
    const held: (() => void)[] = [];
    server.intercept = (path) =>
      path.includes("ActiveCalls")
        ? new Promise((resolve) => held.push(() => resolve(undefined)))
        : undefined;
    watched.source.askActiveCalls();
    await watched.until(() => held.length === 1);
    watched.source.askActiveCalls();
    watched.source.askActiveCalls();
    held[0]?.();
    await watched.until(() => held.length === 2);
    held[1]?.();
    await watched.until(() => watched.of("activeCalls").length === 4);
    expect(held).toHaveLength(2);
  });

  it("are never read when switched off, and a question is answered all the same", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    const before = watched.activities.length;
    watched.source.askActiveCalls();
    expect(watched.activities).toHaveLength(before);
    await watched.until(() => watched.of("activeCallsUnavailable").length === 1);
    expect(server.count("GET /xapi/v1/ActiveCalls")).toBe(0);
  });

  it.each([401, 403, 404])(
    "forbidden by %i: tried slowly, questions answered at once",
    async (status) => {
      const server = await pbx();
      server.xapi.set("ActiveCalls", status);
      const watched = watch(server.url, {
        pbx: { activeCallsPollMs: 1 },
        limits: { forbiddenProbeMsMin: 60_000 },
      });
      await watched.live();
      for (let n = 1; n <= 3; n += 1) {
        watched.source.askActiveCalls();
        await watched.until(() => watched.of("activeCallsUnavailable").length >= n);
      }
      expect(server.count("GET /xapi/v1/ActiveCalls")).toBe(status === 401 ? 2 : 1);
      expect(watched.of("activeCalls")).toEqual([]);
    },
  );

  it("are told to be missing when they fail, and are tried again", async () => {
    const server = await pbx();
    server.xapi.set("ActiveCalls", 500);
    const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
    await watched.until(() => watched.of("activeCallsUnavailable").length >= 2);
    server.xapi.set("ActiveCalls", [row]);
    await watched.until(() => watched.of("activeCalls").length >= 1);
  });

  it("are read again soon where they were forbidden for a moment", async () => {
    const server = await pbx();
    server.xapi.set("ActiveCalls", [row]);
    const watched = watch(server.url, {
      pbx: { activeCallsPollMs: 5 },
      limits: { forbiddenProbeMsMin: 5 },
    });
    await watched.until(() => watched.of("activeCalls").length >= 1);
    server.xapi.set("ActiveCalls", 403);
    await watched.until(() => watched.of("activeCallsUnavailable").length >= 3);
    server.xapi.set("ActiveCalls", [row]);
    const before = watched.of("activeCalls").length;
    await watched.until(() => watched.of("activeCalls").length > before);
    expect(
      watched.lines.filter((line) => line.includes("ends of calls are inferred")),
    ).toHaveLength(1);
  });

  it("are answered for while there is no connection", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === "/connect/token" ? { status: 503 } : undefined);
    const watched = watch(server.url, slowly);
    watched.source.askActiveCalls();
    await watched.until(() => watched.of("activeCallsUnavailable").length === 1);
  });
});

describe("the directory", () => {
  const rule = { Id: 1, RuleName: "Main line", Data: "420222000100", Condition: "BasedOnDID" };

  it("is there for the first calls", async () => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1, { party_did: "+420222000100" }));
    server.xapi.set("InboundRules", [rule]);
    const watched = watch(server.url);
    await watched.live();
    expect(watched.of("snapshot")[0]?.legs[0]?.did).toEqual({
      number: "420222000100",
      ruleName: "Main line",
    });
  });

  it("does not hold up the first snapshot for long, and tells what it changes", async () => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1));
    server.legs.set(
      "102/2",
      participant("102", 2, { party_dn: "101", party_dn_type: "Wextension" }),
    );
    server.xapi.set("Trunks", [{ Id: 5, Number: "10007", RoutingRules: [rule] }]);
    let go = () => {};
    server.intercept = (path) =>
      path.includes("Trunks")
        ? new Promise((resolve) => (go = () => resolve(undefined)))
        : undefined;
    const watched = watch(server.url, { limits: { firstDirectoryWaitMs: 20 } });
    await watched.live();
    expect(watched.of("snapshot")[0]?.legs[0]?.did).toBeNull();
    go();
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.of("legChanged")[0]?.leg).toMatchObject({
      legId: "100/1",
      did: { number: "420222000100", ruleName: "Main line" },
    });
  });

  it.each([
    ["all but the users and numbers of a large PBX is there", "Users", "Main line"],
    ["what tells queues from rules is lacking: not yet", "Queues", undefined],
  ])("tells the DID already while %s", async (_what, slow, ruleName) => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1));
    server.xapi.set("Trunks", [{ Id: 5, Number: "10007", RoutingRules: [rule] }]);
    server.intercept = (path) => (path.includes(slow) ? new Promise(() => {}) : undefined);
    const watched = watch(server.url, { limits: { firstDirectoryWaitMs: 200 } });
    await watched.live();
    expect(watched.of("snapshot")[0]?.legs[0]?.did?.ruleName).toBe(ruleName);
  });

  it("is read again for a number that it does not have, once", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { directoryGapMs: 20, watchdogMs: 15 } });
    await watched.live();
    const reads = () => server.count("GET /xapi/v1/Peers");
    expect(reads()).toBe(1);
    const leg = participant("100", 1, {
      party_dn: "555",
      party_dn_type: "None",
      party_caller_id: "555",
    });
    server.upsert(leg);
    await watched.until(() => watched.of("legChanged").length === 1);
    server.xapi.set("Peers", [{ Number: "555", Name: "New", Type: "Queue" }]);
    await watched.until(() => watched.of("legChanged").length === 2);
    expect(watched.of("legChanged")[1]?.leg.party.kind).toBe("queue");
    const unknown = participant("100", 1, { party_dn: "556", party_dn_type: "None" });
    server.upsert(unknown);
    await watched.until(() => reads() === 3);
    server.upsert(unknown);
    const { snapshots } = watched.source.counters;
    await watched.until(() => watched.source.counters.snapshots >= snapshots + 4);
    expect(reads()).toBe(3);
  });

  it("is what it was, for calls that are there still", async () => {
    const server = await pbx();
    server.xapi.set("Peers", [{ Number: "555", Name: "Old", Type: "Extension" }]);
    server.xapi.set("ActiveCalls", [{ ...row, Callee: "555 Old" }]);
    const watched = watch(server.url, {
      limits: { directoryRefreshMs: 10 },
      pbx: { activeCallsPollMs: 5 },
    });
    await watched.live();
    server.xapi.set("Peers", []);
    const reads = () => server.count("GET /xapi/v1/Peers");
    const before = reads();
    await watched.until(() => reads() >= before + 3);
    const lists = watched.of("activeCalls").length;
    await watched.until(() => watched.of("activeCalls").length >= lists + 2);
    expect(watched.of("activeCalls").at(-1)?.calls[0]?.callee).toMatchObject({
      dn: "555",
      kind: "extension",
    });
  });

  it.each([20, 25, 130])(
    "is read whole, %i numbers, from a server that gives five or ten at once without a word",
    async (length) => {
      const server = await pbx();
      server.rowsMax = length === 25 ? 5 : 10;
      const peers = Array.from({ length }, (_, n) => ({ Number: `${500 + n}`, Type: "Extension" }));
      server.xapi.set("Peers", peers);
      const Callee = `${499 + length} Last`;
      server.xapi.set("ActiveCalls", [{ ...row, Callee }]);
      const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
      await watched.live();
      await watched.until(
        () => watched.of("activeCalls").at(-1)?.calls[0]?.callee?.kind === "extension",
      );
    },
  );

  it("is read again soon where it failed, and only there", async () => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1, { party_did: "420222000100" }));
    server.xapi.set("InboundRules", [rule]);
    let failures = 4;
    server.intercept = (path) => {
      if (!path.includes("InboundRules") || failures === 0) return undefined;
      failures -= 1;
      return { status: 503 };
    };
    const watched = watch(server.url, { limits: { directoryAgainMs: 5 } });
    await watched.live();
    expect(watched.of("snapshot")[0]?.legs[0]?.did?.ruleName).toBe("");
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.of("legChanged")[0]?.leg.did?.ruleName).toBe("Main line");
    expect(server.count("GET /xapi/v1/Peers")).toBe(1);
    expect(watched.lines.filter((line) => line.includes("read again later"))).toHaveLength(1);
    expect(watched.lines.filter((line) => line.includes("whole again"))).toHaveLength(1);
  });

  it("is read again over a new connection where it failed, before legs are told", async () => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1, { party_did: "420222000100" }));
    server.xapi.set("InboundRules", [rule]);
    server.intercept = (path) => (path.includes("InboundRules") ? { status: 503 } : undefined);
    const watched = watch(server.url, { limits: { directoryAgainMs: 600_000 } });
    await watched.live();
    server.intercept = () => undefined;
    for (const ws of server.sockets) ws.terminate();
    await watched.until(() => watched.of("snapshot").length === 2);
    const rules = watched.of("snapshot").map(({ legs: [leg] }) => leg?.did?.ruleName);
    expect(rules).toEqual(["", "Main line"]);
    expect(server.count("GET /xapi/v1/Peers")).toBe(1);
  });

  it("may be closed: calls are watched all the same, and the operator is told once", async () => {
    const server = await pbx();
    server.intercept = (path) => (path.startsWith("/xapi") ? { status: 403 } : undefined);
    const watched = watch(server.url, { limits: { directoryRefreshMs: 10 } });
    await watched.live();
    server.upsert(participant("100", 1, { party_did: "420222000100" }));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.of("legChanged")[0]?.leg).toMatchObject({
      dnKind: "extension",
      party: { kind: "trunk" },
      did: { number: "420222000100", ruleName: "" },
    });
    await watched.until(() => server.count("GET /xapi/v1/Peers") >= 3);
    expect(watched.lines.filter((line) => line.includes("Configuration API"))).toHaveLength(1);
  });

  it("does without wishes that a build refuses", async () => {
    const server = await pbx();
    server.legs.set("100/1", participant("100", 1, { party_did: "420222000100" }));
    server.xapi.set("InboundRules", [rule]);
    server.intercept = (path) => (/\$(?:expand|select)=/.test(path) ? { status: 400 } : undefined);
    const watched = watch(server.url);
    await watched.live();
    expect(watched.of("snapshot")[0]?.legs[0]?.did?.ruleName).toBe("Main line");
  });
});
