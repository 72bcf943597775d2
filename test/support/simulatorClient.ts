/** For tests: a simulator on a free port and a client that notes what it is told. */
import { once } from "node:events";
import WebSocket from "ws";
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from "../../src/simulator/server.ts";
import { VirtualClock } from "../../src/simulator/virtualClock.ts";
import type { WireFrame } from "../../src/source/threecx/wire.ts";

const open: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}

export async function start(options: SimulatorOptions = {}) {
  const clock = new VirtualClock();
  const settings = { flickerChance: 0, duplicateUpsertChance: 0, ...options.settings };
  const sim = await createSimulator({ clock, random: () => 0.5, ...options, settings });
  open.push(() => sim.close());
  return { sim, clock, url: sim.url };
}

export function form(sim: Simulator, patch: Readonly<Record<string, string>> = {}) {
  return {
    client_id: sim.client.clientId,
    client_secret: sim.client.clientSecret,
    grant_type: "client_credentials",
    ...patch,
  };
}

export async function logIn(sim: Simulator, body: URLSearchParams | FormData) {
  const response = await fetch(`${sim.url}/connect/token`, { method: "POST", body });
  return { status: response.status, body: await json(response) };
}

async function json(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json();
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export async function tokenOf(sim: Simulator, patch = {}): Promise<string> {
  const { body } = await logIn(sim, new URLSearchParams(form(sim, patch)));
  return String(body.access_token);
}

export function client(sim: Simulator, token: string) {
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

export async function socket(sim: Simulator, token: string) {
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

export async function connected(options: SimulatorOptions = {}) {
  const { sim, clock } = await start(options);
  const token = await tokenOf(sim);
  return { sim, clock, token, api: client(sim, token), ws: await socket(sim, token) };
}

export async function refusedUpgrade(sim: Simulator, token: string, query = ""): Promise<number> {
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

export const entity = (dn: string, id: number) => `/callcontrol/${dn}/participants/${id}`;

/** Resolves once a request waits inside the simulator. */
export function asking(sim: Simulator): Promise<void> {
  return new Promise((resolve) => {
    const forget = sim.deviate((occasion) => {
      if (occasion.kind !== "request") return undefined;
      forget();
      setImmediate(resolve);
      return undefined;
    });
  });
}
