/**
 * Recordings of any bytes, from nearly good WAV files of every make to noise, through the parser, the decoders and
 * the encoder. Oracle: whatever comes in, a sentence or an MP3 comes out, no longer than the bytes allow, in bounded
 * pieces and without end to none; and what was not altered is as long as it was made.
 */
import { encode } from "../../src/recordings/convert/encode.ts";
import { FrameCounter } from "../../src/recordings/convert/mp3Frames.ts";
import { type ByteSource, readWav, SAMPLE_RATE_HZ_MIN } from "../../src/recordings/convert/wav.ts";
import type { Chance } from "../simulation/random.ts";
import { lame } from "../support/servedRecordings.ts";
import { chunk, type WavMake, wav, wavOf } from "../support/sound.ts";
import { check, cpuMsSince, type Target } from "./target.ts";

const encoder = await lame();
/** What any reader may ask for at once. */
const PIECE_BYTES_MAX = 64 * 1024;
/** Of the processor; the slowest case that was seen took 40 ms. */
const CASE_MS_MAX = 5000;
const READS_MAX = 2000;

const GUID = Buffer.from("000000001000800000aa00389b71", "hex");

function extensionOf(chance: Chance, code: number, bits: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt16LE(22, 0);
  bytes.writeUInt16LE(bits, 2);
  bytes.writeUInt32LE(chance.between(0, 3), 4);
  bytes.writeUInt16LE(code, 8);
  GUID.copy(bytes, 10);
  return bytes;
}

function noise(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.between(0, 255)));
}

interface Made {
  readonly bytes: Buffer;
  readonly make: WavMake;
  readonly seconds: number;
}

function made(chance: Chance): Made {
  const rateHz = chance.pick([8000, 8000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000]);
  const channels = chance.pick([1, 1, 2]);
  const seconds = Math.round(rateHz * chance.between(1, 60) * 0.002) / rateHz;
  const before = chance.happens(0.3)
    ? {
        before: chunk(
          chance.pick(["LIST", "JUNK", "fact", "bext"]),
          noise(chance, chance.between(0, 9)),
        ),
      }
    : {};
  const after = chance.happens(0.2)
    ? { after: chunk("LIST", noise(chance, chance.between(0, 40))) }
    : {};
  const shared = { rateHz, channels, seconds, ...before, ...after };
  const frames = Math.round(seconds * rateHz);
  switch (chance.weighed({ pcm: 5, extensible: 2, law: 2, gsm: 2, float: 1 })) {
    case "extensible": {
      const make = { ...shared, format: 0xfffe, extension: extensionOf(chance, 1, 16) };
      return { bytes: wav(make), make, seconds };
    }
    case "law": {
      const make = { ...shared, format: chance.pick([6, 7]), bits: 8 };
      return { bytes: wavOf(make, noise(chance, frames * channels)), make, seconds };
    }
    case "gsm": {
      const blocks = chance.between(1, 6);
      const extension = Buffer.from([2, 0, 64, 1]);
      const make = { ...shared, rateHz: 8000, channels: 1, format: 49, bits: 0, extension };
      const { before: _fact, ...plain } = make;
      return { bytes: wavOf(plain, noise(chance, blocks * 65)), make, seconds: blocks * 0.04 };
    }
    case "float": {
      const make = { ...shared, format: 3, bits: 32 };
      return { bytes: wav(make), make, seconds };
    }
    default: {
      const make = { ...shared, bits: chance.pick([8, 16, 16, 24, 32]) };
      return { bytes: wav(make), make, seconds };
    }
  }
}

