/**
 * The built program with receivers that err: one endpoint for each vice and share, and one for all vices at each
 * share. Everything is owed to everyone; 410 is resumed as an operator would. Counted for each: what was owed and
 * never taken, attempts, how long it took; and of the program what it holds in memory, and what it reads and
 * keeps of answers without end.
 */

import { Installation, type Offhook, pbxLines } from "../support/process.ts";
import { StandIn } from "../support/standIn.ts";
import { testCertificates } from "../support/standInTls.ts";
import { eventsPerCall, Load } from "./load.ts";
import { Rascal, type Vice, vices } from "./rascal.ts";
import { Resident } from "./resident.ts";
import { StoreView } from "./storeView.ts";

export interface RascalsOptions {
  readonly seed: number;
  readonly eventsPerS: number;
  readonly seconds: number;
  readonly shares: readonly number[];
  /** Besides all of them together. */
  readonly single: readonly Vice[];
}

export interface RascalsResult {
  readonly events: number;
  readonly endpoints: readonly EndpointResult[];
  readonly residentMb: { readonly most: number; readonly last: number; readonly samples: number };
  /** After the last event, until nothing was owed any more. */
  readonly drainedMs: number;
  readonly responseHeadBytesMost: number;
  readonly integrity: string;
}

export interface EndpointResult {
  readonly name: string;
  readonly owed: number;
  readonly untaken: readonly string[];
  readonly undelivered: number;
  readonly requests: number;
  readonly faults: number;
  /** Taken, and sent again: the answer came after the deadline. */
  readonly repeats: number;
  readonly attemptsMost: number;
  readonly spentMost: number;
  readonly delaysMs: readonly number[];
  readonly answerBytesMost: number;
  readonly broken: readonly string[];
}

/** Delays before the second, third … attempt. */
export const scheduleS = [0.1, 0.2, 0.5, ...Array.from({ length: 82 }, () => 1)];
const attemptTimeoutMs = 1000;
const stepMs = [200, 900] as const;
const drainedWithinMs = 300_000;
const lookEveryMs = 250;

/** What the receivers may cost; of it some 130 MB are the heap's young generation, which V8 gives back late. */
const residentMbMax = 512;
const responseHeadBytesMax = 2048;
/** 64 KiB are read; the rest is what the kernel takes on both sides of a connection. */
const answerBytesMax = 6 * 1024 * 1024;

export async function playRascals(options: RascalsOptions): Promise<RascalsResult> {
  const [good, bad] = [await testCertificates(), await testCertificates()];
  const { seed, shares, single } = options;
  const rascals: Rascal[] = [];
  for (const share of shares) {
    const kinds: [string, readonly Vice[]][] = single.map((vice) => [vice, [vice]]);
    for (const [kind, own] of [...kinds, ["all", vices] as const]) {
      const name = `${kind}-${Math.round(share * 100)}`;
      rascals.push(await new Rascal({ name, vices: own, share, seed, good, bad }).listen());
    }
  }
  const pbx = await new StandIn().listen();
  const installation = await Installation.make();
  try {
    await installation.put("ca.pem", good.ca);
    await installation.configure([...iniOf(pbx), ...rascals.flatMap(sectionOf)]);
    return await play(options, pbx, installation, rascals);
  } finally {
    await installation.remove();
    await Promise.all([...rascals.map((rascal) => rascal.close()), pbx.close()]);
  }
}

function iniOf({ url }: StandIn): string[] {
  return [
    ...pbxLines(url),
    "WEBHOOK_CA_FILE = ca.pem",
    "WEBHOOK_CONCURRENCY = 16",
    `REQUEST_TIMEOUT_MS = ${attemptTimeoutMs}`,
    `RETRY_SCHEDULE = ${scheduleS.join(",")}`,
  ];
}

/** Who asks for a rest of a second in every second answer gets fewer events, or it would never be done. */
function sectionOf({ name, url, share }: Rascal): string[] {
  const asksForRests = name.startsWith("429") && share >= 0.1;
  return [
    `[endpoint.${name}]`,
    `URL = ${url}`,
    ...(asksForRests ? [`CALLERID = ${share >= 0.5 ? "7$" : "[0-4]$"}`] : []),
  ];
}

