/** Sound in, MP3 out: length and tone as an independent decoder hears them, for every make of WAV. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  chunk,
  heard,
  strength,
  toneOf,
  type WavMake,
  wav,
  wavOf,
} from "../../../test/support/sound.ts";
import { steadyClock } from "../../util/clock.ts";
import { type Converter, createConverter } from "./converter.ts";
import { ALAW, MULAW } from "./g711.ts";
import { FrameCounter, frameHeader } from "./mp3Frames.ts";
import { readWav } from "./wav.ts";

let folder: string;
let converter: Converter;
let count = 0;
let from: string;
let to: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offhook-convert-"));
  converter = createConverter({ clock: steadyClock(), threads: 1 });
});
afterAll(async () => {
  await converter.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  count += 1;
  from = join(folder, `${count}.wav`);
  to = join(folder, `${count}.mp3`);
});

async function convert(bytes: Uint8Array) {
  await writeFile(from, bytes);
  return converter.convert(from, to);
}

/** Converts, and checks the length as a player hears it, and as whoever counts frames sees it. */
async function expectLength(bytes: Uint8Array, seconds: number) {
  expect(await convert(bytes)).toMatchObject({ kind: "converted", bytes: (await stat(to)).size });
  const sound = await heard(await readFile(to));
  expect(Math.abs(sound.seconds - seconds)).toBeLessThan(0.01);
  const counter = new FrameCounter();
  counter.add(await readFile(to));
  expect(counter).toMatchObject({ strayBytes: 0, missingBytes: 0 });
  // The first frame is silent, and not counted.
  const { frames, samples } = counter;
  const counted = (samples - samples / frames) / sound.rateHz;
  expect(Math.abs(counted - seconds)).toBeLessThan(0.1);
  return { sound, channels: counter.first?.channels };
}

/** The same, and the channels with the tone in each. */
async function expectTone(bytes: Uint8Array, seconds: number, channels = 1, hz = 440) {
  const { sound, channels: found } = await expectLength(bytes, seconds);
  expect(found).toBe(channels);
  for (const samples of sound.channels.slice(0, channels)) {
    expect(strength(samples, sound.rateHz, hz)).toBeGreaterThan(0.2);
    expect(strength(samples, sound.rateHz, hz * 1.3)).toBeLessThan(0.02);
  }
}

const extensible = (code: number, bits: number) => {
  const guid = "000000001000800000aa00389b71";
  const bytes = Buffer.alloc(24);
  bytes.writeUInt16LE(22, 0);
  bytes.writeUInt16LE(bits, 2);
  bytes.writeUInt16LE(code, 8);
  bytes.write(guid, 10, "hex");
  return bytes;
};

describe("a WAV file becomes an MP3 of the same length and tone", () => {
  const makes: readonly (readonly [string, WavMake])[] = [
    ["8 kHz, 16 bit, mono", {}],
    ["8 kHz, 8 bit, mono", { bits: 8 }],
    ["8 kHz, 16 bit, stereo", { channels: 2 }],
    ["11.025 kHz, 8 bit, stereo", { rateHz: 11_025, bits: 8, channels: 2 }],
    ["16 kHz, 24 bit", { rateHz: 16_000, bits: 24 }],
    ["22.05 kHz, 32 bit", { rateHz: 22_050, bits: 32 }],
    ["32 kHz, 32 bit floating point", { rateHz: 32_000, bits: 32, format: 3 }],
    ["44.1 kHz, 16 bit, stereo", { rateHz: 44_100, channels: 2 }],
    ["48 kHz, 16 bit, mono", { rateHz: 48_000 }],
    ["a rate that MP3 does not know", { rateHz: 9_000 }],
  ];
  it.each(makes)("%s", (_, make) => expectTone(wav(make), 3, make.channels ?? 1));

  it("of a length that fills no frame", () => expectTone(wav({ seconds: 1.0371 }), 1.0371));
  it("of any length, within 0.1 s also for whoever counts frames", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20_000 }), async (samples) => {
        await expectLength(wav({ seconds: samples / 8000 }), samples / 8000);
      }),
      { numRuns: 60 },
    ));
  it("extensible", () =>
    expectTone(wav({ format: 0xfffe, extension: extensible(1, 16) }, toneOf({})), 3));
  it("A-law and µ-law", async () => {
    for (const [format, table] of [
      [6, ALAW],
      [7, MULAW],
    ] as const) {
      const tone = toneOf({});
      const nearest = (value: number) => {
        let best = 0;
        for (const [code, known] of table.entries()) {
          const isNearer = Math.abs(known - value) < Math.abs((table[best] ?? 0) - value);
          if (isNearer) best = code;
        }
        return best;
      };
      const codes = Uint8Array.from({ length: 24_000 }, (_, at) => nearest(tone(at, 0) * 32_767));
      await expectTone(wavOf({ format, bits: 8 }, Buffer.from(codes)), 3);
    }
  });
  it('GSM 6.10, cut to the length that the chunk "fact" tells', async () => {
    const fact = Buffer.alloc(4);
    fact.writeUInt32LE(15_900);
    const extension = Buffer.from([2, 0, 64, 1]);
    const make = { format: 49, bits: 0, extension, before: chunk("fact", fact) };
    expect(await convert(wavOf(make, Buffer.alloc(50 * 65)))).toMatchObject({ durationMs: 1987.5 });
    expect((await heard(await readFile(to))).seconds).toBeCloseTo(1.9875, 2);
  });
});

