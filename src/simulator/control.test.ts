/** The control API: what people do, over HTTP. */
import { afterEach, describe, expect, it } from "vitest";
import { createSimulator, type Simulator } from "./server.ts";

const open: Simulator[] = [];

afterEach(async () => {
  for (const sim of open.splice(0)) await sim.close();
});

async function start() {
  const sim = await createSimulator({ settings: { didRoutingMs: 0, flickerChance: 0 } });
  open.push(sim);
  const ask = async (method: string, path: string, body?: object, type = "application/json") => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { "content-type": type };
    const response = await fetch(`${sim.url}/simulator/${path}`, { method, headers, ...init });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return {
    sim,
    get: (path: string) => ask("GET", path),
    post: (path: string, body: object = {}, type?: string) => ask("POST", path, body, type),
  };
}

function rung(sim: Simulator, dn: string): Promise<void> {
  return new Promise((resolve) => {
    const forget = sim.pbx.on((event) => {
      if (event.kind !== "upsert" || event.leg.dn !== dn) return;
      forget();
      resolve();
    });
  });
}

describe("control API", () => {
  it("places a call, answers, hangs up, and shows the state in between", async () => {
    const { sim, get, post } = await start();
    const ringing = rung(sim, "150");
    expect((await post("call", { from: "420777000001", did: "420222000150" })).body).toEqual({
      callid: 1,
    });
    await ringing;
    expect((await post("answer", { dn: "150" })).status).toBe(200);
    const { body } = await get("state");
    expect(body.calls).toMatchObject([{ id: 1, status: "Talking" }]);
    expect(body.legs).toMatchObject([{ dn: "10007" }, { dn: "150", status: "Connected" }]);
    expect((await post("hangup", { callid: 1 })).status).toBe(200);
    expect(sim.pbx.calls()).toEqual([]);
  });

  it("plays scenes and lists them", async () => {
    const { get, post } = await start();
    const scene = "outgoing-unanswered";
    expect((await post("play", { scene, pace: 0 })).body).toEqual({ scene, over: true });
    expect((await get("scenes")).body).toContainEqual(expect.objectContaining({ name: scene }));
  });

  it("changes switches, all or none", async () => {
    const { sim, post } = await start();
    expect((await post("settings", { holdStatus: "hold" })).status).toBe(200);
    expect(sim.pbx.settings).toMatchObject({ holdStatus: "hold", didRoutingMs: 0 });
    expect((await post("settings", { partyDid: "all", nonsense: 1 })).status).toBe(400);
    expect(sim.pbx.settings.partyDid).toBe("routepoint");
  });

  it("says in a sentence what cannot be done", async () => {
    const { get, post } = await start();
    expect(await post("answer", { dn: "150" })).toEqual({
      status: 409,
      body: { error: "Expected a call ringing at 150, there is none. Ringing: nowhere." },
    });
    expect((await post("play", { scene: "opera" })).body.error).toMatch(/^Expected the name of a/);
    expect((await post("answer", { dn: 1 })).status).toBe(400);
    expect((await post("nothing")).status).toBe(404);
    expect((await get("nothing")).status).toBe(404);
  });

  it("takes no request that a web page could send by itself", async () => {
    const { post } = await start();
    expect((await post("restart", {}, "text/plain")).status).toBe(415);
  });

  it("never shows the client's secret", async () => {
    const { sim, get } = await start();
    const { body } = await get("directory");
    expect(JSON.stringify(body)).not.toContain(sim.client.clientSecret);
  });
});
