/** The service with a simulated PBX and a receiver: readiness, and what a new configuration changes. */
import { afterEach, describe, expect, it } from "vitest";
import { comesTrue, type Embedded, embed, watching } from "../test/support/embedded.ts";
import type { Config } from "./config/config.ts";
import { createSimulator, type Simulator } from "./simulator/server.ts";

const open: { end(): Promise<void> }[] = [];
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.end();
});

async function begin(): Promise<Embedded> {
  const world = await embed({ settings: { flickerChance: 0 } });
  open.push(world);
  return world;
}

async function secondPbx(): Promise<Simulator> {
  const simulator = await createSimulator({ settings: { flickerChance: 0 } });
  open.push({ end: () => simulator.close() });
  return simulator;
}

const sectionsOf = (two: Simulator, inboxUrl: string) => [
  "[pbx.two]",
  `URL = ${two.url}`,
  `CLIENT_ID = ${two.client.clientId}`,
  `CLIENT_SECRET = ${two.client.clientSecret}`,
  "[endpoint.two]",
  "PBX = two",
  `URL = ${inboxUrl}/two`,
];

/** An incoming call rings at 150 and is given up. */
async function missedCall({ simulator }: Pick<Embedded, "simulator">): Promise<void> {
  await simulator.play("missed-by-extension", 0);
}

const told = ({ inbox }: Embedded) =>
  inbox.webhooks().map(({ path, fields }) => `${path} ${String(fields.event)}`);

const until = (world: Embedded, lines: readonly string[]) =>
  world.facts
    .until(
      () => told(world).length >= lines.length,
      `${lines.length} webhooks`,
      () => told(world).join(),
    )
    .then(() => expect(told(world).toSorted()).toEqual(lines.toSorted()));

async function reloaded({ service, simulator }: Embedded, config: Config): Promise<void> {
  await service.reload(config);
  await watching(simulator, service);
}

const since = ({ service }: Embedded, pbx: string) => {
  const status = service.sources().get(pbx);
  return status?.state === "live" ? status.sinceAt : null;
};

