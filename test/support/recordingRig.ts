/**
 * A PBX that records, a receiver that fetches what it is told of before it answers, and the built program between
 * them. Every recording is another tone, so that it can be heard whose it is.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { ownPort } from "./port.ts";
import { type Ini, type Offhook, pbxLines } from "./process.ts";
import { type Rig, rig } from "./processRig.ts";
import type { Received, Receiver } from "./receiver.ts";
import { fieldsOfBody, header } from "./receiverWebhook.ts";
import { heard, strength, wav } from "./sound.ts";
import type { StandIn, StandInOptions } from "./standIn.ts";
import type { StandInCall } from "./standInCall.ts";
import type { RecordingRow } from "./standInRecordings.ts";

/** What a receiver got for an announced URL, at the moment when it was told. */
export interface Fetched {
  readonly url: string;
  readonly status: number;
  readonly type: string;
  readonly toneHz: number;
  readonly seconds: number;
  readonly path: string;
}

export interface RecordingRig extends Rig {
  /** In the order of arrival. */
  readonly fetched: Fetched[];
  /** The least: quick looks, a port that stays the same over a restart. */
  readonly lines: Ini;
  readonly port: number;
}

export const SOUND_S = 0.4;
const TONES_HZ = Array.from({ length: 60 }, (_, index) => 400 + 40 * index);
/** A receiver that fetches before it answers may be slow. */
const PATIENT = "REQUEST_TIMEOUT_MS = 60000";
/** Nothing that a test waits for comes after these. */
const QUICK =
  "RECORDING_SEARCH_S = 0.05,0.2,0.4,0.8,1.2,1.6,2,3,4,5,6,8,10,12,15,20,25,30,40,50,60,90,120";

export async function recordingRig(options: StandInOptions = {}): Promise<RecordingRig> {
  const made = await rig(options);
  const port = await ownPort();
  const fetched: Fetched[] = [];
  fetchAtOnce(made.receiver, fetched);
  const ofPbx = pbxLines(made.pbx.url).filter((line) => !line.startsWith("LISTEN"));
  const lines = [...ofPbx, `LISTEN = 127.0.0.1:${port}`, QUICK, PATIENT];
  return { ...made, fetched, lines, port };
}

export function hooksOf({ receiver }: Pick<Rig, "receiver">): string[] {
  return [`WEBHOOK_URL = ${receiver.url}/hook`, `WEBHOOK_POST_URL = ${receiver.url}/rec`];
}

/** What is said here stands instead of the least. */
export async function configureWith(made: RecordingRig, more: Ini): Promise<void> {
  const keyOf = (line: string) => line.split(" =")[0];
  const said = new Set(more.map(keyOf));
  const least = made.lines.filter((line) => !said.has(keyOf(line)));
  await made.installation.configure([...least, ...more]);
}

export async function startWith(made: RecordingRig, more: Ini): Promise<Offhook> {
  await configureWith(made, more);
  return made.installation.start().ready();
}

/** The receiver fetches every file that a webhook names, and answers afterwards. */
function fetchAtOnce(receiver: Receiver, fetched: Fetched[]): void {
  receiver.meanwhile = async ({ body, target }) => {
    for (const url of filesIn(body)) {
      fetched.push({ path: target, ...(await listen(url)) });
    }
  };
}

/** `FILES`, or what `k2m` calls them. */
export function filesIn(body: string): readonly string[] {
  if (body === "") return [];
  const found = fieldsOfBody(body).find(([name]) => name === "FILES" || name === "FileUrls");
  return (found?.[1] ?? []) as readonly string[];
}

export async function listen(url: string): Promise<Omit<Fetched, "path">> {
  const answer = await fetch(url);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const { status } = answer;
  const type = answer.headers.get("content-type") ?? "";
  if (status !== 200) return { url, status, type, toneHz: 0, seconds: 0 };
  const { channels, rateHz, seconds } = await heard(bytes);
  const [sound = new Float32Array()] = channels;
  const loudest = TONES_HZ.map((hz) => ({ hz, is: strength(sound, rateHz, hz) }))
    .sort((a, b) => b.is - a.is)
    .at(0);
  // The tone was made half as loud as can be.
  const toneHz = loudest !== undefined && loudest.is > 0.3 ? loudest.hz : 0;
  return { url, status, type, toneHz, seconds };
}

