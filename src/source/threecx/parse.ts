/**
 * Turns what came over the wire into the shapes of wire.ts, or says that it is not understood.
 * Never throws. A part that is not understood takes nothing good down with it.
 */
import {
  asObject,
  booleanField,
  field,
  integerField,
  listField,
  parseJson,
  textField,
  textOf,
} from "./values.ts";
import type { WireActiveCall, WireDevice, WireDnInfo, WireParticipant } from "./wire.ts";

/** What a frame speaks of. `dn` is decoded; compare it without regard to case. */
export type Entity =
  | { readonly kind: "participant"; readonly dn: string; readonly id: number }
  | { readonly kind: "device"; readonly dn: string }
  | { readonly kind: "dn"; readonly dn: string };

export type FrameKind = "upsert" | "remove" | "dtmf" | "promptFinished" | "response" | "unknown";

export interface Frame {
  readonly sequence: number | null;
  readonly kind: FrameKind;
  readonly eventType: number;
  /** Null if the path is none that we know. */
  readonly entity: Entity | null;
  readonly path: string;
}

/** The order is the PBX's own numbering of event types. */
const frameKinds: readonly FrameKind[] = ["upsert", "remove", "dtmf", "promptFinished", "response"];

/** The enum's words, as the SDK spells them, should a build write words for numbers. */
const typeWords: ReadonlyMap<string, number> = new Map([
  ["upsert", 0],
  ["upset", 0],
  ["remove", 1],
  ["dtmfstring", 2],
  ["promptplaybackfinished", 3],
  ["response", 4],
]);

function typeOfWord(word: string): number | null {
  return typeWords.get(word.toLowerCase()) ?? null;
}

