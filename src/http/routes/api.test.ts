/** The admin API as any program may speak to it. */
import { afterEach, describe, expect, it } from "vitest";
import { ANY_DELIVERY } from "../../outbox/lookup.ts";
import { type HttpServer, startHttp } from "../server.ts";
import type { Admin } from "./api.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

const token = "correct horse battery".replaceAll(" ", "-");

/** Answers with what it was asked. */
async function api(patch: Partial<Admin> = {}) {
  const asked: unknown[] = [];
  const admin: Admin = {
    token: () => token,
    endpoints: async () => [],
    resume: async (name) => name === "crm",
    list: async (...args) => {
      asked.push(args);
      return { rows: [], next: null };
    },
    show: async () => null,
    replay: async (order) => {
      asked.push(order);
      return { replayed: 0, until: 0, next: null };
    },
    recordings: {
      find: async (...args) => {
        asked.push(args);
        return [];
      },
      retry: async () => false,
      remove: async () => 0,
    },
    ...patch,
  };
  const unready = async () => [];
  const server = await startHttp({ host: "127.0.0.1", port: 0, version: "1", unready, admin });
  open.push(server);
  const ask = (
    path: string,
    body?: unknown,
    authorization = `Bearer ${token}`,
    type = "application/json",
  ) =>
    fetch(`${server.url}/api${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization,
        ...(body === undefined ? {} : { "content-type": type }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { ask, asked };
}

describe("the admin API", () => {
  it.each(["", "Bearer", "Bearer wrong", `Basic ${token}`, `Bearer ${token}x`, `Bearer  ${token}`])(
    "is closed to %j",
    async (authorization) => {
      const { ask, asked } = await api();
      for (const path of ["/endpoints", "/deliveries/1"]) {
        const answer = await ask(path, undefined, authorization);
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
      const all = { filter: {}, through: 1 };
      expect((await ask("/replay", all, authorization)).status).toBe(401);
      expect(asked).toEqual([]);
    },
  );

  it("hands on what is asked, with what was left out", async () => {
    const { ask, asked } = await api();
    const answer = await ask("/deliveries/list", {
      ...{ filter: { states: ["dead"], kinds: ["gap", "hangupincoming"] }, limit: 5 },
    });
    expect(await answer.json()).toEqual({ rows: [], next: null });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const filter = { ...ANY_DELIVERY, states: ["dead"], kinds: ["gap", "hangupincoming"] };
    expect(asked).toEqual([[filter, { after: null, limit: 5, order: "newest" }]]);
    await ask("/replay", { filter: { endpoint: null, ids: [1] }, through: 7, after: 3 });
    expect(asked[1]).toEqual({ filter: { ...ANY_DELIVERY, ids: [1] }, through: 7, after: 3 });
  });

  it.each([
    ["/replay", {}],
    ["/replay", { filter: {}, through: "7" }],
    // Left out, it would replay everything.
    ["/replay", { filter: { endpiont: "crm" }, through: 7 }],
    ["/replay", { filter: { states: ["lost"] }, through: 7 }],
    ["/replay", { filter: { ids: Array.from({ length: 1001 }, () => 1) }, through: 7 }],
    ["/deliveries/list", { limit: 1001 }],
    ["/deliveries/list", { filter: { user: 101 } }],
    ["/deliveries/list", { filter: { eventId: 1 } }],
    ["/deliveries/list", { filter: { kinds: ["hangup"] } }],
  ])("refuses %s %j", async (path, body) => {
    const { ask, asked } = await api();
    expect((await ask(path, body)).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it.each([
    [
      { kinds: ["hangup"] },
      /^body\/filter\/kinds\/0 .* allowed values: ringing, dialing, answered,/,
    ],
    [{ states: ["lost"] }, /: pending, delivered, dead, expired$/],
    [{ endpiont: "crm" }, /^body\/filter .*: endpiont$/],
    [{ user: 101 }, /^body\/filter\/user must be string$/],
  ])("says of the filter %j what is wrong with it", async (filter, message) => {
    const { ask } = await api();
    const answer = await ask("/deliveries/list", { filter });
    expect(await answer.json()).toEqual({ error: expect.stringMatching(message) });
  });

  it("says what a body must say that it is", async () => {
    const { ask } = await api();
    const answer = await ask("/deliveries/list", {}, undefined, "text/csv");
    expect([answer.status, await answer.json()]).toEqual([
      415,
      { error: "Expected the header Content-Type: application/json." },
    ]);
  });

  it("knows what is not there", async () => {
    const { ask } = await api();
    expect((await ask("/deliveries/9")).status).toBe(404);
    expect((await ask("/deliveries/x")).status).toBe(400);
    expect((await ask("/endpoints/nobody/resume", {})).status).toBe(404);
    expect((await ask("/endpoints/crm/resume", {})).status).toBe(200);
    const nothing = await ask("/nothing?x=1");
    expect([nothing.status, await nothing.json()]).toEqual([
      404,
      { error: "There is nothing at GET /api/nothing." },
    ]);
  });
});

describe("recordings in the admin API", () => {
  it.each([
    ["/recordings/list", {}, [{ by: "all" }, 100]],
    ["/recordings/list", { state: "failed", limit: 3 }, [{ by: "state", state: "failed" }, 3]],
    [
      "/recordings/retry",
      { call: "230115121143_9" },
      [{ by: "call", callId: "230115121143_9", link: null }, 10_000],
    ],
    [
      "/recordings/delete",
      { call: "230115121143_9-2" },
      [{ by: "call", callId: "230115121143_9", link: 2 }, 10_000],
    ],
    [
      "/recordings/delete",
      { callerid: "+420 (777) 000-001" },
      [{ by: "callerid", callerid: "420777000001" }, 10_000],
    ],
    [
      "/recordings/delete",
      { callerid: "anonymous" },
      [{ by: "callerid", callerid: "anonymous" }, 10_000],
    ],
  ])("%s %j", async (path, body, query) => {
    const { ask, asked } = await api();
    expect((await ask(path, body)).status).toBe(200);
    expect(asked).toEqual([query]);
  });

  it.each([
    ["/recordings/retry", {}],
    ["/recordings/delete", {}],
    ["/recordings/delete", { state: "announced" }],
    ["/recordings/delete", { call: "230115121143_9", callerid: "1" }],
    ["/recordings/delete", { call: "../../etc/passwd" }],
    ["/recordings/delete", { call: "" }],
    ["/recordings/delete", { callerid: 420777000001 }],
    ["/recordings/list", { limit: 100_000 }],
  ])("%s refuses %j", async (path, body) => {
    const { ask, asked } = await api();
    expect((await ask(path, body)).status).toBe(400);
    expect((await ask(path, body, "Bearer wrong")).status).toBe(401);
    expect(asked).toEqual([]);
  });
});
