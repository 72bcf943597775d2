/**
 * GSM 06.10 full rate, in the packing of WAV files (format 49): blocks of 65 bytes with two frames, each 160
 * samples of 13 bits. Must hold: bit for bit the decoder of the standard, which is made of 16-bit integers.
 * Source: ETSI EN 300 961 (GSM 06.10) §4.3 and §5.3; the packing: Microsoft's GSM 6.10 ACM.
 */

export const GSM_BLOCK_BYTES = 65;
export const GSM_BLOCK_SAMPLES = 320;
const FRAME_SAMPLES = 160;
const SUBFRAME_SAMPLES = 40;
const ORDER = 8;
const PULSES = 13;
const LAG_MIN = 40;
const LAG_MAX = 120;
/** What the last step adds per sample: 0.86 in Q15. */
const DEEMPHASIS = 28_180;

/** Bits of each log area ratio, and how it is scaled back (table 4.1, 5.3.1). */
const LAR_BITS = [6, 6, 5, 5, 4, 4, 3, 3];
const LAR_B = [0, 0, 2048, -2560, 94, -1792, -341, -1144];
const LAR_MIN = [-32, -32, -16, -16, -8, -8, -4, -4];
const LAR_INVERSE_A = [13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708];
/** Gain of the long-term predictor (table 4.3b). */
const GAIN = [3277, 11_469, 21_299, 32_767];
/** Normalised direct mantissa of the block maximum (table 4.6). */
const MANTISSA = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];

const saturated = (value: number) => Math.max(-32_768, Math.min(32_767, value));

/** Product of two Q15 numbers, rounded. */
function times(a: number, b: number): number {
  return a === -32_768 && b === -32_768 ? 32_767 : (a * b + 16_384) >> 15;
}

/** Takes numbers out of bytes, the lowest bit first. */
class Bits {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1, this.#position += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value |= ((byte >> (this.#position & 7)) & 1) << bit;
    }
    return value;
  }
}

export class GsmDecoder {
  readonly #excitation = new Int16Array(LAG_MAX + FRAME_SAMPLES);
  readonly #lattice = new Int16Array(ORDER + 1);
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #ratios = new Int16Array(ORDER);
  #lag = LAG_MIN;
  #last = 0;

  /** Decodes one block of 65 bytes into 320 samples at `offset`. */
  decode(block: Uint8Array, samples: Int16Array, offset: number): void {
    const bits = new Bits(block);
    for (const start of [offset, offset + FRAME_SAMPLES]) {
      this.#decodeFrame(bits);
      samples.set(this.#frame, start);
    }
  }

  #decodeFrame(bits: Bits): void {
    const ratios = Int16Array.from(LAR_BITS, (count, index) => ratioOf(bits.take(count), index));
    this.#excitation.copyWithin(0, FRAME_SAMPLES);
    for (let start = LAG_MAX; start < LAG_MAX + FRAME_SAMPLES; start += SUBFRAME_SAMPLES) {
      this.#excite(bits, start);
    }
    this.#synthesise(ratios);
    this.#ratios = ratios;
    for (let index = 0; index < FRAME_SAMPLES; index += 1) {
      this.#last = saturated((this.#frame[index] ?? 0) + times(this.#last, DEEMPHASIS));
      this.#frame[index] = saturated(this.#last * 2) & ~7;
    }
  }

  /** One subframe: pulses on their grid, added to what was a lag ago (5.3.2, 5.3.3). */
  #excite(bits: Bits, start: number): void {
    const lag = bits.take(7);
    if (lag >= LAG_MIN && lag <= LAG_MAX) this.#lag = lag;
    const gain = GAIN[bits.take(2)] ?? 0;
    const grid = bits.take(2);
    const pulses = pulsesOf(bits);
    for (let index = 0; index < SUBFRAME_SAMPLES; index += 1) {
      const before = this.#excitation[start + index - this.#lag] ?? 0;
      const pulse = (index - grid) % 3 === 0 ? (pulses[(index - grid) / 3] ?? 0) : 0;
      this.#excitation[start + index] = saturated(pulse + times(gain, before));
    }
  }

  /** The lattice filter, its coefficients moving from those of the frame before (5.3.4). */
  #synthesise(ratios: Int16Array): void {
    const moving = (weigh: (before: number, now: number) => number) =>
      Int16Array.from(ratios, (now, index) =>
        reflectionOf(saturated(weigh(this.#ratios[index] ?? 0, now))),
      );
    this.#filter(
      moving((before, now) => (before >> 2) + (now >> 2) + (before >> 1)),
      0,
      13,
    );
    this.#filter(
      moving((before, now) => (before >> 1) + (now >> 1)),
      13,
      27,
    );
    this.#filter(
      moving((before, now) => (before >> 2) + (now >> 2) + (now >> 1)),
      27,
      40,
    );
    this.#filter(
      moving((_, now) => now),
      40,
      FRAME_SAMPLES,
    );
  }

  #filter(reflections: Int16Array, from: number, to: number): void {
    const lattice = this.#lattice;
    for (let index = from; index < to; index += 1) {
      let value = this.#excitation[LAG_MAX + index] ?? 0;
      for (let stage = ORDER - 1; stage >= 0; stage -= 1) {
        const reflection = reflections[stage] ?? 0;
        const state = lattice[stage] ?? 0;
        value = saturated(value - times(reflection, state));
        lattice[stage + 1] = saturated(state + times(reflection, value));
      }
      lattice[0] = value;
      this.#frame[index] = value;
    }
  }
}

/** A log area ratio from its code (5.3.1). */
function ratioOf(code: number, index: number): number {
  const scaled = (code + (LAR_MIN[index] ?? 0)) << 10;
  const shifted = saturated(scaled - (LAR_B[index] ?? 0) * 2);
  return saturated(times(LAR_INVERSE_A[index] ?? 0, shifted) * 2);
}

/** A reflection coefficient from a log area ratio (5.2.9.2). */
function reflectionOf(ratio: number): number {
  const size = Math.min(Math.abs(ratio), 32_767);
  const bent = size < 11_059 ? size * 2 : size < 20_070 ? size + 11_059 : (size >> 2) + 26_112;
  return ratio < 0 ? -saturated(bent) : saturated(bent);
}

/** The 13 pulses of a subframe: a common maximum, and each one's share (5.3.2, 4.3). */
function pulsesOf(bits: Bits): number[] {
  const maximum = bits.take(6);
  let exponent = maximum > 15 ? (maximum >> 3) - 1 : 0;
  let mantissa = maximum - (exponent << 3);
  if (mantissa === 0) {
    exponent = -4;
    mantissa = 7;
  } else {
    for (; mantissa <= 7; exponent -= 1) mantissa = mantissa * 2 + 1;
    mantissa -= 8;
  }
  const shift = 6 - exponent;
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  const factor = MANTISSA[mantissa] ?? 0;
  return Array.from({ length: PULSES }, () => {
    const share = times(factor, (bits.take(3) * 2 - 7) << 12);
    return saturated(share + half) >> shift;
  });
}
