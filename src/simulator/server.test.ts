/** What the simulator owes on the wire: each item of the list of a V20's habits is a test here. */
import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { afterEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import type { WireDnInfo, WireFrame, WireParticipant } from "../source/threecx/wire.ts";
import { onFrame, onPath } from "./behaviours.ts";
import { type ApiClient, defaultDirectory } from "./directory.ts";
import { createSimulator, type Simulator, type SimulatorOptions } from "./server.ts";
import { VirtualClock } from "./virtualClock.ts";

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(options: SimulatorOptions = {}) {
  const clock = new VirtualClock();
  const settings = { flickerChance: 0, duplicateUpsertChance: 0, ...options.settings };
  const sim = await createSimulator({ clock, random: () => 0.5, ...options, settings });
  open.push(() => sim.close());
  return { sim, clock, url: sim.url };
}

function form(sim: Simulator, patch: Readonly<Record<string, string>> = {}) {
  return {
    client_id: sim.client.clientId,
    client_secret: sim.client.clientSecret,
    grant_type: "client_credentials",
    ...patch,
  };
}

async function logIn(sim: Simulator, body: URLSearchParams | FormData) {
  const response = await fetch(`${sim.url}/connect/token`, { method: "POST", body });
  return { status: response.status, body: await json(response) };
}

async function json(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json();
  return typeof value === "object" && value !== null ? { ...value } : {};
}

async function tokenOf(sim: Simulator, patch = {}): Promise<string> {
  const { body } = await logIn(sim, new URLSearchParams(form(sim, patch)));
  return String(body.access_token);
}

function client(sim: Simulator, token: string) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const call = async (method: string, path: string, body?: object) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(sim.url + path, { method, headers, ...init });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  };
  return {
    get: (path: string) => call("GET", path),
    post: (path: string, body: object = {}) => call("POST", path, body),
  };
}

async function socket(sim: Simulator, token: string) {
  const url = `${sim.url.replace("http", "ws")}/callcontrol/ws`;
  const ws = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  open.push(() => ws.terminate());
  const frames: WireFrame[] = [];
  const texts: string[] = [];
  const waiting: { readonly count: number; readonly go: () => void }[] = [];
  ws.on("message", (data) => {
    texts.push(data.toString());
    try {
      frames.push(JSON.parse(data.toString()) as WireFrame);
    } catch {
      // Garbled on purpose.
    }
    for (const each of waiting.splice(0)) {
      if (texts.length >= each.count) each.go();
      else waiting.push(each);
    }
  });
  await once(ws, "open");
  return {
    ws,
    frames,
    texts,
    count: (count: number) =>
      new Promise<void>((go) => {
        if (texts.length >= count) go();
        else waiting.push({ count, go });
      }),
    brief: () => frames.map(({ event }) => `${event.event_type} ${event.entity}`),
  };
}

async function connected(options: SimulatorOptions = {}) {
  const { sim, clock } = await start(options);
  const token = await tokenOf(sim);
  return { sim, clock, token, api: client(sim, token), ws: await socket(sim, token) };
}

async function refusedUpgrade(sim: Simulator, token: string, query = ""): Promise<number> {
  const url = `${sim.url.replace("http", "ws")}/callcontrol/ws${query}`;
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  const ws = new WebSocket(url, { headers });
  return new Promise((resolve, reject) => {
    ws.on("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      ws.on("error", () => {});
      ws.terminate();
    });
    ws.on("open", () => reject(new Error("Expected a refusal, the socket opened.")));
  });
}

const entity = (dn: string, id: number) => `/callcontrol/${dn}/participants/${id}`;

