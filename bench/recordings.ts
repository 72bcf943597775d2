/**
 * Recordings that wait to be converted, and what live calls feel of it. The built program has the ends of `--count`
 * answered links in its store (default 1,000) and the PBX's folder with a recording of 3 minutes for each (8 kHz,
 * 16 bit, mono): it finds, fetches, converts, keeps and announces them, while calls are played as in the bench
 * `latency`. Beside it, in the same run: the same process with nothing to convert, and the encoder alone, without
 * files. On a busy machine `--parts N` takes turns: a part of the recordings, then quiet, and so on,
 * in rounds of `--turns` live calls.
 */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { EndedEvent } from "../src/events/event.ts";
import type * as Storing from "../src/outbox/sqlite/sqliteOutbox.ts";
import type * as Encoding from "../src/recordings/convert/encode.ts";
import type * as Parsing from "../src/recordings/convert/wav.ts";
import { silentLog } from "../src/util/log.ts";
import { commandLine } from "../test/support/commandLine.ts";
import { Installation, pbxLines } from "../test/support/process.ts";
import { Receiver } from "../test/support/receiver.ts";
import { endedLink } from "../test/support/recordingWorld.ts";
import { wavOf } from "../test/support/sound.ts";
import { StandIn } from "../test/support/standIn.ts";
import { measure, quantile } from "./latency.ts";

const rateHz = 8000;
const secondsEach = 180;
const extensions = 20;
const alike = 10;
/** So many processor seconds of the encoder alone. */
const aloneS = 10;
const ticksPerS = 100;
const sampleMs = 500;
const target = { realTime: 300, share: 0.7, p99: 1.5 };

const built = (file: string) => import(new URL(`../dist/${file}`, import.meta.url).href);

export async function recordings(args: readonly string[]): Promise<string[]> {
  const { numberOf } = commandLine(
    import.meta.url,
    { count: "1000", parts: "1", turns: "100" },
    { args },
  );
  const [parts, turns] = [numberOf("parts"), numberOf("turns")];
  const each = Math.ceil(numberOf("count") / parts);
  const sounds = Array.from({ length: alike }, (_, index) => speech(index));
  const alone = await encoderAlone(sounds);
  const pbx = await new StandIn().listen();
  const [receiver, taker] = [await new Receiver().listen(), await new Receiver().listen()];
  const installation = await Installation.make();
  try {
    const dir = join(installation.folder, "pbx");
    const ini = pbxLines(pbx.url).filter((line) => !line.startsWith("ACTIVE_CALLS_POLL_MS"));
    await mkdir(dir);
    await installation.configure([
      ...ini,
      "ACTIVE_CALLS_POLL_MS = 1000",
      `WEBHOOK_URL = ${receiver.url}/hook`,
      `WEBHOOK_POST_URL = ${taker.url}/recording`,
      `RECORDINGS_DIR = ${dir}`,
    ]);
    let played = installation.start();
    await played.ready();
    // Caches fill, code is compiled.
    await roundOf(pbx, receiver, turns);
    await played.stop();
    const [idle, busy, seen]: [number[][], number[][], Seen[]] = [[], [], []];
    for (let part = 0; part < parts; part += 1) {
      const before = taker.requests.length;
      await fill(installation.folder, dir, { from: part * each, count: each, sounds });
      played = installation.start();
      await played.ready();
      const watch = new Watch(played.pid);
      // A program that has just started is compiled first, whatever else it does.
      await roundOf(pbx, receiver, turns);
      const rounds: number[][] = [];
      while (taker.requests.length < before + each)
        rounds.push(await roundOf(pbx, receiver, turns));
      seen.push(watch.stop());
      // The last round may have had the quiet after the last recording in it.
      if (rounds.length > 1) rounds.pop();
      busy.push(...rounds);
      // As many rounds of the same process, which has nothing to convert any more.
      for (const _ of rounds) idle.push(await roundOf(pbx, receiver, turns));
      await played.stop();
    }
    return report({ count: parts * each, alone, idle, busy, seen, taken: taker.requests.length });
  } finally {
    await installation.remove();
    await Promise.all([receiver.close(), taker.close(), pbx.close()]);
  }
}