describe("service", () => {
  it("is ready while the PBX is watched, and tells what is amiss when it is not", async () => {
    const { service, simulator } = await begin();
    expect(await service.unready()).toEqual([]);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await simulator.close();
    const lost = () => service.sources().get("main")?.state !== "live";
    await comesTrue(lost, "the loss to be noticed");
    const answer = await fetch(`${service.url}/readyz`);
    expect(answer.status).toBe(503);
    const { reasons } = (await answer.json()) as { reasons: unknown };
    expect(reasons).toEqual([{ part: "pbx.main", reason: expect.stringMatching(/\S/) }]);
  });

  it("sends to the endpoint as the new configuration has it, and keeps its PBX connection", async () => {
    const world = await begin();
    const before = since(world, "main");
    await missedCall(world);
    await until(world, ["/calls ringing", "/calls incoming"]);
    await reloaded(world, await world.config([`WEBHOOK_URL = ${world.inbox.url}/new`, "POST = 0"]));
    expect(since(world, "main")).toBe(before);
    world.inbox.clear();
    await missedCall(world);
    await world.facts.until(() => told(world).length >= 2, "two webhooks");
    expect(world.inbox.webhooks().map(({ method, path }) => [method, path.split("?")[0]])).toEqual([
      ["GET", "/new"],
      ["GET", "/new"],
    ]);
  });

  it("watches a PBX that was added, and no more once it is removed", async () => {
    const world = await begin();
    const two = await secondPbx();
    await reloaded(world, await world.config([], sectionsOf(two, world.inbox.url)));
    expect([...world.service.sources().keys()]).toEqual(["main", "two"]);
    await missedCall({ simulator: two });
    await until(world, ["/two ringing", "/two incoming"]);
    await missedCall(world);
    const all = ["/two ringing", "/two incoming", "/calls ringing", "/calls incoming"];
    await until(world, all);
    await reloaded(world, await world.config());
    expect([...world.service.sources().keys()]).toEqual(["main"]);
    await comesTrue(() => two.sockets() === 0, "the second PBX to be left alone");
    expect(await world.service.unready()).toEqual([]);
  });

  it("connects anew to a PBX that was changed; a call that goes on is told once and to its end", async () => {
    const world = await begin();
    const before = since(world, "main");
    const call = world.simulator.pbx.incoming({
      from: "420777000001",
      name: "",
      did: "420222000150",
    });
    await until(world, ["/calls ringing"]);
    await reloaded(world, await world.config(["ACTIVE_CALLS_POLL_MS = 500"]));
    expect(since(world, "main")).not.toBe(before);
    world.simulator.pbx.outsideHangsUp(call.id);
    await until(world, ["/calls ringing", "/calls incoming"]);
  });

  it("notices a new secret of a PBX, which does not print", async () => {
    const world = await begin();
    await world.service.reload(await world.config(["PBX_CLIENT_SECRET = wrong"]));
    const refused = () => world.service.sources().get("main")?.state === "refused";
    await comesTrue(refused, "a refusal");
    const [reason] = await world.service.unready();
    expect(reason?.reason).toMatch(/does not accept client id/);
    expect(JSON.stringify(reason)).not.toContain("wrong");
  });

  it("stays at its address until the next start", async () => {
    const world = await begin();
    const { url } = world.service;
    await world.service.reload(await world.config(["LISTEN = 127.0.0.1:1"]));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it("never sends to its own server, and tells why", async () => {
    const world = await begin();
    await reloaded(world, await world.config([`WEBHOOK_URL = ${world.service.url}/hook`]));
    await missedCall(world);
    const failure = () => world.service.endpoints()[0]?.lastFailure ?? null;
    await comesTrue(() => failure() !== null, "an attempt");
    expect(failure()?.outcome).toMatch(/^failed \(address\): .* our own server \(LISTEN\)/);
  });

  it("tells of a stretch that nobody can fill in, to who asked for gaps", async () => {
    const world = await begin();
    const section = ["[endpoint.ops]", `URL = ${world.inbox.url}/ops`, "EXTRA_EVENTS = gap"];
    await reloaded(world, await world.config([], section));
    const wasLive = since(world, "main") ?? 0;
    world.simulator.change({ xapi: "forbidden" });
    world.simulator.cutSockets();
    await until(world, ["/ops gap"]);
    const [got] = world.inbox.webhooks();
    const { pbx, from, to, reason } = (got?.fields ?? {}) as Record<string, string>;
    expect({ pbx, reason }).toEqual({ pbx: "main", reason: "connection" });
    expect(Date.parse(to ?? "")).toBeGreaterThan(wasLive);
    expect(Date.parse(from ?? "")).toBe(Math.floor(wasLive));
    const id = got?.headers["webhook-id"];
    expect(id).toBe(`main_gap_${Date.parse(from ?? "")}-${Date.parse(to ?? "")}`);
  });

  it("tells nothing of before it watched a PBX for the first time, though the call log has it", async () => {
    const world = await begin();
    const two = await secondPbx();
    await missedCall({ simulator: two });
    await reloaded(world, await world.config([], sectionsOf(two, world.inbox.url)));
    const before = since(world, "two");
    two.cutSockets();
    await comesTrue(() => ![null, before].includes(since(world, "two")), "the second look");
    await missedCall({ simulator: two });
    await until(world, ["/two ringing", "/two incoming"]);
  });

  it("tells why a phone stopped ringing, as far as the queue's ring time shows it", async () => {
    const world = await begin();
    await reloaded(world, await world.config(["EXTRA_EVENTS = ringstop"]));
    const from = { from: "420777000001", name: "", did: "420222000100" };
    const { id } = world.simulator.pbx.incoming(from);
    const rung = () => told(world).filter((line) => line.endsWith("ringing")).length;
    await world.facts.until(
      () => rung() >= 4,
      "the queue and its agents",
      () => told(world).join(),
    );
    world.simulator.pbx.reject("101", id);
    const stops = () =>
      world.inbox.webhooks().flatMap(({ fields: { event, user, reason } }) => {
        return event === "ringstop" ? [`${String(user)} ${String(reason)}`] : [];
      });
    await world.facts.until(() => stops().length > 0, "a phone to stop");
    expect(stops()).toEqual(["101 rejected"]);
  });

  it("sends the body of a template", async () => {
    const world = await begin();
    const section = ["[endpoint.crm]", `URL = ${world.inbox.url}/crm/{{user}}?tenant=7`];
    const template = 'TEMPLATE = {"who":{{user}},"event":"{{event}}","s":{{number:talkseconds}}}';
    await reloaded(world, await world.config([], [...section, "EVENTS = ended", template]));
    await missedCall(world);
    await world.facts.until(
      () => told(world).some((line) => line.startsWith("/crm")),
      "its webhook",
    );
    const [got] = world.inbox.webhooks().filter(({ path }) => path.startsWith("/crm"));
    expect([got?.path, got?.body]).toEqual([
      "/crm/150?tenant=7",
      '{"who":"150","event":"incoming","s":0}',
    ]);
  });
});