describe("log-in", () => {
  it("takes the form urlencoded and multipart", async () => {
    const { sim } = await start();
    const multipart = new FormData();
    for (const [name, value] of Object.entries(form(sim))) multipart.append(name, value);
    for (const body of [new URLSearchParams(form(sim)), multipart]) {
      const { status, body: answer } = await logIn(sim, body);
      expect(status).toBe(200);
      expect(Object.keys(answer)).toEqual([
        "token_type",
        "expires_in",
        "access_token",
        "refresh_token",
      ]);
      expect(answer).toMatchObject({ token_type: "Bearer", refresh_token: null });
      const api = client(sim, String(answer.access_token));
      expect((await api.get("/callcontrol")).status).toBe(200);
    }
  });

  it.each([60, 3600] as const)("says expires_in %i", async (expiresIn) => {
    const { sim } = await start({ settings: { expiresIn } });
    const { body } = await logIn(sim, new URLSearchParams(form(sim)));
    expect(body.expires_in).toBe(expiresIn);
  });

  it.each([401, 400] as const)("refuses a wrong secret with %i", async (badLogin) => {
    const { sim } = await start({ settings: { badLogin } });
    const wrong = new URLSearchParams(form(sim, { client_secret: "x" }));
    expect((await logIn(sim, wrong)).status).toBe(badLogin);
  });

  it("invalidates the former token of the client, unless switched off", async () => {
    for (const [oneToken, status] of [
      [true, 401],
      [false, 200],
    ] as const) {
      const { sim } = await start({ settings: { oneToken } });
      const first = await tokenOf(sim);
      await tokenOf(sim);
      expect((await client(sim, first).get("/callcontrol")).status).toBe(status);
    }
  });

  it("a token dies with its lifetime", async () => {
    const { sim, clock } = await start();
    const api = client(sim, await tokenOf(sim));
    clock.advance(3_599_999);
    expect((await api.get("/callcontrol")).status).toBe(200);
    clock.advance(1);
    expect((await api.get("/callcontrol")).status).toBe(401);
  });

  it("a bad token gets 401 on REST and before the upgrade; none is taken from the query", async () => {
    const { sim } = await start();
    expect((await client(sim, "junk").get("/callcontrol")).status).toBe(401);
    expect(await refusedUpgrade(sim, "junk")).toBe(401);
    expect(await refusedUpgrade(sim, "")).toBe(401);
    const token = await tokenOf(sim);
    expect(await refusedUpgrade(sim, "", `?access_token=${token}`)).toBe(401);
    expect((await fetch(`${sim.url}/callcontrol?access_token=${token}`)).status).toBe(401);
  });
});

describe("what a client sees", () => {
  const limited = (patch: Partial<ApiClient>) => {
    const directory = defaultDirectory();
    return { ...directory, clients: directory.clients.map((row) => ({ ...row, ...patch })) };
  };

  it("its route point, then the listed DNs; 403 for others, 404 for unknown ones", async () => {
    const { sim, api } = await connected({ directory: limited({ monitored: ["101", "800"] }) });
    const list = (await api.get("/callcontrol")).body as WireDnInfo[];
    expect(list.map(({ dn, type }) => `${dn} ${type}`)).toEqual([
      "offhook Wroutepoint",
      "101 Wextension",
      "800 Wqueue",
    ]);
    expect((await api.get("/callcontrol/102")).status).toBe(403);
    expect((await api.get("/callcontrol/999")).status).toBe(404);
    expect((await api.post("/callcontrol/102/makecall", { destination: "101" })).status).toBe(403);
    sim.change({ showQueues: false });
    expect((await api.get("/callcontrol/800")).status).toBe(403);
  });

  it("no event of a DN that is not listed", async () => {
    const { sim, ws } = await connected({ directory: limited({ monitored: ["102"] }) });
    sim.pbx.dial("101", "102");
    await ws.count(1);
    sim.pbx.hangUp("101");
    await ws.count(2);
    expect(ws.brief()).toEqual([`0 ${entity("102", 2)}`, `1 ${entity("102", 2)}`]);
  });

  it.each([403, 401] as const)("%i if call control is off", async (callControlOff) => {
    const directory = limited({ callControl: false });
    const { sim } = await start({ directory, settings: { callControlOff } });
    const token = await tokenOf(sim);
    expect((await client(sim, token).get("/callcontrol")).status).toBe(callControlOff);
    expect(await refusedUpgrade(sim, token)).toBe(callControlOff);
  });

  it("devices, by their encoded id", async () => {
    const { api } = await connected();
    const id = "sip:101@127.0.0.1:5483";
    const device = { dn: "101", device_id: id, user_agent: "3CX Mobile Client" };
    expect((await api.get("/callcontrol/101/devices")).body).toEqual([device]);
    const path = `/callcontrol/101/devices/${encodeURIComponent(id)}`;
    expect((await api.get(path)).body).toEqual(device);
    expect((await api.get("/callcontrol/101/devices/sip%3Anobody")).status).toBe(404);
  });
});