/** Noise in syllables, with pauses: as hard to encode as speech. */
function speech(seed: number): Buffer {
  const samples = Buffer.alloc(secondsEach * rateHz * 2);
  let [state, low, band] = [seed + 1, 0, 0];
  for (let index = 0; index < secondsEach * rateHz; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    low += 0.3 * (state / 2 ** 31 - 1 - low);
    band += 0.1 * (low - band);
    const syllable = Math.max(0, Math.sin(index / 420)) * Math.max(0, Math.sin(index / 9000));
    const voice = 0.3 * Math.sin((index * (110 + 5 * seed)) / 1273) * syllable;
    samples.writeInt16LE(Math.round(20_000 * (voice + (low - band) * syllable)), index * 2);
  }
  return wavOf({}, samples);
}

/** Seconds of sound for each second of the processor: what conversion is measured against. */
async function encoderAlone(sounds: readonly Buffer[]): Promise<number> {
  const { createLame, encode }: typeof Encoding = await built("recordings/convert/encode.js");
  const { readWav }: typeof Parsing = await built("recordings/convert/wav.js");
  const wasm = fileURLToPath(import.meta.resolve("wasm-media-encoders/wasm/mp3"));
  const lame = await createLame(readFileSync(wasm));
  const files = sounds.map((bytes) => ({
    size: bytes.length,
    readAt: (at: number, length: number) => bytes.subarray(at, at + length),
  }));
  let encodedS = 0;
  let usedS = 0;
  for (let turn = 0; usedS < aloneS; turn += 1) {
    const file = files[turn % files.length];
    const head = file === undefined ? null : readWav(file);
    if (file === undefined || head?.kind !== "sound") throw new Error("Expected a sound.");
    const before = process.cpuUsage();
    encode(lame, file, head.sound, { writeAt() {} });
    const { user, system } = process.cpuUsage(before);
    usedS += (user + system) / 1e6;
    encodedS += secondsEach;
  }
  return encodedS / usedS;
}

interface Filling {
  readonly from: number;
  readonly count: number;
  readonly sounds: readonly Buffer[];
}

/** The store after the calls, and the folder after the recordings. */
async function fill(folder: string, dir: string, { from, count, sounds }: Filling): Promise<void> {
  const { openSqliteOutbox }: typeof Storing = await built("outbox/sqlite/sqliteOutbox.js");
  const outbox = await openSqliteOutbox({ dataDir: join(folder, "data"), log: silentLog });
  const now = Date.now();
  for (let index = from; index < from + count; index += 1) {
    const user = String(100 + (index % extensions));
    // One after the other at each extension, the last of them a while ago.
    const at = now - 600_000 - Math.floor(index / extensions) * (secondsEach + 20) * 1000;
    const startedAt = Math.floor((at - secondsEach * 1000) / 1000) * 1000;
    const callerid = `4207${String(index).padStart(8, "0")}`;
    const times = { at, callStartedAt: startedAt - 5000, talkMs: at - startedAt };
    const ended: EndedEvent = endedLink(50_000 + index, { ...times, user, callerid });
    await outbox.append([{ event: ended, endpoints: [], seekAt: now }], []);
    const stamp = new Date(startedAt).toISOString().replaceAll(/\D/g, "").slice(0, 14);
    const name = `[${callerid}]_${callerid}-${user}_${stamp}(${index}).wav`;
    await mkdir(join(dir, user), { recursive: true });
    await writeFile(join(dir, user, name), sounds[index % alike] ?? "");
    await utimes(join(dir, user, name), at / 1000, at / 1000);
  }
  await outbox.close();
  // Recordings lie on the disk as a rule when they are found; writing them is not what is measured.
  await promisify(execFile)("sync");
}

let firstCall = 1_000;

/** How long each webhook of a round of live calls took. */
async function roundOf(pbx: StandIn, receiver: Receiver, turns: number): Promise<number[]> {
  const took = await measure(pbx, receiver, { turns, firstCall });
  firstCall += 2 * turns;
  return [...took.values()].flat();
}

