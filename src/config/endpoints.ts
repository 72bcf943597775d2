/**
 * The endpoints of the configuration: the three pairs of the original and the `[endpoint.NAME]`
 * sections.
 */
import type { Config, EndpointConfig, PbxConfig } from "./config.ts";
import { defaultBody, readBody } from "./endpointBody.ts";
import { checkUrlAddress, readAccess, readTopWay, readWay, type Way } from "./endpointWay.ts";
import { keys } from "./keys.ts";
import type { SectionReader } from "./reader.ts";
import { secret } from "./secret.ts";
import { isNearby, maskUrl } from "./urls.ts";

const ENDPOINTS_MAX = 100;

const FILTERLESS = {
  events: null,
  users: null,
  direction: null,
  queues: null,
  dids: null,
  missedOnly: false,
  callerid: null,
} as const;

const tellsMissed: ReadonlySet<string> = new Set(["incoming", "outgoing", "callsummary"]);

type PairKeys = typeof keys.default | typeof keys.second | typeof keys.monitor;
/** What an endpoint is, however it is written. */
type Identity = Pick<
  EndpointConfig,
  | "name"
  | "pbx"
  | "receives"
  | "url"
  | "recordingUrl"
  | "secrets"
  | "headers"
  | "authorization"
  | "client"
>;
/** What a section may set for itself and else takes from the top. */
type Manner = Omit<EndpointConfig, keyof Identity | keyof Way | "filter" | "encoding" | "template">;

export async function readEndpoints(
  top: SectionReader,
  sections: readonly SectionReader[],
  pbxs: readonly PbxConfig[],
  own: Config["listen"],
): Promise<readonly EndpointConfig[]> {
  const manner = readTopManner(top);
  const way = await readTopWay(top);
  const shared = { ...manner, ...way, ...defaultBody(manner.method), filter: FILTERLESS };
  const endpoints: EndpointConfig[] = [];
  const pairs = [
    { name: "default", receives: "unlisted", names: keys.default },
    { name: "second", receives: "listed", names: keys.second },
    { name: "monitor", receives: "all", names: keys.monitor },
  ] as const;
  for (const { name, receives, names } of pairs) {
    const identity = { name, receives, ...(await readTarget(top, names, way, own)) };
    if (!top.has(names.url) && !top.has(names.recordingUrl)) continue;
    const at = top.has(names.url) ? names.url : names.recordingUrl;
    const pbx = ownPbx(pbxs) ?? noPbx(top, at);
    endpoints.push({ ...identity, pbx, ...shared });
  }
  for (const [index, reader] of sections.entries()) {
    if (index === ENDPOINTS_MAX) {
      reader.error(keys.endpoint.url, "one endpoint too many", `at most ${ENDPOINTS_MAX}`);
    }
    endpoints.push(await readSection(reader, manner, way, own, pbxs));
  }
  return endpoints;
}

async function readSection(
  reader: SectionReader,
  topManner: Manner,
  topWay: Way,
  own: Config["listen"],
  pbxs: readonly PbxConfig[],
): Promise<EndpointConfig> {
  const names = keys.endpoint;
  if (!reader.has(names.url) && !reader.has(names.recordingUrl)) {
    reader.error(names.url, "nothing", "where to send: URL, RECORDING_URL or both");
  }
  const way = await readWay(reader, topWay);
  const target = await readTarget(reader, names, way, own);
  const direction = reader.get(names.direction);
  const manner = readManner(reader, topManner);
  const events = reader.get(names.events);
  const missedOnly = reader.get(names.missedOnly);
  if (missedOnly && events?.every((event) => !tellsMissed.has(event))) {
    const expected = "ended in EVENTS, or no EVENTS: MISSED_ONLY lets nothing but ends through";
    reader.warning(names.missedOnly, "1, while EVENTS has no end of a call", expected);
  }
  return {
    name: reader.section.name,
    receives: "all",
    ...target,
    pbx: readPbxName(reader, pbxs),
    ...manner,
    ...way,
    ...(await readBody(reader, manner.method)),
    filter: {
      events: events && [...new Set([...events, "recording", ...manner.extraEvents])],
      users: reader.get(names.users),
      direction: direction === "both" ? null : direction,
      queues: reader.get(names.queues),
      dids: reader.get(names.dids),
      missedOnly,
      callerid: reader.get(names.callerid),
    },
  };
}