/** A conversation, by this machine's clock. */
export interface Talk {
  readonly dn: string;
  /** The outside number. */
  readonly number: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly outgoing?: true;
}

/** The phone rings, is lifted, and the call goes on until `hangUp` is called. */
export async function answered(
  call: StandInCall,
  dn: string,
  number: string,
): Promise<{ hangUp(): Talk }> {
  await call.rings(dn);
  const fromAt = Date.now();
  await call.isAnsweredBy(dn);
  return {
    hangUp() {
      call.ends();
      return { dn, number, fromAt, toAt: Date.now() };
    },
  };
}

/** The whole of it: rung, answered, over. */
export async function talked(call: StandInCall, dn: string, number: string): Promise<Talk> {
  const { hangUp } = await answered(call, dn, number);
  return hangUp();
}

/** The PBX has the recording of a conversation from now on; its tone. */
export function record(
  pbx: StandIn,
  talk: Talk,
  changes: Partial<RecordingRow> = {},
  seconds = SOUND_S,
): number {
  const { recordings } = pbx;
  const Id = recordings.nextId();
  const toneHz = TONES_HZ[Id % TONES_HZ.length] ?? 0;
  const { dn, number, fromAt, toAt, outgoing } = talk;
  const own = { dn, type: 0, number: dn };
  const other = { dn: "10008", type: 1, number: `+${number}` };
  const [from, to] = outgoing ? [own, other] : [other, own];
  const stamp = new Date(fromAt).toISOString().replace(/\D/g, "").slice(0, 14);
  const row: RecordingRow = {
    Id,
    RecordingUrl: `${dn}/[]_${from.number}-${to.number}_${stamp}(7).wav`,
    StartTime: new Date(fromAt + pbx.clockAheadMs).toISOString(),
    EndTime: new Date(toAt + pbx.clockAheadMs).toISOString(),
    CallType: outgoing ? "OutboundExternal" : "InboundExternal",
    FromDn: from.dn,
    FromDnType: from.type,
    FromCallerNumber: from.number,
    ToDn: to.dn,
    ToDnType: to.type,
    ToCallerNumber: to.number,
    IsArchived: false,
    IsTranscribed: false,
    CanBeTranscribed: true,
    Transcription: null,
    Summary: null,
    SentimentScore: null,
    ...changes,
  };
  recordings.add(row, wav({ seconds, toneHz }));
  return toneHz;
}

/** `{call number}-{link}-{n}` and the tone that was heard there, in the order of arrival. */
export function announcedIn(made: RecordingRig, path = "/rec"): string[] {
  const own = made.fetched.filter((each) => each.path === path);
  return own.map(({ url, toneHz }) => `${nameIn(url)} ${toneHz}`);
}

export function nameIn(url: string): string {
  return /\/webapi\/recording\/\d{12}_(\d+-\d+-\d+)\.mp3/.exec(url)?.[1] ?? url;
}

export async function untilAnnounced(made: RecordingRig, count: number, path = "/rec") {
  await made.receiver.until(
    () => made.receiver.at(path).length >= count,
    `${count} recording webhooks at ${path}`,
  );
}

/** Whatever was announced could be fetched when it was; each link was announced once at each endpoint. */
export function expectFetched(made: RecordingRig, soundS = SOUND_S): void {
  for (const { url, status, type, toneHz, seconds } of made.fetched) {
    expect([url, status, type]).toEqual([url, 200, "audio/mpeg"]);
    expect(toneHz, `a tone in ${url}`).toBeGreaterThan(0);
    expect(Math.abs(seconds - soundS), `the length of ${url}`).toBeLessThan(0.1);
  }
  const accepted = made.receiver.requests.filter(({ status }) => status === 200);
  const webhooks = accepted.filter(({ body }) => filesIn(body).length > 0);
  expectOnce(webhooks, ({ target, body }) => `${target} ${filesIn(body).map(nameIn).join()}`);
  expectOnce(webhooks, (each) => `${each.target} ${header(each, "webhook-id")}`);
}

function expectOnce(webhooks: readonly Received[], nameOf: (each: Received) => string): void {
  const names = webhooks.map(nameOf);
  expect(names).toEqual([...new Set(names)]);
}

/** The files below `DATA_DIR/recordings`, sorted, each `day/name`. */
export async function keptFiles(made: Pick<Rig, "installation">): Promise<string[]> {
  const folder = join(made.installation.folder, "data", "recordings");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