describe("events", () => {
  it("carry no data, rise by one, and can be read by GET at once; 404 after Remove", async () => {
    const { sim, api, ws } = await connected();
    sim.pbx.dial("101", "102");
    await ws.count(2);
    expect(ws.frames[0]).toEqual({
      sequence: 1,
      event: { event_type: 0, entity: entity("101", 1), attached_data: null },
    });
    const { body } = await api.get(entity("102", 2));
    expect(Object.keys(body as object)).toHaveLength(18);
    expect(body).toMatchObject({
      id: 2,
      status: "Ringing",
      dn: "102",
      party_dn: "101",
      party_dn_type: "Wextension",
      originated_by_dn: "",
      originated_by_type: "None",
      callid: 1,
      legid: 2,
    } satisfies Partial<WireParticipant>);
    sim.pbx.hangUp("101");
    await ws.count(4);
    expect(ws.frames.map((each) => each.sequence)).toEqual([1, 2, 3, 4]);
    expect((await api.get(entity("102", 2))).status).toBe(404);
    expect(ws.texts.join()).not.toMatch(/ended|reason|cause/i);
  });

  it("an Upsert may come twice", async () => {
    const { sim, ws } = await connected({ settings: { duplicateUpsertChance: 1 } });
    sim.pbx.dial("101", "420777000002");
    await ws.count(2);
    expect(ws.brief()).toEqual([`0 ${entity("101", 1)}`, `0 ${entity("101", 1)}`]);
    expect(ws.frames.map((each) => each.sequence)).toEqual([1, 2]);
  });

  it("a Remove may come before anybody can GET", async () => {
    const { sim, api, ws } = await connected({ settings: { flickerChance: 1 } });
    sim.pbx.dial("101", "102");
    await ws.count(4);
    expect(ws.brief().slice(1)).toEqual([
      `0 ${entity("102", 2)}`,
      `1 ${entity("102", 2)}`,
      `0 ${entity("102", 3)}`,
    ]);
    expect((await api.get(entity("102", 2))).status).toBe(404);
  });

  it.each([
    ["before", 200],
    ["after", 404],
  ] as const)("a late GET shows the state %s its delay", async (getReads, status) => {
    const { sim, api, clock } = await connected({ settings: { getDelayMs: 100, getReads } });
    sim.pbx.dial("101", "102");
    const asked = api.get(entity("101", 1));
    await asking(sim);
    sim.pbx.hangUp("101");
    clock.advance(100);
    expect((await asked).status).toBe(status);
  });

  it("numbers begin anew with each connection, or go on, as switched", async () => {
    for (const [sequence, expected] of [
      ["perConnection", 1],
      ["perServer", 5],
    ] as const) {
      const { sim, token, ws } = await connected({ settings: { sequence } });
      sim.pbx.dial("101", "102");
      sim.pbx.hangUp("101");
      await ws.count(4);
      const second = await socket(sim, token);
      sim.pbx.dial("101", "420777000002");
      await second.count(1);
      expect(second.frames[0]?.sequence).toBe(expected);
    }
  });

  it("a restart cuts sockets and tokens; ids and call numbers begin anew", async () => {
    const { sim, api, ws } = await connected();
    sim.pbx.dial("101", "102");
    await ws.count(2);
    const closed = once(ws.ws, "close");
    sim.pbx.restart();
    await closed;
    expect((await api.get("/callcontrol")).status).toBe(401);
    const again = await socket(sim, await tokenOf(sim));
    sim.pbx.dial("101", "420777000002");
    await again.count(1);
    expect(again.brief()).toEqual([`0 ${entity("101", 1)}`]);
  });
});

/** Resolves once a request waits inside the simulator. */
function asking(sim: Simulator): Promise<void> {
  return new Promise((resolve) => {
    const forget = sim.deviate((occasion) => {
      if (occasion.kind !== "request") return undefined;
      forget();
      setImmediate(resolve);
      return undefined;
    });
  });
}

describe("the socket", () => {
  it("pongs, and ignores what it does not understand", async () => {
    const { sim, ws } = await connected();
    for (const junk of ["", "hello", '{"protocol":"json","version":1}\u001e', "[]", "null", "7"]) {
      ws.ws.send(junk);
    }
    ws.ws.send(JSON.stringify({ subscribe: true }));
    ws.ws.send(Buffer.from([0xff, 0x00]));
    ws.ws.ping();
    await once(ws.ws, "pong");
    sim.pbx.dial("101", "420777000002");
    await ws.count(1);
    expect(ws.brief()).toEqual([`0 ${entity("101", 1)}`]);
  });

  it('answers requests with type 4, also with RequestData ""', async () => {
    const { ws } = await connected();
    ws.ws.send('{"RequestID":"123","Path":"/callcontrol","RequestData":""}');
    await ws.count(1);
    const { event } = ws.frames[0] as WireFrame;
    expect(event.event_type).toBe(4);
    expect(event.attached_data).toMatchObject({
      RequestID: "123",
      Path: "/callcontrol",
      StatusCode: 200,
    });
    const Path = "/callcontrol/101/makecall";
    ws.ws.send(JSON.stringify({ RequestID: "124", Path, RequestData: { Destination: "102" } }));
    await ws.count(3);
    const answers = ws.frames.filter((each) => each.event.event_type === 4);
    expect(answers[1]?.event.attached_data).toMatchObject({
      StatusCode: 200,
      Response: { finalstatus: "Success", result: { party_caller_id: "102" } },
    });
    ws.ws.send('{"RequestID":"125","Path":"/elsewhere"}');
    await ws.count(4);
    expect(ws.frames[3]?.event.attached_data).toMatchObject({ StatusCode: 404 });
  });

  it("tells an application of keys pressed on its own leg", async () => {
    const { sim, clock, ws } = await connected();
    const call = sim.pbx.incoming({ from: "420777000001", did: "420222000900" });
    clock.advance(50);
    sim.pbx.press(call.id, "1");
    await ws.count(2);
    expect(ws.frames[1]?.event).toEqual({
      event_type: 2,
      entity: entity("offhook", 2),
      attached_data: { dtmf_input: "1" },
    });
  });
});

