/**
 * Sounds for tests: WAV files of every make, sound and odd ones, and what an independent decoder (mpg123) hears
 * in an MP3.
 */
import { MPEGDecoder } from "mpg123-decoder";

export interface WavMake {
  readonly rateHz?: number;
  readonly channels?: number;
  readonly seconds?: number;
  /** Of the tone; two = one for each half of the time. */
  readonly toneHz?: number | readonly [number, number];
  readonly format?: number;
  readonly bits?: number;
  /** Bytes of the chunk "fmt "; what goes beyond 16 is the extension. */
  readonly extension?: Buffer;
  /** Chunks before the sound. */
  readonly before?: Buffer;
  /** Bytes after the sound. */
  readonly after?: Buffer;
  /** What the header says of the sound's size, instead of the truth. */
  readonly toldBytes?: number;
}

/** From -1 to 1; the second channel is half as loud. */
export type Sample = (index: number, channel: number) => number;

export function toneOf(make: WavMake): Sample {
  const { rateHz = 8000, seconds = 3, toneHz = 440 } = make;
  const [first, second] = typeof toneHz === "number" ? [toneHz, toneHz] : toneHz;
  return (index, channel) => {
    const hz = index < (seconds * rateHz) / 2 ? first : second;
    return (0.5 / (channel + 1)) * Math.sin((2 * Math.PI * hz * index) / rateHz);
  };
}

/** One sample of one channel as bytes. */
function written(value: number, format: number, bits: number): Buffer {
  const bytes = Buffer.alloc(bits / 8);
  if (format === 3) bytes.writeFloatLE(value);
  else if (bits === 8) bytes.writeUInt8(Math.round(128 + 127 * value));
  else bytes.writeIntLE(Math.round((2 ** (bits - 1) - 1) * value), 0, bits / 8);
  return bytes;
}

export function chunk(id: string, body: Buffer, isPadded = true): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(isPadded ? body.length % 2 : 0)]);
}

export function wav(make: WavMake = {}, sample: Sample = toneOf(make)): Buffer {
  const { rateHz = 8000, channels = 1, seconds = 3, format = 1, bits = 16 } = make;
  const samples: Buffer[] = [];
  for (let index = 0; index < Math.round(seconds * rateHz); index += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      samples.push(written(sample(index, channel), format, bits));
    }
  }
  return wavOf(make, Buffer.concat(samples));
}

/** A WAV file around bytes of sound that are there already. */
export function wavOf(make: WavMake, sound: Buffer): Buffer {
  const { rateHz = 8000, channels = 1, format = 1, bits = 16, extension } = make;
  const head = Buffer.alloc(16);
  head.writeUInt16LE(format, 0);
  head.writeUInt16LE(channels, 2);
  head.writeUInt32LE(rateHz, 4);
  head.writeUInt32LE(Math.round((rateHz * channels * bits) / 8), 8);
  head.writeUInt16LE(format === 49 ? 65 : (channels * bits) / 8, 12);
  head.writeUInt16LE(bits, 14);
  const data = chunk("data", sound);
  data.writeUInt32LE(make.toldBytes ?? sound.length, 4);
  const body = Buffer.concat([
    Buffer.from("WAVE", "latin1"),
    chunk("fmt ", Buffer.concat([head, extension ?? Buffer.alloc(0)])),
    make.before ?? Buffer.alloc(0),
    data,
    make.after ?? Buffer.alloc(0),
  ]);
  return chunk("RIFF", body);
}

export interface Heard {
  readonly seconds: number;
  readonly rateHz: number;
  readonly channels: readonly Float32Array[];
}

/** What a player makes of an MP3, less the encoder's own samples at both ends. */
export async function heard(mp3: Uint8Array): Promise<Heard> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  const { channelData, samplesDecoded, sampleRate, errors } = decoder.decode(mp3);
  decoder.free();
  if (errors.length > 0) throw new Error(`Expected an MP3, got ${errors[0]?.message}.`);
  return { seconds: samplesDecoded / sampleRate, rateHz: sampleRate, channels: channelData };
}

/** How strong one frequency is (Goertzel), as the amplitude of a tone. */
export function strength(samples: Float32Array, rateHz: number, hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / rateHz);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + turn * last - before];
  const power = last ** 2 + before ** 2 - turn * last * before;
  return (2 * Math.sqrt(Math.max(0, power))) / samples.length;
}