const WORDS = ["RIFF", "WAVE", "fmt ", "data", "LIST", "fact", "ds64"].map((word) =>
  Buffer.from(word),
);
const NUMBERS = [
  0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** Most of it in the head, where it matters. */
function damaged(chance: Chance, whole: Buffer): Buffer {
  let bytes = Buffer.from(whole);
  for (let turns = chance.between(1, 4); turns > 0 && bytes.length > 8; turns -= 1) {
    const at = chance.between(
      0,
      (chance.happens(0.8) ? Math.min(bytes.length, 80) : bytes.length) - 5,
    );
    switch (chance.between(0, 7)) {
      case 0:
        bytes[at] = chance.between(0, 255);
        break;
      case 1:
        bytes.writeUInt32LE(chance.pick(NUMBERS), at);
        break;
      case 2:
        bytes.writeUInt16LE(chance.pick(NUMBERS) & 0xffff, at);
        break;
      case 3:
        bytes = bytes.subarray(0, chance.between(0, bytes.length));
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + chance.between(1, 9))]);
        break;
      case 5:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          noise(chance, chance.between(1, 9)),
          bytes.subarray(at),
        ]);
        break;
      case 6:
        chance.pick(WORDS).copy(bytes, at);
        break;
      default:
        bytes = Buffer.concat([bytes, bytes.subarray(at, at + chance.between(0, 60))]);
    }
  }
  return bytes;
}

/** A file in memory that minds how it is read. */
function watched(bytes: Buffer): ByteSource {
  let reads = 0;
  return {
    size: bytes.length,
    readAt(position, length) {
      reads += 1;
      check(reads <= READS_MAX, "it never ends");
      check(Number.isSafeInteger(position) && position >= 0, `reads at ${position}`);
      check(length >= 0 && length <= PIECE_BYTES_MAX, `reads ${length} bytes at once`);
      return bytes.subarray(position, position + length);
    },
  };
}

export const sounds: Target = {
  name: "sounds",
  holds: "any bytes end in a sentence or in an MP3 of their length, in bounded time and memory",
  share: 1,
  run(chance, say) {
    const { bytes: good, make, seconds } = made(chance);
    const isWhole = chance.happens(0.2);
    const bytes = isWhole ? good : damaged(chance, good);
    say({ make, hex: bytes.subarray(0, 200).toString("hex"), length: bytes.length });
    const before = process.threadCpuUsage();
    const file = watched(bytes);
    const head = readWav(file);
    if (head.kind === "broken") {
      check(!isWhole, `a good file is refused: ${head.reason}`);
      check(/^Expected .*, got .*\.$/.test(head.reason) && head.reason.length < 300, head.reason);
      return;
    }
    const { sound } = head;
    check(sound.position + sound.bytes <= bytes.length && sound.bytes > 0, "sound beyond the end");
    const mp3 = Buffer.alloc(bytes.length * 8 + 16_384);
    let end = 0;
    const encoded = encode(encoder, file, sound, {
      writeAt(position, piece) {
        check(position + piece.length <= mp3.length, "longer than the sound allows");
        mp3.set(piece, position);
        end = Math.max(end, position + piece.length);
      },
    });
    check(end === encoded.bytes, `${encoded.bytes} bytes told, ${end} written`);
    const longest = (bytes.length * 320 * 1000) / 65 / SAMPLE_RATE_HZ_MIN;
    check(
      encoded.durationMs <= Math.max(longest, (bytes.length * 1000) / SAMPLE_RATE_HZ_MIN),
      "too long",
    );
    if (encoded.bytes > 0) {
      const counter = new FrameCounter();
      counter.add(mp3.subarray(0, end));
      const { strayBytes, missingBytes, frames, first, samples } = counter;
      check(strayBytes === 0 && missingBytes === 0, "no frames from start to end");
      const countedMs = ((samples - samples / frames) * 1000) / (first?.sampleRateHz ?? 1);
      check(Math.abs(countedMs - encoded.durationMs) < 100, `counted ${countedMs} ms`);
      const other = damaged(chance, mp3.subarray(0, end));
      const again = new FrameCounter();
      again.add(other);
      check(again.strayBytes <= other.length, "more bytes astray than there are");
    }
    if (isWhole)
      check(Math.abs(encoded.durationMs - seconds * 1000) < 1, `${encoded.durationMs} ms`);
    check(cpuMsSince(before) < CASE_MS_MAX, "it takes too long");
  },
};
