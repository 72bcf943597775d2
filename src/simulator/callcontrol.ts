/** REST `/callcontrol`: a client sees its own DN and the listed ones, 403 for the rest. */
import { findDn } from "./directory.ts";
import type { Leg } from "./model.ts";
import type { SimAnswer, SimRequest, SimulatorSeam } from "./seam.ts";
import { devicesOf, dnInfo, participant, visibleDns, wireResult } from "./wire.ts";

const ROOT = "/callcontrol";

export interface CallControlRequest {
  readonly method: string;
  /** Path below the root, cut at the slashes, each part decoded. */
  readonly parts: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  /** DNs that the asking client sees. */
  readonly visible: readonly string[];
}

function problem(status: number, title: string): SimAnswer {
  return { status, body: { type: "about:blank", title, status } };
}

/** A request over HTTP; undefined = not below `/callcontrol`. */
export async function answerHttp(
  seam: SimulatorSeam,
  request: SimRequest,
): Promise<SimAnswer | undefined> {
  const parts = partsOf(request.url.pathname);
  if (!parts) return undefined;
  const client = seam.authorise(request);
  if (!client) return problem(401, "Unauthorized");
  if (!client.callControl) return problem(seam.settings().callControlOff, "Forbidden");
  if (request.method === "POST" && !/\bjson\b/i.test(request.headers["content-type"] ?? "")) {
    // Seen on a live PBX: without the type it does not look at the body, not even at none.
    return problem(415, "Unsupported Media Type");
  }
  const visible = visibleDns(seam.directory(), seam.settings(), client);
  const body = parseObject(request.body);
  return answerCallControl(seam, { method: request.method, parts, body, visible });
}

/** `/callcontrol/101/devices/sip%3A…` → ["101", "devices", "sip:…"]; undefined = another path. */
export function partsOf(path: string): string[] | undefined {
  if (path.toLowerCase() !== ROOT && !path.toLowerCase().startsWith(`${ROOT}/`)) return undefined;
  try {
    return path
      .slice(ROOT.length)
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

export function parseObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A request over HTTP or the WebSocket alike. */
export async function answerCallControl(
  seam: SimulatorSeam,
  request: CallControlRequest,
): Promise<SimAnswer> {
  const { pbx } = seam;
  const [dn, ...below] = request.parts;
  if (dn === undefined) {
    if (request.method !== "GET") return problem(405, "Method Not Allowed");
    return { status: 200, body: request.visible.map((each) => dnInfo(pbx, each)) };
  }
  if (!findDn(pbx.directory, dn)) return problem(404, "Not Found");
  if (!request.visible.includes(dn)) return problem(403, "Forbidden");
  if (request.method === "GET") return read(seam, dn, below);
  if (request.method === "POST") return write(seam, dn, below, request.body);
  return problem(405, "Method Not Allowed");
}

async function read(seam: SimulatorSeam, dn: string, below: readonly string[]): Promise<SimAnswer> {
  const { pbx } = seam;
  const [what, id, ...more] = below;
  if (more.length > 0) return problem(404, "Not Found");
  if (what === undefined) return { status: 200, body: dnInfo(pbx, dn) };
  if (what === "devices") {
    const devices = devicesOf(pbx.directory, dn);
    if (id === undefined) return { status: 200, body: devices };
    const device = devices.find((each) => each.device_id === id);
    return device ? { status: 200, body: device } : problem(404, "Not Found");
  }
  if (what !== "participants") return problem(404, "Not Found");
  if (id === undefined) return { status: 200, body: dnInfo(pbx, dn).participants };
  const now = () => {
    const leg = legOf(seam, dn, id);
    return leg ? { status: 200, body: participant(leg, pbx.settings) } : problem(404, "Not Found");
  };
  const { getDelayMs, getReads } = pbx.settings;
  if (getDelayMs === 0) return now();
  const before = now();
  await new Promise<void>((resolve) => {
    seam.clock.after(getDelayMs, resolve);
  });
  return getReads === "before" ? before : now();
}

export function legOf(seam: SimulatorSeam, dn: string, id: string): Leg | undefined {
  const leg = /^\d+$/.test(id) ? seam.pbx.leg(Number(id)) : undefined;
  return leg?.dn === dn ? leg : undefined;
}

async function write(
  seam: SimulatorSeam,
  dn: string,
  below: readonly string[],
  body: Readonly<Record<string, unknown>>,
): Promise<SimAnswer> {
  const { pbx } = seam;
  const [what, id, verb] = below;
  const destination = typeof body.destination === "string" ? body.destination : "";
  if (what === "makecall" && id === undefined) {
    return result(seam, pbx.makeCall(dn, destination));
  }
  if (what === "devices" && id !== undefined && verb === "makecall") {
    const own = devicesOf(pbx.directory, dn).some((device) => device.device_id === id);
    if (!own) return problem(422, "No such device");
    return result(seam, pbx.makeCall(dn, destination, id));
  }
  if (what === "participants" && id !== undefined && verb !== undefined && verb !== "stream") {
    const leg = legOf(seam, dn, id);
    if (!leg) return problem(404, "Not Found");
    const { timeout } = body;
    const timeoutMs = typeof timeout === "number" && timeout > 0 ? timeout * 1000 : undefined;
    const request = {
      action: verb,
      destination,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    return result(seam, await pbx.act(leg, request));
  }
  return problem(404, "Not Found");
}

function result(seam: SimulatorSeam, outcome: Parameters<typeof wireResult>[1]): SimAnswer {
  return { status: outcome.status, body: wireResult(seam.pbx, outcome) };
}
