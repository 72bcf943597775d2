/**
 * From bytes to samples: one decoder for each way in which sound is written. What goes in are whole blocks;
 * what comes out are numbers from -1 to 1, one array for each channel, in buffers that are used again.
 */
import { assertNever } from "../../util/assertNever.ts";
import { ALAW, MULAW } from "./g711.ts";
import { GSM_BLOCK_BYTES, GSM_BLOCK_SAMPLES, GsmDecoder } from "./gsm610.ts";
import type { SoundFormat } from "./wav.ts";

export interface SampleDecoder {
  /** Bytes of the smallest unit that can be decoded, and its samples of one channel. */
  readonly blockBytes: number;
  readonly blockSamples: number;
  /** Samples of each channel; valid until the next call. */
  decode(blocks: Uint8Array): readonly Float32Array[];
}

/** Reads the sample that begins at a byte. */
type Reader = (bytes: Uint8Array, at: number) => number;

/** `bytesMax`: the most that is ever decoded at once. */
export function sampleDecoder(format: SoundFormat, bytesMax: number): SampleDecoder {
  if (format.encoding === "gsm") return gsmDecoder(bytesMax);
  const { channels, sampleBytes } = format;
  const blockBytes = channels * sampleBytes;
  const read = readerOf(format);
  const space = Array.from(
    { length: channels },
    () => new Float32Array(Math.floor(bytesMax / blockBytes)),
  );
  return {
    blockBytes,
    blockSamples: 1,
    decode(blocks) {
      const count = Math.floor(blocks.length / blockBytes);
      for (const [channel, samples] of space.entries()) {
        let at = channel * sampleBytes;
        for (let index = 0; index < count; index += 1, at += blockBytes) {
          samples[index] = read(blocks, at);
        }
      }
      return space.map((samples) => samples.subarray(0, count));
    },
  };
}

function readerOf({ encoding, sampleBytes }: SoundFormat): Reader {
  switch (encoding) {
    case "pcm":
      return pcmReader(sampleBytes);
    case "float":
      return floatReader();
    case "alaw":
      return (bytes, at) => (ALAW[bytes[at] ?? 0] ?? 0) / 32_768;
    case "mulaw":
      return (bytes, at) => (MULAW[bytes[at] ?? 0] ?? 0) / 32_768;
    case "gsm":
      throw new Error("Expected GSM to be decoded by the block.");
    default:
      return assertNever(encoding);
  }
}

/** 8 bits have no sign, more have one; of more than 24 the lowest are not heard. */
function pcmReader(sampleBytes: number): Reader {
  if (sampleBytes === 1) return (bytes, at) => ((bytes[at] ?? 128) - 128) / 128;
  const high = sampleBytes - 1;
  if (sampleBytes === 2) {
    return (bytes, at) => (((bytes[at + 1] ?? 0) << 24) | ((bytes[at] ?? 0) << 16)) / 2 ** 31;
  }
  return (bytes, at) =>
    (((bytes[at + high] ?? 0) << 24) |
      ((bytes[at + high - 1] ?? 0) << 16) |
      ((bytes[at + high - 2] ?? 0) << 8)) /
    2 ** 31;
}

/** What is no number is silence; what is louder than loud is cut. */
function floatReader(): Reader {
  const bits = new DataView(new ArrayBuffer(4));
  return (bytes, at) => {
    for (let byte = 0; byte < 4; byte += 1) bits.setUint8(byte, bytes[at + byte] ?? 0);
    const value = bits.getFloat32(0, true);
    return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
  };
}

function gsmDecoder(bytesMax: number): SampleDecoder {
  const decoder = new GsmDecoder();
  const blocksMax = Math.floor(bytesMax / GSM_BLOCK_BYTES);
  const whole = new Int16Array(blocksMax * GSM_BLOCK_SAMPLES);
  const samples = new Float32Array(whole.length);
  return {
    blockBytes: GSM_BLOCK_BYTES,
    blockSamples: GSM_BLOCK_SAMPLES,
    decode(blocks) {
      const count = Math.floor(blocks.length / GSM_BLOCK_BYTES);
      for (let block = 0; block < count; block += 1) {
        const start = block * GSM_BLOCK_BYTES;
        const bytes = blocks.subarray(start, start + GSM_BLOCK_BYTES);
        decoder.decode(bytes, whole, block * GSM_BLOCK_SAMPLES);
      }
      const length = count * GSM_BLOCK_SAMPLES;
      for (let index = 0; index < length; index += 1) {
        samples[index] = (whole[index] ?? 0) / 32_768;
      }
      return [samples.subarray(0, length)];
    },
  };
}