describe("control", () => {
  it("makecall, answer, drop, and what cannot be done", async () => {
    const { sim, api } = await connected();
    const id = encodeURIComponent("sip:101@127.0.0.1:5483");
    const made = await api.post(`/callcontrol/101/devices/${id}/makecall`, { destination: "102" });
    expect(made).toMatchObject({
      status: 200,
      body: {
        finalstatus: "Success",
        reason: "NotSpecified",
        reasontext: "Dialing",
        result: { id: 1, status: "Dialing", party_dn: "", party_dn_type: "None", legid: 1 },
      },
    });
    expect((await api.post(`${entity("101", 1)}/answer`)).status).toBe(422);
    expect((await api.post(`${entity("101", 1)}/drop`)).status).toBe(200);
    expect((await api.post(`${entity("101", 1)}/drop`)).status).toBe(404);
    const nobody = "/callcontrol/101/devices/sip%3Anobody/makecall";
    expect((await api.post(nobody, { destination: "102" })).status).toBe(422);
    expect(sim.pbx.calls()).toEqual([]);
  });

  it("sound of a route-point leg flows both ways until the leg is gone", async () => {
    const { sim, clock, token } = await connected();
    sim.pbx.incoming({ from: "420777000001", did: "420222000900" });
    clock.advance(50);
    const headers = { authorization: `Bearer ${token}` };
    const path = `${sim.url}${entity("offhook", 2)}/stream`;
    const sound = await fetch(path, { headers });
    expect(sound.status).toBe(200);
    const reader = sound.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(320);
    const sent = fetch(path, { method: "POST", headers, body: Buffer.alloc(3200) });
    expect((await sent).status).toBe(200);
    sim.pbx.hangUp("offhook");
    while (!(await reader?.read())?.done);
    expect((await fetch(path, { headers })).status).toBe(404);
  });
});

describe("behaviours", () => {
  it("a request may be answered otherwise, cut, or delayed; then the default again", async () => {
    const { sim, api, clock } = await connected();
    sim.deviate(onPath(/^\/callcontrol/, { do: "cut" }, 1));
    sim.deviate(onPath(/^\/callcontrol/, { do: "answer", status: 500, body: "<html>" }, 1));
    const answer = await fetch(`${sim.url}/callcontrol`);
    expect([answer.status, await answer.text()]).toEqual([500, "<html>"]);
    await expect(api.get("/callcontrol")).rejects.toThrow();
    sim.deviate(onPath(/^\/callcontrol/, { do: "delay", ms: 1000 }, 1));
    const late = api.get("/callcontrol");
    await asking(sim);
    clock.advance(1000);
    expect((await late).status).toBe(200);
  });

  it("a frame may be dropped, sent twice, garbled; a dropped one leaves a gap", async () => {
    const { sim, ws } = await connected();
    sim.deviate(onFrame(/101/, { do: "drop" }, 1));
    sim.deviate(onFrame(/102/, { do: "twice" }, 1));
    sim.pbx.dial("101", "102");
    await ws.count(2);
    expect(ws.frames.map((each) => each.sequence)).toEqual([2, 3]);
    sim.deviate(onFrame(/./, { do: "garble", text: "{" }, 1));
    sim.pbx.hangUp("101");
    await ws.count(4);
    expect(ws.texts[2]).toBe("{");
  });

  it("an upgrade may be refused", async () => {
    const { sim } = await start();
    sim.deviate(onPath(/ws$/, { do: "answer", status: 503 }, 1));
    expect(await refusedUpgrade(sim, await tokenOf(sim))).toBe(503);
  });
});

describe("https", () => {
  it("serves with a certificate for 127.0.0.1 that a client can trust", async () => {
    const { sim } = await start({ tls: true });
    const status = await new Promise<number>((resolve, reject) => {
      const url = `${sim.url}/callcontrol`;
      httpsRequest(url, { ca: sim.certificate ?? "", agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(401);
  });
});