export function parseFrame(text: string): Frame | null {
  const frame = asObject(parseJson(text));
  const event = frame && asObject(field(frame, "event"));
  if (!event) return null;
  const eventType = integerField(event, "event_type") ?? typeOfWord(textField(event, "event_type"));
  if (eventType === null) return null;
  const path = textField(event, "entity");
  return {
    sequence: integerField(frame, "sequence"),
    kind: frameKinds[eventType] ?? "unknown",
    eventType,
    entity: parseEntity(path),
    path,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `/callcontrol/{dn}[/participants/{id} | /devices/…]`, in any case. */
export function parseEntity(path: string): Entity | null {
  const [root, dnPart, branch, idPart, ...rest] = path.replace(/^\/+|\/+$/g, "").split("/");
  if (root?.toLowerCase() !== "callcontrol" || !dnPart) return null;
  const dn = decoded(dnPart);
  if (branch === undefined) return { kind: "dn", dn };
  if (branch.toLowerCase() === "devices") return { kind: "device", dn };
  if (branch.toLowerCase() !== "participants") return null;
  if (idPart === undefined) return { kind: "dn", dn };
  if (rest.length > 0 || !/^\d{1,15}$/.test(idPart)) return null;
  return { kind: "participant", dn, id: Number(idPart) };
}

/**
 * One leg. Only an id is indispensable; absent texts are "", absent types "None", as the PBX
 * writes them. `known` fills in what the place where it was found says already.
 */
export function parseParticipant(
  value: unknown,
  known: { readonly dn?: string; readonly id?: number } = {},
): WireParticipant | null {
  const object = asObject(value);
  if (!object) return null;
  const id = integerField(object, "id") ?? known.id ?? null;
  const dn = textField(object, "dn") || (known.dn ?? "");
  if (id === null || id < 0 || dn === "") return null;
  const text = (name: string) => textField(object, name);
  const type = (name: string) => textField(object, name) || "None";
  return {
    id,
    status: text("status"),
    dn,
    party_caller_name: text("party_caller_name"),
    party_dn: text("party_dn"),
    party_caller_id: text("party_caller_id"),
    party_did: text("party_did"),
    device_id: text("device_id"),
    party_dn_type: type("party_dn_type"),
    direct_control: booleanField(object, "direct_control"),
    originated_by_dn: text("originated_by_dn"),
    originated_by_type: type("originated_by_type"),
    referred_by_dn: text("referred_by_dn"),
    referred_by_type: type("referred_by_type"),
    on_behalf_of_dn: text("on_behalf_of_dn"),
    on_behalf_of_type: type("on_behalf_of_type"),
    callid: integerField(object, "callid") ?? 0,
    legid: integerField(object, "legid") ?? 0,
  };
}

function parseDevice(value: unknown, dn: string): WireDevice | null {
  const object = asObject(value);
  if (!object) return null;
  const { device_id, user_agent } = {
    device_id: textField(object, "device_id"),
    user_agent: textField(object, "user_agent"),
  };
  return { dn: textField(object, "dn") || dn, device_id, user_agent };
}

export interface ParsedSnapshot {
  readonly dns: readonly WireDnInfo[];
  /** What in it was not understood, as places such as `[3].participants[0]`. */
  readonly notUnderstood: readonly string[];
}

function parseDnInfo(value: unknown, place: string, notUnderstood: string[]): WireDnInfo | null {
  const object = asObject(value);
  const dn = object && textField(object, "dn");
  if (!object || !dn) {
    notUnderstood.push(place);
    return null;
  }
  const each = <T>(name: string, parse: (item: unknown) => T | null): T[] => {
    const list = listField(object, name);
    if (list === null) notUnderstood.push(`${place}.${name}`);
    return (list ?? []).flatMap((item, index) => {
      const parsed = parse(item);
      if (parsed === null) notUnderstood.push(`${place}.${name}[${index}]`);
      return parsed === null ? [] : [parsed];
    });
  };
  return {
    dn,
    type: textField(object, "type") || "None",
    devices: each("devices", (item) => parseDevice(item, dn)),
    participants: each("participants", (item) => parseParticipant(item, { dn })),
  };
}

/** `GET /callcontrol`; null if it is no list at all. */
export function parseSnapshot(value: unknown): ParsedSnapshot | null {
  const rows = parseRows(value);
  if (rows === null) return null;
  const notUnderstood: string[] = [];
  const dns = rows.flatMap((row, index) => {
    const info = parseDnInfo(row, `[${index}]`, notUnderstood);
    return info ? [info] : [];
  });
  return { dns, notUnderstood };
}

/** A list as it is, or OData's `{"value":[…]}`; null for anything else. */
export function parseRows(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  const object = asObject(value);
  const rows = object && field(object, "value");
  return Array.isArray(rows) ? rows : null;
}

export function parseActiveCall(value: unknown): WireActiveCall | null {
  const object = asObject(value);
  const id = object && integerField(object, "Id");
  if (!object || id === null) return null;
  return {
    Id: id,
    Caller: textField(object, "Caller"),
    Callee: textField(object, "Callee"),
    Status: textField(object, "Status"),
    LastChangeStatus: textField(object, "LastChangeStatus"),
    EstablishedAt: textField(object, "EstablishedAt"),
    ServerNow: textField(object, "ServerNow"),
  };
}

export interface ParsedToken {
  readonly accessToken: string;
  readonly lifeMs: number;
}

/** Builds before 20.0.9 tell the life in minutes (60), later ones in seconds (3600). */
const minutesMax = 120;
/** What 3CX documents, for an answer that does not tell. */
const usualLifeMs = 3_600_000;

export function parseToken(value: unknown): ParsedToken | null {
  const object = asObject(value);
  if (!object) return null;
  const accessToken = field(object, "access_token");
  // Control characters would break the header that carries it.
  if (typeof accessToken !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(accessToken)) return null;
  const expiresIn = integerField(object, "expires_in") ?? 0;
  if (expiresIn <= 0) return { accessToken, lifeMs: usualLifeMs };
  return { accessToken, lifeMs: expiresIn * (expiresIn <= minutesMax ? 60_000 : 1_000) };
}

/** The words of an error answer, in any of the shapes that 3CX uses; "" if it has none. */
export function parseErrorText(text: string): string {
  const object = asObject(parseJson(text));
  if (!object) return "";
  const error = asObject(field(object, "error"));
  return (
    (error ? textField(error, "message") || textField(error, "code") : "") ||
    textField(object, "error_description") ||
    textOf(object.error) ||
    textField(object, "message") ||
    textField(object, "title")
  );
}
