/**
 * The control API, `/simulator/…` on the simulator's own port: JSON in, JSON out, from this machine
 * only. What people do on a PBX, one request each. Documented in docs/simulator.md.
 */
import { z } from "zod";
import { UserMistake } from "./mistake.ts";
import type { Leg } from "./model.ts";
import type { Pbx } from "./pbx.ts";
import type { RequestHandler, SimAnswer, SimRequest } from "./seam.ts";
import type { Settings } from "./settings.ts";
import { participant } from "./wire.ts";

const ROOT = "/simulator/";
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** What the control API needs of the simulator. */
export interface Controlled {
  readonly pbx: Pbx;
  readonly scenes: readonly { readonly name: string; readonly about: string }[];
  play(scene: string, pace: number): Promise<void>;
  /** Throws a ZodError if a switch or its value is unknown; nothing is changed then. */
  change(patch: Readonly<Record<string, unknown>>): Settings;
  cutSockets(): number;
  /** A scene that was begun here failed later. */
  failed(scene: string, error: unknown): void;
}

interface Verb {
  readonly body: z.ZodType;
  run(sim: Controlled, body: unknown): unknown;
}

function verb<T>(body: z.ZodType<T>, run: (sim: Controlled, body: T) => unknown): Verb {
  return { body, run: (sim, parsed) => run(sim, body.parse(parsed)) };
}

const dn = z.string().min(1);
const callid = z.number().int().positive();
/** A phone (in one of its calls), or the outside party of a call. */
const who = z.union([
  z.strictObject({ dn, callid: callid.optional() }),
  z.strictObject({ callid }),
]);
const ofDn = z.strictObject({ dn });

function legView(pbx: Pbx, leg: Leg) {
  return { ...participant(leg, pbx.settings), kind: leg.kind };
}

function state({ pbx }: Controlled) {
  return {
    calls: pbx.activeCalls(),
    legs: pbx.legs().map((leg) => legView(pbx, leg)),
    settings: pbx.settings,
  };
}

const reads: Readonly<Record<string, (sim: Controlled) => unknown>> = {
  state,
  scenes: ({ scenes }) => scenes.map(({ name, about }) => ({ name, about })),
  settings: ({ pbx }) => pbx.settings,
  directory: ({ pbx }) => ({
    ...pbx.directory,
    clients: pbx.directory.clients.map((client) => ({ ...client, clientSecret: "…" })),
  }),
};

const done = (run: () => unknown) => {
  run();
  return { done: true };
};

