/**
 * The first frame of an MP3 of constant bitrate, which is silent and tells players how long the rest is, where
 * to seek, and how many samples at both ends are the encoder's, not the sound's. The encoder that we use cannot
 * write it, and without it a recording would seem up to 0.15 s too long.
 * Source: "Mp3 Info Tag rev 1" (the LAME project's specification), which all players read.
 */
import { type FrameHeader, frameHeader, HEADER_BYTES } from "./mp3Frames.ts";

/** LAME puts so many samples before the sound. */
const ENCODER_DELAY_SAMPLES = 576;
const PADDING_SAMPLES_MAX = 4095;
/** The encoder is LAME; the version is the one that decoders know to carry these fields. */
const ENCODER = "LAME3.100";
const TOC_ENTRIES = 100;
const FLAGS = 0x0f;
const REVISION_AND_CBR = 0x01;
const TAG_BYTES = 156;

export interface SoundFrames {
  /** The header of one of the frames that follow. */
  readonly header: Uint8Array;
  readonly frames: number;
  readonly bytes: number;
  /** Samples of one channel of the sound itself, at the rate of the MP3. */
  readonly samples: number;
  /** CRC-16 of all bytes that follow. */
  readonly crc: number;
}

/** The header of the tag's own frame: as the others, without the byte that some have more. */
function ownHeader(header: Uint8Array): { bytes: Uint8Array; frame: FrameHeader } {
  const bytes = Uint8Array.from(header.subarray(0, HEADER_BYTES));
  // Without a checksum of its own, and unpadded.
  bytes[1] = (bytes[1] ?? 0) | 1;
  bytes[2] = (bytes[2] ?? 0) & ~2;
  const frame = frameHeader(bytes);
  if (!frame) throw new Error("Expected the header of an MP3 frame.");
  return { bytes, frame };
}

/** Bytes that the tag's frame takes. */
export function infoFrameBytes(header: Uint8Array): number {
  return ownHeader(header).frame.frameBytes;
}

export function infoFrame(sound: SoundFrames): Buffer {
  const { bytes, frame } = ownHeader(sound.header);
  const tag = Buffer.alloc(frame.frameBytes);
  const start = HEADER_BYTES + sideInfoBytes(frame);
  if (start + TAG_BYTES > tag.length) throw new Error("Expected a frame that holds the tag.");
  tag.set(bytes);
  const total = sound.bytes + tag.length;
  let at = tag.write("Info", start, "latin1") + start;
  at = tag.writeUInt32BE(FLAGS, at);
  at = tag.writeUInt32BE(sound.frames, at);
  at = tag.writeUInt32BE(total, at);
  for (let entry = 0; entry < TOC_ENTRIES; entry += 1) {
    at = tag.writeUInt8(Math.floor((entry * 256) / TOC_ENTRIES), at);
  }
  at = tag.writeUInt32BE(0, at) + tag.write(ENCODER, at + 4, "latin1");
  at = tag.writeUInt8(REVISION_AND_CBR, at);
  at += 10; // low-pass, peak and gains: not told
  at = tag.writeUInt8(Math.min(frame.bitrateKbps, 255), at);
  const excess = sound.frames * frame.samples - ENCODER_DELAY_SAMPLES - sound.samples;
  const padding = Math.max(0, Math.min(PADDING_SAMPLES_MAX, excess));
  at = tag.writeUIntBE((ENCODER_DELAY_SAMPLES << 12) | padding, at, 3);
  at += 4; // source, gain and preset: not told
  at = tag.writeUInt32BE(total, at);
  at = tag.writeUInt16BE(sound.crc, at);
  tag.writeUInt16BE(crc16(0, tag.subarray(0, at)), at);
  return tag;
}

function sideInfoBytes({ version, channels }: FrameHeader): number {
  if (version === "1") return channels === 1 ? 17 : 32;
  return channels === 1 ? 9 : 17;
}

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16 with the polynomial 0x8005, reflected, as the tag wants it; goes on from what came before. */
export function crc16(before: number, bytes: Uint8Array): number {
  let crc = before;
  for (const byte of bytes) crc = (crc >> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] ?? 0);
  return crc;
}