describe("what recorders leave behind is understood:", () => {
  const odd = Buffer.from("ISFT\x05\0\0\0Lavf5", "latin1");
  const makes: readonly (readonly [string, WavMake])[] = [
    [
      "a list before the sound",
      { before: chunk("LIST", Buffer.concat([odd, odd, odd.subarray(1)])) },
    ],
    ["an odd chunk without its pad byte", { before: chunk("LIST", odd, false) }],
    ["an odd chunk with it", { before: chunk("junk", odd) }],
    ["space held free", { before: chunk("JUNK", Buffer.alloc(4060)) }],
    ["a longer format", { extension: Buffer.alloc(50) }],
    ["a size of 0", { toldBytes: 0 }],
    ["a size of -1", { toldBytes: 0xffff_ffff }],
    ["a size beyond the end", { toldBytes: 1_000_000 }],
    ["more after the sound", { after: chunk("LIST", Buffer.alloc(5000, 0x55)) }],
  ];
  it.each(makes)("%s", (_, make) => expectTone(wav(make), 3));

  it("a file that ends within a sample", async () => {
    await expectTone(wav({ channels: 2 }).subarray(0, -3), 3, 2);
  });
});

describe("what cannot be played is told in a sentence, and leaves nothing:", () => {
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ["an empty file", Buffer.alloc(0), "got an empty one"],
    ["something else", Buffer.from("<html>503</html>"), "begins with the bytes 3c68746d6c3e"],
    ["a head alone", wav().subarray(0, 44), "holds none"],
    ["less than a head", wav().subarray(0, 18), 'neither a chunk "fmt " nor "data"'],
    ["a format that ends early", wav().subarray(0, 30), "got 10"],
    ["no sound", wavOf({}, Buffer.alloc(0)), "holds none"],
    ["less than a sample", wavOf({}, Buffer.alloc(1)), "less than one sample"],
    ["sound before its format", chunk("RIFF", Buffer.from("WAVEdata\x04\0\0\0abcd")), '"fmt "'],
    ["a format that we do not know", wav({ format: 17 }), "got format 17 (IMA ADPCM)"],
    ["too many channels", wav({ channels: 6 }), "got 6"],
    ["no rate", wav({ rateHz: 8000 }).fill(0, 24, 28), "got 0"],
    ["bits that cannot be", wav().fill(200, 34, 35), "got 200"],
  ];
  it.each(cases)("%s", async (_, bytes, words) => {
    const outcome = await convert(bytes);
    expect(outcome).toMatchObject({ kind: "broken", reason: expect.stringContaining(words) });
    expect(readdirSync(folder).filter((name) => name.startsWith(`${count}.`))).toEqual([
      `${count}.wav`,
    ]);
  });

  it("bytes of any kind never stop us", () => {
    const words = fc.constantFrom(
      "RIFF",
      "WAVE",
      "fmt ",
      "data",
      "LIST",
      "\xff\xff\xff\xff",
      "\0\0\0\0",
    );
    const piece = fc.oneof(
      words.map((word) => Buffer.from(word, "latin1")),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.concat([Buffer.from("RIFF    WAVE"), ...pieces]);
        const readAt = (at: number, length: number) => bytes.subarray(at, at + length);
        const head = readWav({ size: bytes.length, readAt });
        if (head.kind === "broken") return head.reason.startsWith("Expected");
        return head.sound.position + head.sound.bytes <= bytes.length;
      }),
      { numRuns: 2000 },
    );
  });
});