interface Seen {
  readonly tookS: number;
  /** Processor time of the threads that convert, which are the ones that give way. */
  readonly converterS: number;
  readonly threads: number;
  readonly rssMbMax: number;
  /** Resident, from the start on. */
  readonly rssMb: readonly number[];
}

/** Looks at the program from outside: proc(5). */
class Watch {
  readonly #pid: number;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #threads = new Map<string, number>();
  readonly #rssMb: number[] = [];
  #rssMbMax = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), sampleMs);
  }

  stop(): Seen {
    clearInterval(this.#timer);
    this.#look();
    const ticks = [...this.#threads.values()].reduce((sum, each) => sum + each, 0);
    return {
      tookS: (performance.now() - this.#startedAt) / 1000,
      converterS: ticks / ticksPerS,
      threads: this.#threads.size,
      rssMbMax: this.#rssMbMax,
      rssMb: this.#rssMb,
    };
  }

  #look(): void {
    const tasks = `/proc/${this.#pid}/task`;
    const [, own] = timesOf(`${tasks}/${this.#pid}`);
    for (const id of readdirSync(tasks)) {
      const [ticks, niceness] = timesOf(`${tasks}/${id}`);
      if (niceness !== own) this.#threads.set(id, ticks);
    }
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    this.#rssMbMax = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    this.#rssMb.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  }
}

/** Processor time and niceness: fields 14, 15 and 19 of the stat of proc(5). */
function timesOf(task: string): readonly [ticks: number, niceness: number] {
  const stat = readFileSync(`${task}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[11]) + Number(fields[12]), Number(fields[16])];
}

interface Measured {
  readonly count: number;
  readonly alone: number;
  readonly idle: readonly number[][];
  readonly busy: readonly number[][];
  readonly seen: readonly Seen[];
  readonly taken: number;
}

function report({ count, alone, idle, busy, seen, taken }: Measured): string[] {
  const soundS = count * secondsEach;
  const sum = (of: (part: Seen) => number) => seen.reduce((all, part) => all + of(part), 0);
  const tookS = sum((part) => part.tookS);
  const perCore = soundS / sum((part) => part.converterS);
  const p99 = (values: readonly number[]) =>
    quantile(
      values.toSorted((a, b) => a - b),
      0.99,
    );
  const [quietMs, meanwhileMs] = [p99(idle.flat()), p99(busy.flat())];
  const median = (rounds: readonly number[][]) =>
    quantile(
      rounds.flat().toSorted((a, b) => a - b),
      0.5,
    ).toFixed(1);
  const times = (rounds: readonly number[][]) =>
    `${rounds.flat().length} (rounds: ${rounds.map((round) => p99(round).toFixed(1)).join(", ")})`;
  return [
    `${taken} of ${count} recordings announced in ${tookS.toFixed(0)} s, ` +
      `${(soundS / tookS).toFixed(0)} × real time by the clock, with ${seen[0]?.threads} thread(s) that convert`,
    `${perCore.toFixed(0)} × real time per core of those threads (target ≥ ${target.realTime}); ` +
      `the encoder alone ${alone.toFixed(0)} ×: ${(perCore / alone).toFixed(2)} of it (target ≥ ${target.share})`,
    `p99 of live webhooks: idle ${quietMs.toFixed(1)} ms of ${times(idle)}`,
    `                 meanwhile ${meanwhileMs.toFixed(1)} ms of ${times(busy)}: ` +
      `${(meanwhileMs / quietMs).toFixed(2)} times idle (target ≤ ${target.p99})`,
    `medians: idle ${median(idle)} ms, meanwhile ${median(busy)} ms`,
    `${Math.max(...seen.map(({ rssMbMax }) => rssMbMax)).toFixed(0)} MB resident at most; ` +
      `a quarter, half and all through: ${seen.map(trend).join("; ")} MB`,
  ];
}

function trend({ rssMb }: Seen): string {
  const at = (share: number) => rssMb[Math.floor((rssMb.length - 1) * share)] ?? 0;
  return [0.25, 0.5, 1].map((share) => at(share).toFixed(0)).join(", ");
}
