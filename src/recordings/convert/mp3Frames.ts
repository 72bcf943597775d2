/**
 * The frames of an MP3 stream, by their headers: to know an MP3 by its content, and to count what it plays.
 * Must hold: never throws on any bytes; keeps a few bytes and places of the past at most.
 * Source: ISO/IEC 11172-3 §2.4.2.3, ISO/IEC 13818-3 §2.4.2.3; MPEG 2.5 as everybody writes it.
 */

export interface FrameHeader {
  readonly version: "1" | "2" | "2.5";
  readonly bitrateKbps: number;
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly frameBytes: number;
  /** Samples of one channel. */
  readonly samples: number;
}

export const HEADER_BYTES = 4;
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_HZ = { "1": [44_100, 48_000, 32_000], "2": [22_050, 24_000, 16_000] };

/** The header of a layer III frame; null if these four bytes are none. */
export function frameHeader(bytes: Uint8Array, at = 0): FrameHeader | null {
  const [sync = 0, kind = 0, rates = 0, mode = 0] = bytes.subarray(at, at + HEADER_BYTES);
  if (sync !== 0xff || (kind & 0xe6) !== 0xe2) return null;
  const version = ([null, null, "2", "1"] as const)[(kind >> 3) & 3];
  const isOldest = ((kind >> 3) & 3) === 0;
  if (version === null && !isOldest) return null;
  const base = version === "1" ? "1" : "2";
  const bitrateKbps = (base === "1" ? BITRATES_1 : BITRATES_2)[rates >> 4] ?? 0;
  const rateHz = RATES_HZ[base][(rates >> 2) & 3];
  if (bitrateKbps === 0 || rateHz === undefined) return null;
  const sampleRateHz = isOldest ? rateHz / 2 : rateHz;
  const samples = base === "1" ? 1152 : 576;
  const padding = (rates >> 1) & 1;
  return {
    version: isOldest ? "2.5" : base,
    bitrateKbps,
    sampleRateHz,
    channels: mode >> 6 === 3 ? 1 : 2,
    frameBytes: Math.floor(((samples / 8) * bitrateKbps * 1000) / sampleRateHz) + padding,
    samples,
  };
}

const STARTS_KEPT = 4;

/** Counts frames of a stream that comes in pieces of any size. */
export class FrameCounter {
  frames = 0;
  samples = 0;
  /** Bytes that belong to no frame. */
  strayBytes = 0;
  first: FrameHeader | null = null;
  #skip = 0;
  #carried = new Uint8Array(0);
  /** Bytes of the stream so far. */
  #bytes = 0;
  readonly #starts: number[] = [];

  add(piece: Uint8Array): void {
    const bytes = this.#carried.length > 0 ? joined(this.#carried, piece) : piece;
    const before = this.#bytes - this.#carried.length;
    this.#bytes += piece.length;
    let at = this.#skip;
    while (at + HEADER_BYTES <= bytes.length) {
      const header = frameHeader(bytes, at);
      if (header) this.#count(header, before + at);
      else this.strayBytes += 1;
      at += header?.frameBytes ?? 1;
    }
    this.#carried = at < bytes.length ? Uint8Array.from(bytes.subarray(at)) : new Uint8Array(0);
    this.#skip = Math.max(0, at - bytes.length);
  }

  /** Bytes by which the last frame is short; 0 if it is whole. */
  get missingBytes(): number {
    return this.#skip;
  }

  get playedMs(): number {
    return this.first ? (this.samples * 1000) / this.first.sampleRateHz : 0;
  }

  /** Where in the stream the last frame begins, or one of the few before it; null if that is not known. */
  startOf(fromLast: number): number | null {
    return this.#starts.at(-fromLast) ?? null;
  }

  #count(header: FrameHeader, start: number): void {
    this.first ??= header;
    this.#starts.push(start);
    if (this.#starts.length > STARTS_KEPT) this.#starts.shift();
    this.frames += 1;
    this.samples += header.samples;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

const ID3_HEAD_BYTES = 10;

/** Where the frames begin: after the tag (ID3v2) that players know to skip. */
export function framesStart(head: Uint8Array): number {
  if (Buffer.from(head.subarray(0, 3)).toString("latin1") !== "ID3") return 0;
  const [a = 0, b = 0, c = 0, d = 0] = head.subarray(6, ID3_HEAD_BYTES);
  return ID3_HEAD_BYTES + (((a & 127) << 21) | ((b & 127) << 14) | ((c & 127) << 7) | (d & 127));
}