const verbs: Readonly<Record<string, Verb>> = {
  call: verb(
    z.strictObject({ from: z.string(), name: z.string().default(""), did: z.string().optional() }),
    ({ pbx }, { from, name, did }) => {
      const call = pbx.incoming(did === undefined ? { from, name } : { from, name, did });
      return { callid: call.id };
    },
  ),
  dial: verb(z.strictObject({ dn, number: z.string().min(1) }), ({ pbx }, body) => ({
    callid: pbx.dial(body.dn, body.number).id,
  })),
  answer: verb(who, ({ pbx }, body) =>
    done(() => ("dn" in body ? pbx.answer(body.dn, body.callid) : pbx.outsideAnswers(body.callid))),
  ),
  reject: verb(who, ({ pbx }, body) =>
    done(() => ("dn" in body ? pbx.reject(body.dn, body.callid) : pbx.outsideRefuses(body.callid))),
  ),
  hangup: verb(who, ({ pbx }, body) =>
    done(() => ("dn" in body ? pbx.hangUp(body.dn, body.callid) : pbx.outsideHangsUp(body.callid))),
  ),
  press: verb(z.strictObject({ callid, key: z.string().min(1).max(32) }), ({ pbx }, body) =>
    done(() => pbx.press(body.callid, body.key)),
  ),
  hold: verb(ofDn, ({ pbx }, body) => done(() => pbx.hold(body.dn))),
  resume: verb(ofDn, ({ pbx }, body) => done(() => pbx.resume(body.dn))),
  transfer: verb(z.strictObject({ dn, to: z.string().min(1) }), ({ pbx }, body) =>
    done(() => pbx.blindTransfer(body.dn, body.to)),
  ),
  complete: verb(ofDn, ({ pbx }, body) => done(() => pbx.completeTransfer(body.dn))),
  park: verb(z.strictObject({ dn, slot: z.string().optional() }), ({ pbx }, body) => ({
    slot: pbx.park(body.dn, body.slot),
  })),
  unpark: verb(z.strictObject({ dn, slot: z.string() }), ({ pbx }, body) =>
    done(() => pbx.unpark(body.dn, body.slot)),
  ),
  pickup: verb(z.strictObject({ dn, from: dn }), ({ pbx }, body) =>
    done(() => pbx.pickUp(body.dn, body.from)),
  ),
  conference: verb(ofDn, ({ pbx }, body) => done(() => pbx.conference(body.dn))),
  barge: verb(
    z.strictObject({ dn, heard: dn, how: z.enum(["talk", "listen"]).default("talk") }),
    ({ pbx }, body) => done(() => pbx.bargeIn(body.dn, body.heard, body.how)),
  ),
  device: verb(ofDn, ({ pbx }, body) => done(() => pbx.changeDevice(body.dn))),
  wakeup: verb(ofDn, ({ pbx }, body) => ({ callid: pbx.wakeUp(body.dn).id })),
  callback: verb(z.strictObject({ callid }), ({ pbx }, body) =>
    done(() => pbx.orderCallback(body.callid)),
  ),
  play: verb(
    z.strictObject({
      scene: z.string(),
      pace: z.number().min(0).max(100).default(1),
      /** Answer when the scene is over, not when it has begun. */
      wait: z.boolean().default(true),
    }),
    async (sim, { scene, pace, wait }) => {
      if (!sim.scenes.some((row) => row.name === scene)) throw unknownScene(sim, scene);
      const playing = sim.play(scene, pace);
      if (wait) await playing;
      else playing.catch((error: unknown) => sim.failed(scene, error));
      return { scene, over: wait };
    },
  ),
  settings: verb(z.record(z.string(), z.unknown()), (sim, patch) => sim.change(patch)),
  restart: verb(z.strictObject({}), ({ pbx }) => done(() => pbx.restart())),
  cut: verb(z.strictObject({}), (sim) => ({ sockets: sim.cutSockets() })),
};

export function unknownScene(sim: Pick<Controlled, "scenes">, name: string): UserMistake {
  const known = sim.scenes.map((scene) => scene.name).join(", ");
  return new UserMistake(`Expected the name of a scene, got "${name}". Scenes: ${known}.`);
}

function refusal(status: number, error: string): SimAnswer {
  return { status, body: { error } };
}

export function controlHandler(sim: Controlled): RequestHandler {
  return async (request) => {
    if (!request.path.startsWith(ROOT)) return undefined;
    if (!LOOPBACK.test(request.remoteAddress)) {
      return refusal(403, "Expected a request from this machine. Run the command there.");
    }
    const name = request.path.slice(ROOT.length);
    if (request.method === "GET") {
      const read = reads[name];
      return read ? { status: 200, body: read(sim) } : unknownPath(request);
    }
    const found = verbs[name];
    if (request.method !== "POST" || !found) return unknownPath(request);
    // A web page of somebody else cannot send this type without asking first.
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
      return refusal(415, "Expected Content-Type application/json.");
    }
    return perform(sim, found, request.body);
  };
}

async function perform(sim: Controlled, found: Verb, text: string): Promise<SimAnswer> {
  try {
    const body: unknown = text === "" ? {} : JSON.parse(text);
    return { status: 200, body: await found.run(sim, body) };
  } catch (error) {
    if (error instanceof UserMistake) return refusal(409, error.message);
    if (error instanceof z.ZodError) return refusal(400, z.prettifyError(error));
    if (error instanceof SyntaxError) return refusal(400, `Expected JSON, got: ${error.message}.`);
    throw error;
  }
}

function unknownPath(request: SimRequest): SimAnswer {
  const known = [
    ...Object.keys(reads).map((name) => `GET ${name}`),
    ...Object.keys(verbs).map((name) => `POST ${name}`),
  ].join(", ");
  return refusal(404, `Expected one of ${known}; got ${request.method} ${request.path}.`);
}
