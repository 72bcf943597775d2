/**
 * Reads the head of a WAV file: where the sound lies and how it is written. Tolerant of what recorders leave
 * behind, bounded in what it reads. Must hold: never throws on any bytes; what it cannot use is told in a
 * sentence.
 * Source: "Multimedia Programming Interface and Data Specifications 1.0" (1991), and its revision 3 (1994).
 */

/** Bytes of a file, by position. */
export interface ByteSource {
  readonly size: number;
  /** At most `length` bytes; fewer at the end of the file. */
  readAt(position: number, length: number): Uint8Array;
}

export type Encoding = "pcm" | "float" | "alaw" | "mulaw" | "gsm";

/** How the samples are written. */
export interface SoundFormat {
  readonly encoding: Encoding;
  readonly channels: 1 | 2;
  readonly sampleRateHz: number;
  /** Bytes of one sample of one channel; 0 for GSM, which has none. */
  readonly sampleBytes: number;
}

export interface Sound {
  readonly format: SoundFormat;
  readonly position: number;
  readonly bytes: number;
  /** Samples of one channel, if the file tells; a GSM block is longer than the sound in it. */
  readonly samples: number | null;
}

export type WavHead =
  | { readonly kind: "sound"; readonly sound: Sound }
  | { readonly kind: "broken"; readonly reason: string };

const CHUNKS_MAX = 256;
const FORMAT_BYTES_MAX = 40;
const FORMAT_BYTES_MIN = 14;
export const SAMPLE_RATE_HZ_MIN = 4_000;
const SAMPLE_RATE_HZ_MAX = 96_000;
/** A recorder that writes while it records does not know the size yet. */
const SIZE_UNKNOWN = 0xffff_ffff;

const NAMES: Readonly<Record<number, string>> = {
  2: "Microsoft ADPCM",
  17: "IMA ADPCM",
  20: "G.723 ADPCM",
  34: "TrueSpeech",
  64: "G.721 ADPCM",
  80: "MPEG",
  85: "MPEG layer 3 in a WAV file",
  101: "G.729",
  131: "G.729",
};

class Broken extends Error {}

export function readWav(file: ByteSource): WavHead {
  try {
    return { kind: "sound", sound: readSound(file) };
  } catch (error) {
    if (error instanceof Broken) return { kind: "broken", reason: error.message };
    throw error;
  }
}

function readSound(file: ByteSource): Sound {
  const head = viewOf(file.readAt(0, 12));
  if (file.size === 0) throw new Broken("Expected a WAV or MP3 file, got an empty one.");
  const magic = textAt(head, 0);
  if ((magic !== "RIFF" && magic !== "RF64") || textAt(head, 8) !== "WAVE") {
    const start = Buffer.from(file.readAt(0, 12)).toString("hex");
    throw new Broken(`Expected a WAV or MP3 file, got one that begins with the bytes ${start}.`);
  }
  return findSound(file);
}

function findSound(file: ByteSource): Sound {
  let format: SoundFormat | null = null;
  let samples: number | null = null;
  let position = 12;
  for (let count = 0; count < CHUNKS_MAX && position + 8 <= file.size; count += 1) {
    const chunk = viewOf(file.readAt(position, 8 + FORMAT_BYTES_MAX));
    const [id, size] = [textAt(chunk, 0), chunk.getUint32(4, true)];
    const body = new DataView(chunk.buffer, chunk.byteOffset + 8, chunk.byteLength - 8);
    if (id === "fmt ") format = readFormat(body, size);
    if (id === "fact" && body.byteLength >= 4) samples = body.getUint32(0, true);
    if (id === "data") {
      if (!format) throw new Broken('Expected a chunk "fmt " before the sound, got none.');
      return soundAt(file, { format, samples }, position + 8, size);
    }
    position = nextChunk(file, position + 8, size);
  }
  const found = format ? 'no chunk "data"' : 'neither a chunk "fmt " nor "data"';
  throw new Broken(`Expected a WAV file with sound, got one with ${found}.`);
}

/** The size that is told is believed as far as the file goes; a recorder that died has left 0 or the maximum. */
function soundAt(
  file: ByteSource,
  { format, samples }: Pick<Sound, "format" | "samples">,
  position: number,
  told: number,
): Sound {
  const left = file.size - position;
  const isOpen = told === 0 || told === SIZE_UNKNOWN || told > left;
  const isEmpty = told === 0 && KNOWN_CHUNKS.has(textAt(viewOf(file.readAt(position, 4)), 0));
  const bytes = isEmpty ? 0 : isOpen ? left : told;
  if (bytes <= 0) throw new Broken("Expected sound, got a WAV file that holds none.");
  return { format, position, bytes, samples: isOpen || !samples ? null : samples };
}