describe("an MP3 is known by its content and passed on", () => {
  it("as it is, with tags at both ends", async () => {
    await convert(wav());
    const mp3 = await readFile(to);
    const tag = Buffer.concat([
      Buffer.from("ID3\x03\0\0\0\0\x01\x00", "latin1"),
      Buffer.alloc(128),
    ]);
    const tagged = Buffer.concat([tag, mp3, Buffer.from("TAG".padEnd(128, "x"))]);
    expect(await convert(tagged)).toMatchObject({ kind: "converted", bytes: tagged.length });
    expect(await readFile(to)).toEqual(tagged);
  });

  it("unless it is damaged", async () => {
    await convert(wav({ seconds: 30 }));
    const mp3 = await readFile(to);
    mp3.fill(7, 20_000, 60_000);
    expect(await convert(mp3)).toMatchObject({ kind: "broken" });
  });

  it("its frames are counted whatever the pieces", async () => {
    await convert(wav());
    const mp3 = await readFile(to);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
        const counter = new FrameCounter();
        for (let at = 0, turn = 0; at < mp3.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          counter.add(mp3.subarray(at, at + size));
          at += size;
        }
        return counter.strayBytes === 0 && counter.frames === mp3.length / 180;
      }),
      { numRuns: 50 },
    );
    expect(frameHeader(mp3)).toMatchObject({ version: "2", bitrateKbps: 40, frameBytes: 180 });
  });
});

describe("the converter", () => {
  it("says when there is no file, and goes on", async () => {
    const outcome = await converter.convert(join(folder, "none"), to);
    expect(outcome).toMatchObject({ kind: "failed", reason: expect.stringContaining("ENOENT") });
    expect(await convert(wav())).toMatchObject({ kind: "converted" });
  });

  it("stops at once when it is called off, and leaves nothing", async () => {
    // Hours of silence, of which nothing is on the disk.
    await writeFile(from, wav({ seconds: 1, toldBytes: 0 }));
    await truncate(from, 16_000 * 3600 * 4);
    const stop = new AbortController();
    const running = converter.convert(from, to, stop.signal);
    const waiting = converter.convert(from, `${to}2`, stop.signal);
    expect(converter.waiting).toBe(1);
    while (!existsSync(`${to}.part`)) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect([await running, await waiting].map(({ kind }) => kind)).toEqual(["failed", "failed"]);
    expect(readdirSync(folder).filter((name) => name.includes("part"))).toEqual([]);
    expect(await convert(wav())).toMatchObject({ kind: "converted" });
  });

  it.runIf(process.platform === "linux")("gives way to all other threads", async () => {
    await convert(wav());
    // Field 19 of proc(5): how nice a thread is.
    const niceness = readdirSync("/proc/self/task").map((id) => {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    });
    const own = getPriority();
    expect(niceness.filter((nice) => nice > own)).toEqual([Math.min(19, own + 10)]);
  });

  it("gives up what takes too long", async () => {
    const due: (() => void)[] = [];
    const after = (_: number, run: () => void) => {
      due.push(run);
      return () => {};
    };
    const patient = createConverter({ clock: { now: () => 0, after }, threads: 1 });
    await writeFile(from, wav({ seconds: 60 }));
    const running = patient.convert(from, to);
    for (const run of due) run();
    expect(await running).toMatchObject({ reason: expect.stringContaining("longer than") });
    await patient.close();
    expect(await patient.convert(from, to)).toMatchObject({ kind: "failed" });
  });
});