async function play(
  { seed, eventsPerS, seconds }: RascalsOptions,
  pbx: StandIn,
  installation: Installation,
  rascals: readonly Rascal[],
): Promise<RascalsResult> {
  const offhook = await installation.start().ready();
  const resident = new Resident(offhook.pid);
  const load = new Load(pbx, { seed, eventsPerS, stepMs });
  const store = new StoreView(installation);
  const token = (await installation.read("data/admin.token")).trim();
  load.start();
  await pauseWhileResuming(
    offhook,
    token,
    () => load.begun >= (seconds * eventsPerS) / eventsPerCall,
  );
  await load.stop();
  const stoppedAt = performance.now();
  const done = () =>
    rascals.every(({ ledger }) => ledger.open.size === 0) && store.pending().length === 0;
  await pauseWhileResuming(
    offhook,
    token,
    () => done() || performance.now() - stoppedAt > drainedWithinMs,
  );
  const drainedMs = performance.now() - stoppedAt;
  resident.stop();
  await offhook.stop();
  return {
    events: store.events().length,
    endpoints: rascals.map((rascal) => resultOf(rascal, store)),
    residentMb: {
      most: resident.mostMb,
      last: resident.lastMb,
      samples: resident.samplesMb.length,
    },
    drainedMs,
    responseHeadBytesMost: Number(
      store.values("SELECT max(length(CAST(response_head AS BLOB))) AS value FROM attempts")[0],
    ),
    integrity: store.integrity(),
  };
}

/** Looks again and again, and resumes what a 410 has paused. */
async function pauseWhileResuming(offhook: Offhook, token: string, done: () => boolean) {
  const api = `${await offhook.url()}/api/endpoints`;
  const headers = { authorization: `Bearer ${token}` };
  while (!done()) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    const answer = await fetch(api, { headers });
    const { endpoints } = (await answer.json()) as { endpoints: { name: string; state: string }[] };
    for (const { name, state } of endpoints) {
      if (state !== "paused") continue;
      const { status } = await fetch(`${api}/${name}/resume`, { method: "POST", headers });
      if (status !== 200) throw new Error(`Expected ${name} to be resumed, got ${status}.`);
    }
  }
}

function resultOf(rascal: Rascal, store: StoreView): EndpointResult {
  const { name, ledger, faults, attemptsMost, delaysMs, answerBytesMost } = rascal;
  const owed = store.owedTo(name);
  const ofEndpoint = `FROM deliveries WHERE endpoint = '${name}'`;
  const first = (sql: string) => Number(store.values(sql)[0]);
  return {
    name,
    owed: owed.length,
    untaken: owed.filter((id) => !ledger.isTaken(id)),
    undelivered: first(`SELECT count(*) AS value ${ofEndpoint} AND state <> 'delivered'`),
    requests: ledger.requests,
    faults,
    repeats: ledger.repeatedBySame.length,
    attemptsMost,
    spentMost: first(`SELECT max(spent) AS value ${ofEndpoint}`),
    delaysMs,
    answerBytesMost,
    broken: ledger.faults,
  };
}

/** Every broken promise in a sentence; empty if all were kept. */
export function wrongWithRascals(result: RascalsResult): string[] {
  const { residentMb, responseHeadBytesMost, integrity } = result;
  return [
    ...result.endpoints.flatMap(wrongWithEndpoint),
    ...(residentMb.most <= residentMbMax ? [] : [`${residentMb.most} MB resident`]),
    ...(responseHeadBytesMost <= responseHeadBytesMax
      ? []
      : [`${responseHeadBytesMost} bytes of one answer are kept`]),
    ...(integrity === "ok" ? [] : [integrity]),
  ];
}

function wrongWithEndpoint(each: EndpointResult): string[] {
  const { name, owed, untaken, undelivered, answerBytesMost } = each;
  return [
    ...each.broken.map((fault) => `${name}: ${fault}`),
    ...(owed > 0 ? [] : [`${name} was owed nothing`]),
    ...(untaken.length + undelivered === 0
      ? []
      : [
          `${name}: ${untaken.length} never taken, ${undelivered} not delivered: ${untaken.slice(0, 3)}`,
        ]),
    ...(answerBytesMost <= answerBytesMax
      ? []
      : [`${name}: ${answerBytesMost} bytes of an answer`]),
  ];
}