const KNOWN_CHUNKS = new Set(
  "fmt |data|fact|LIST|JUNK|junk|PAD |FLLR|bext|cue |plst|id3 |ID3 |PEAK|smpl|inst|ds64|cart|iXML".split(
    "|",
  ),
);

/** A chunk of odd size is followed by one more byte, which some writers forget. */
function nextChunk(file: ByteSource, body: number, size: number): number {
  const end = body + size;
  if (size % 2 === 0) return end;
  const view = viewOf(file.readAt(end, 5));
  const [unpadded, padded] = [textAt(view, 0), textAt(view, 1)];
  if (KNOWN_CHUNKS.has(padded)) return end + 1;
  return KNOWN_CHUNKS.has(unpadded) ? end : end + 1;
}

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
const FORMAT_GSM = 49;
const FORMAT_EXTENSIBLE = 0xfffe;
const EXTENSIBLE_BYTES = 40;

function readFormat(body: DataView, size: number): SoundFormat {
  const bytes = Math.min(size, body.byteLength);
  if (bytes < FORMAT_BYTES_MIN) {
    throw new Broken(`Expected a chunk "fmt " of at least 14 bytes, got ${bytes}.`);
  }
  const tag = body.getUint16(0, true);
  // What "extensible" extends begins with the format it stands for.
  const isExtended = tag === FORMAT_EXTENSIBLE && bytes >= EXTENSIBLE_BYTES;
  const code = isExtended ? body.getUint16(24, true) : tag;
  const channels = body.getUint16(2, true);
  const sampleRateHz = body.getUint32(4, true);
  const blockBytes = body.getUint16(12, true);
  const bits = bytes >= 16 ? body.getUint16(14, true) : 8;
  if (channels !== 1 && channels !== 2) {
    throw new Broken(`Expected a sound of 1 or 2 channels, got ${channels}.`);
  }
  if (sampleRateHz < SAMPLE_RATE_HZ_MIN || sampleRateHz > SAMPLE_RATE_HZ_MAX) {
    const range = `${SAMPLE_RATE_HZ_MIN} to ${SAMPLE_RATE_HZ_MAX}`;
    throw new Broken(`Expected a sound of ${range} samples a second, got ${sampleRateHz}.`);
  }
  const { encoding, sampleBytes } = readEncoding(code, bits, blockBytes / channels);
  if (encoding === "gsm" && channels === 2) {
    throw new Broken("Expected GSM sound of 1 channel, got 2.");
  }
  return { encoding, channels, sampleRateHz, sampleBytes };
}

function readEncoding(
  code: number,
  bits: number,
  containerBytes: number,
): Pick<SoundFormat, "encoding" | "sampleBytes"> {
  switch (code) {
    case FORMAT_PCM: {
      // 20 bits lie in 3 bytes, and 24 may lie in 4; a size that cannot be is not believed.
      const least = Math.ceil(bits / 8);
      const fits = Number.isInteger(containerBytes) && containerBytes <= 4;
      const sampleBytes = fits && containerBytes > least ? containerBytes : least;
      if (sampleBytes >= 1 && sampleBytes <= 4) return { encoding: "pcm", sampleBytes };
      throw new Broken(`Expected PCM of 8, 16, 24 or 32 bits, got ${bits}.`);
    }
    case FORMAT_FLOAT:
      if (bits === 32) return { encoding: "float", sampleBytes: 4 };
      throw new Broken(`Expected floating-point sound of 32 bits, got ${bits}.`);
    case FORMAT_ALAW:
      return { encoding: "alaw", sampleBytes: 1 };
    case FORMAT_MULAW:
      return { encoding: "mulaw", sampleBytes: 1 };
    case FORMAT_GSM:
      return { encoding: "gsm", sampleBytes: 0 };
    default: {
      const name = NAMES[code] === undefined ? "" : ` (${NAMES[code]})`;
      throw new Broken(
        `Expected a WAV file of PCM, A-law, µ-law or GSM 6.10, got format ${code}${name}.`,
      );
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four characters; "" beyond the end. */
function textAt(view: DataView, position: number): string {
  if (position + 4 > view.byteLength) return "";
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(position + offset)));
}