async function readTarget(
  reader: SectionReader,
  names: PairKeys | typeof keys.endpoint,
  way: Way,
  own: Config["listen"],
) {
  const url = reader.get(names.url);
  const recordingUrl = reader.get(names.recordingUrl);
  warnOfClearText(reader, names.url, url);
  warnOfClearText(reader, names.recordingUrl, recordingUrl);
  for (const [key, value] of [
    [names.url, url],
    [names.recordingUrl, recordingUrl],
  ] as const) {
    if (value !== null) checkUrlAddress(reader, key, new URL(value), way, own);
  }
  const secrets = (await reader.secret(names.secret)) ?? [];
  const headers = readHeaders(reader, names);
  const access = await readAccess(reader, names, headers);
  return { url, recordingUrl, secrets: secrets.map(secret), headers, ...access };
}

function warnOfClearText(
  reader: SectionReader,
  key: PairKeys["url"] | typeof keys.endpoint.url,
  url: string | null,
): void {
  if (url === null) return;
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || isNearby(hostname)) return;
  reader.warning(key, maskUrl(url), "https://, as call data crosses the internet in clear text");
}

function readHeaders(reader: SectionReader, names: Pick<PairKeys, "header">) {
  const headers = new Map<
    string,
    { readonly name: string; readonly value: ReturnType<typeof secret> }
  >();
  for (const { value, place } of reader.numbered(names.header)) {
    const lower = value.name.toLowerCase();
    if (headers.has(lower)) {
      reader.errorAt(place, `${value.name}: ***`, "each header once");
    }
    headers.set(lower, { name: value.name, value: secret(value.value) });
  }
  return [...headers.values()];
}

function readTopManner(top: SectionReader): Manner {
  const names = keys.top;
  return {
    method: top.get(names.post) ? "POST" : "GET",
    profile: top.get(names.profile),
    recordingFullInfo: top.get(names.recordingFullInfo),
    extraEvents: top.get(names.extraEvents),
    timeoutMs: top.get(names.timeoutMs),
    concurrency: top.get(names.concurrency),
    retryScheduleMs: top.get(names.retrySchedule),
    order: top.get(names.order),
    orderHoldMs: top.get(names.orderHoldMs),
    ratePerS: top.get(names.ratePerS),
    rateBurst: top.get(names.rateBurst),
    expireRingingMs: top.get(names.expireRingingMs),
  };
}

function readManner(reader: SectionReader, top: Manner): Manner {
  const names = keys.endpoint;
  const post = reader.get(names.post);
  return {
    method: post === null ? top.method : post ? "POST" : "GET",
    profile: reader.get(names.profile) ?? top.profile,
    recordingFullInfo: reader.get(names.recordingFullInfo) ?? top.recordingFullInfo,
    extraEvents: reader.get(names.extraEvents) ?? top.extraEvents,
    timeoutMs: reader.get(names.timeoutMs) ?? top.timeoutMs,
    concurrency: reader.get(names.concurrency) ?? top.concurrency,
    retryScheduleMs: reader.get(names.retrySchedule) ?? top.retryScheduleMs,
    order: reader.get(names.order) ?? top.order,
    orderHoldMs: reader.get(names.orderHoldMs) ?? top.orderHoldMs,
    ratePerS: reader.get(names.ratePerS) ?? top.ratePerS,
    rateBurst: reader.get(names.rateBurst) ?? top.rateBurst,
    expireRingingMs: reader.get(names.expireRingingMs) ?? top.expireRingingMs,
  };
}

function readPbxName(reader: SectionReader, pbxs: readonly PbxConfig[]): string {
  const key = keys.endpoint.pbx;
  const named = reader.get(key);
  if (named === null) return ownPbx(pbxs) ?? noPbx(reader, key);
  const pbx = pbxs.find((each) => each.name.toLowerCase() === named.toLowerCase());
  if (pbx !== undefined) return pbx.name;
  reader.error(key, JSON.stringify(named), `one of ${pbxs.map((each) => each.name).join(", ")}`);
  return named;
}

/** The PBX of an endpoint that names none: the main one, else the only one. */
function ownPbx(pbxs: readonly PbxConfig[]): string | null {
  const main = pbxs.find((pbx) => pbx.name === "main");
  if (main !== undefined) return main.name;
  const [only, ...more] = pbxs;
  return only !== undefined && more.length === 0 ? only.name : null;
}

function noPbx(reader: SectionReader, at: Parameters<SectionReader["error"]>[0]): string {
  const way = "PBX = NAME in an [endpoint.…] section, or the PBX_… keys of a main PBX";
  reader.error(at, "no PBX named, though there are several and none is the main one", way);
  return "main";
}
