/**
 * WAV to MP3, by LAME (wasm-media-encoders), a piece at a time: a recording of hours is never in memory whole.
 * Constant bitrate, because every player knows length and places of it without reading all; high enough that
 * what a telephone carries is kept.
 */
import { createEncoder, type WasmMediaEncoder } from "wasm-media-encoders";
import { crc16, infoFrame, infoFrameBytes } from "./infoTag.ts";
import { FrameCounter, type FrameHeader, HEADER_BYTES } from "./mp3Frames.ts";
import { sampleDecoder } from "./samples.ts";
import type { ByteSource, Sound, SoundFormat } from "./wav.ts";

/** Bytes of the WAV that are decoded at once. */
const PIECE_BYTES = 64 * 1024;

/**
 * From 16 kHz on, a rate is of the standard, so that everything plays it; 8 kHz is an addition that some players
 * lack, and its frames are so long that programs which count them are off by 0.2 s. Higher ones cost speed: 22 kHz a
 * third of it.
 */
const RATES_HZ = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;
type RateHz = (typeof RATES_HZ)[number];

/**
 * Many programs take the number of frames for the length, and those hold up to 0.14 s more than the sound: LAME's
 * delay, the decoder's, and a last frame for a few samples. Without that one it stays below 0.1 s.
 */
const CODEC_DELAY_SAMPLES = 576 + 529;
const CRUMB_S = 0.007;

function framesFor(samples: number, { samples: ofFrame, sampleRateHz }: FrameHeader): number {
  const heard = CODEC_DELAY_SAMPLES + samples - Math.floor(CRUMB_S * sampleRateHz);
  return Math.max(1, Math.ceil(heard / ofFrame));
}

export type Lame = WasmMediaEncoder<"audio/mpeg">;

export function createLame(wasm: Uint8Array): Promise<Lame> {
  return createEncoder("audio/mpeg", wasm);
}

/** Where the MP3 goes. */
export interface ByteSink {
  writeAt(position: number, bytes: Uint8Array): void;
}

export interface Encoded {
  readonly bytes: number;
  readonly durationMs: number;
}

/** The lowest rate of MP3 that loses nothing of the sound. */
function rateFor({ sampleRateHz }: SoundFormat): RateHz {
  return RATES_HZ.find((rateHz) => rateHz >= sampleRateHz) ?? 48_000;
}

/** A frame must also have the room for the tag of the first. */
function bitrateFor(rateHz: RateHz, { channels, sampleRateHz }: SoundFormat): Mp3BitrateKbps {
  if (sampleRateHz <= 12_000 && rateHz === 16_000) return channels === 1 ? 40 : 80;
  if (rateHz === 16_000) return channels === 1 ? 48 : 96;
  return channels === 1 ? 64 : 128;
}

type Mp3BitrateKbps = 40 | 48 | 64 | 80 | 96 | 128;

/** Takes what the encoder gives, and keeps the place of the first frame free. */
class Mp3Writer {
  readonly #sink: ByteSink;
  readonly #counter = new FrameCounter();
  readonly #header = new Uint8Array(HEADER_BYTES);
  #bytes = 0;
  #offset = 0;
  #crc = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  add(mp3: Uint8Array): void {
    this.#counter.add(mp3);
    this.#write(mp3);
  }

  #write(mp3: Uint8Array): void {
    if (mp3.length === 0) return;
    if (this.#bytes === 0) {
      this.#header.set(mp3.subarray(0, HEADER_BYTES));
      this.#offset = infoFrameBytes(this.#header);
    }
    this.#sink.writeAt(this.#offset + this.#bytes, mp3);
    this.#bytes += mp3.length;
    this.#crc = crc16(this.#crc, mp3);
  }

  /** Takes the last bytes, and writes the first frame, now that all is known of the others. */
  finish(last: Uint8Array, samples: number): number {
    const before = this.#bytes;
    this.#counter.add(last);
    const { first } = this.#counter;
    const surplus = first ? this.#counter.frames - framesFor(samples, first) : 0;
    const cutAt = surplus > 0 ? this.#counter.startOf(surplus) : null;
    const isCut = cutAt !== null && cutAt >= before;
    this.#write(isCut ? last.subarray(0, cutAt - before) : last);
    const frames = this.#counter.frames - (isCut ? surplus : 0);
    const sound = { header: this.#header, frames, bytes: this.#bytes, samples, crc: this.#crc };
    this.#sink.writeAt(0, infoFrame(sound));
    return this.#offset + this.#bytes;
  }
}

/** `rest` is called between two pieces. */
export function encode(
  lame: Lame,
  file: ByteSource,
  sound: Sound,
  sink: ByteSink,
  rest: () => void = () => {},
): Encoded {
  const { format } = sound;
  const rateHz = rateFor(format);
  lame.configure({
    channels: format.channels,
    sampleRate: format.sampleRateHz,
    outputSampleRate: rateHz,
    bitrate: bitrateFor(rateHz, format),
  });
  const decoder = sampleDecoder(format, PIECE_BYTES);
  const pieceBytes = Math.floor(PIECE_BYTES / decoder.blockBytes) * decoder.blockBytes;
  const writer = new Mp3Writer(sink);
  const end = sound.position + sound.bytes;
  let samples = 0;
  for (let at = sound.position; at < end; at += pieceBytes) {
    const bytes = file.readAt(at, Math.min(pieceBytes, end - at));
    const channels = decoder.decode(bytes).map((all) => all.subarray(0, wanted(sound) - samples));
    const count = channels[0]?.length ?? 0;
    if (count > 0) writer.add(lame.encode(channels));
    samples += count;
    rest();
    if (bytes.length < Math.min(pieceBytes, end - at)) break;
  }
  if (samples === 0) return { bytes: 0, durationMs: 0 };
  const last = lame.finalize();
  const played = Math.round((samples * rateHz) / format.sampleRateHz);
  return { bytes: writer.finish(last, played), durationMs: (samples * 1000) / format.sampleRateHz };

  /** The last block of a packed sound is longer than the sound; for others the size says it all. */
  function wanted({ samples: told, bytes }: Sound): number {
    const held = Math.floor(bytes / decoder.blockBytes) * decoder.blockSamples;
    return told !== null && told <= held && held - told < decoder.blockSamples ? told : held;
  }
}
