/** Our MP3s as ffmpeg hears them: length, tone, place, silence. It shares no code with the encoder. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALAW } from "../../src/recordings/convert/g711.ts";
import { heardByFfmpeg } from "../support/ffmpeg.ts";
import { mp3Of } from "../support/servedRecordings.ts";
import { chunk, strength, toneOf, type WavMake, wav, wavOf } from "../support/sound.ts";

const SECONDS_OFF_MAX = 0.1;
/** What it tells before it decodes is rounded. */
const ROUNDING_S = 0.005;

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offhook-ffmpeg-"));
  path = join(folder, "a.mp3");
});
afterAll(() => rm(folder, { recursive: true }));

/** The strongest of all frequencies that a telephone carries, to a hertz: roughly first, then near it. */
function loudestHz(samples: Float32Array, rateHz: number): number {
  const second = samples.subarray(0, rateHz);
  const strongest = (of: Float32Array, from: number, to: number, step: number) => {
    let [best, most] = [0, -1];
    for (let hz = from; hz <= to; hz += step) {
      const found = strength(of, rateHz, hz);
      if (found > most) [best, most] = [hz, found];
    }
    return best;
  };
  const near = strongest(second.subarray(0, rateHz / 4), 100, 3600, 3);
  return strongest(second, near - 5, near + 5, 1);
}

async function expectHeard(bytes: Uint8Array, seconds: number, hz: number, channels = 1) {
  await writeFile(path, await mp3Of(bytes));
  const sound = await heardByFfmpeg(path);
  expect(Math.abs(sound.seconds - seconds)).toBeLessThan(SECONDS_OFF_MAX);
  expect(Math.abs(sound.toldSeconds - seconds)).toBeLessThan(SECONDS_OFF_MAX + ROUNDING_S);
  expect(sound.channels).toHaveLength(channels);
  for (const samples of sound.channels) {
    expect(Math.abs(loudestHz(samples, sound.rateHz) - hz)).toBeLessThanOrEqual(1);
  }
}

describe("ffmpeg hears length and tone of", () => {
  const makes: readonly (readonly [string, WavMake])[] = [
    ["8 kHz, 16 bit, mono, as a PBX records", {}],
    ["8 kHz, 8 bit, mono", { bits: 8 }],
    ["8 kHz, 16 bit, stereo", { channels: 2 }],
    ["16 kHz, 16 bit, mono", { rateHz: 16_000 }],
    ["22.05 kHz, 24 bit, stereo", { rateHz: 22_050, bits: 24, channels: 2 }],
    ["44.1 kHz, 16 bit, stereo", { rateHz: 44_100, channels: 2 }],
    ["48 kHz, 16 bit, mono", { rateHz: 48_000 }],
    ["no length of whole frames", { seconds: 2.3457 }],
    ["a second", { seconds: 1 }],
    ["a recorder that died: no size", { toldBytes: 0xffff_ffff }],
  ];
  it.each(makes)("%s", (_, make) =>
    expectHeard(wav({ toneHz: 697, ...make }), make.seconds ?? 3, 697, make.channels ?? 1),
  );

  it("A-law, mono", async () => {
    const tone = toneOf({ toneHz: 1209 });
    const codes = Buffer.alloc(24_000);
    for (let index = 0; index < codes.length; index += 1) {
      const wanted = tone(index, 0) * 32_767;
      let best = 0;
      for (let code = 1; code < 256; code += 1) {
        const isNearer =
          Math.abs((ALAW[code] ?? 0) - wanted) < Math.abs((ALAW[best] ?? 0) - wanted);
        if (isNearer) best = code;
      }
      codes[index] = best;
    }
    await expectHeard(wavOf({ format: 6, bits: 8 }, codes), 3, 1209);
  });

  it("a quarter of an hour, to its last second", async () => {
    const second = wav({ seconds: 1, toneHz: 440 }).subarray(44);
    await writeFile(path, await mp3Of(wavOf({}, Buffer.concat(Array(900).fill(second)))));
    const end = await heardByFfmpeg(path, 890);
    expect(Math.abs(end.toldSeconds - 900)).toBeLessThan(SECONDS_OFF_MAX);
    expect(Math.abs(end.seconds - 10)).toBeLessThan(SECONDS_OFF_MAX);
  });
});

it("ffmpeg finds a place in it: the second half has another tone", async () => {
  await writeFile(path, await mp3Of(wav({ seconds: 20, toneHz: [440, 1000] })));
  for (const [from, hz] of [
    [2, 440],
    [9.5, 440],
    [10.5, 1000],
    [17, 1000],
  ] as const) {
    const { channels, rateHz } = await heardByFfmpeg(path, from);
    expect([
      from,
      loudestHz(channels[0]?.subarray(0, rateHz / 4) ?? new Float32Array(), rateHz),
    ]).toEqual([from, hz]);
  }
});

it("ffmpeg hears the sound begin and end where it does: no silence is added, none is cut", async () => {
  const rateHz = 8000;
  // Silence but for two clicks of a tone, at 0.5 s and 2.5 s.
  const tone = toneOf({ toneHz: 1000 });
  const isOn = (index: number) => [0.5, 2.5].some((at) => Math.abs(index - at * rateHz) < 200);
  const bytes = wav({ seconds: 3 }, (index, channel) => (isOn(index) ? tone(index, channel) : 0));
  await writeFile(path, await mp3Of(bytes));
  const { channels, rateHz: heardHz, seconds } = await heardByFfmpeg(path);
  const [samples = new Float32Array()] = channels;
  const loud = (from: number, to: number) =>
    samples.subarray(from * heardHz, to * heardHz).some((sample) => Math.abs(sample) > 0.1);
  expect(seconds).toBeCloseTo(3, 2);
  for (const at of [0.5, 2.5]) {
    expect(loud(at - 0.02, at + 0.02)).toBe(true);
    expect(loud(at - 0.2, at - 0.04)).toBe(false);
    expect(loud(at + 0.04, at + 0.2)).toBe(false);
  }
});

it("an MP3 that came as one is heard as it came", async () => {
  const mp3 = await mp3Of(wav({ toneHz: 852 }));
  const again = await mp3Of(mp3);
  expect(again).toEqual(mp3);
  await writeFile(path, again);
  expect((await heardByFfmpeg(path)).seconds).toBeCloseTo(3, 1);
});

it("this check can fail: a file that is cut short, and one that is no MP3, are told apart", async () => {
  const mp3 = await mp3Of(wav());
  await writeFile(path, mp3.subarray(0, mp3.length / 2));
  expect((await heardByFfmpeg(path).catch(() => ({ seconds: 0 }))).seconds).toBeLessThan(2);
  await writeFile(path, chunk("RIFF", Buffer.from("WAVE")));
  await expect(heardByFfmpeg(path)).rejects.toThrow("Expected ffmpeg to hear");
});
