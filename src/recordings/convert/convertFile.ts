/**
 * One file in, one MP3 out, start to end in the thread that calls. Must hold: the output has its name only when
 * it is whole and on the disk; whatever fails, nothing is left beside the input.
 */

import {
  closeSync,
  copyFileSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../util/messageOf.ts";
import { type Encoded, encode, type Lame } from "./encode.ts";
import { FrameCounter, frameHeader, framesStart, HEADER_BYTES } from "./mp3Frames.ts";
import { type ByteSource, readWav } from "./wav.ts";

export type Conversion =
  | { readonly kind: "converted"; readonly bytes: number; readonly durationMs: number }
  /** The audio is broken: trying again is useless. */
  | { readonly kind: "broken"; readonly reason: string }
  /** May pass: no space, no such file. */
  | { readonly kind: "failed"; readonly reason: string };

/** 12 hours of the largest sound that we take, and days of a telephone's. */
const INPUT_BYTES_MAX = 16 * 1024 ** 3;
/** What follows the output's name while it is not whole. */
export const PARTIAL = ".part";
const PIECE_BYTES = 256 * 1024;
const FRAMES_KNOWN_MIN = 3;
const ID3_HEAD_BYTES = 10;
/** More bytes than these that belong to no frame are damage, fewer are a tag at the end. */
const STRAY_BYTES_MAX = 4096;
const STRAY_SHARE_MAX = 0.05;

/** `rest` is called between two pieces of work. */
export function convertFile(
  lame: Lame,
  from: string,
  to: string,
  rest: () => void = () => {},
): Conversion {
  const partial = `${to}${PARTIAL}`;
  try {
    const input = openSync(from, "r");
    try {
      const file = sourceOf(input);
      if (file.size > INPUT_BYTES_MAX) {
        const reason = `Expected a recording of at most ${INPUT_BYTES_MAX} bytes, got ${file.size}.`;
        return { kind: "broken", reason };
      }
      return isMp3(file) ? passOn(file, from, partial, to) : make(lame, file, partial, to, rest);
    } finally {
      closeSync(input);
    }
  } catch (error) {
    rmSync(partial, { force: true });
    const found = messageOf(error);
    return { kind: "failed", reason: `Expected to convert a recording, but: ${found}.` };
  }
}

function make(
  lame: Lame,
  file: ByteSource,
  partial: string,
  to: string,
  rest: () => void,
): Conversion {
  const head = readWav(file);
  if (head.kind === "broken") return head;
  const output = openSync(partial, "w", 0o600);
  let encoded: Encoded;
  try {
    const writeAt = (position: number, bytes: Uint8Array) => writeAll(output, bytes, position);
    encoded = encode(lame, file, head.sound, { writeAt }, rest);
    fsyncSync(output);
  } finally {
    closeSync(output);
  }
  if (encoded.bytes === 0) {
    rmSync(partial);
    return { kind: "broken", reason: "Expected sound, got less than one sample of it." };
  }
  settle(partial, to);
  return { kind: "converted", ...encoded };
}

/** What is an MP3 already stays as it is, if it plays to its end. */
function passOn(file: ByteSource, from: string, partial: string, to: string): Conversion {
  const counter = new FrameCounter();
  const start = framesStart(file.readAt(0, ID3_HEAD_BYTES));
  for (let at = start; at < file.size; at += PIECE_BYTES) {
    counter.add(file.readAt(at, PIECE_BYTES));
  }
  if (counter.strayBytes > STRAY_BYTES_MAX + (file.size - start) * STRAY_SHARE_MAX) {
    const reason = `Expected an MP3, got one in which ${counter.strayBytes} bytes are of no frame.`;
    return { kind: "broken", reason };
  }
  copyFileSync(from, partial);
  const output = openSync(partial, "r+");
  fsyncSync(output);
  closeSync(output);
  settle(partial, to);
  return { kind: "converted", bytes: file.size, durationMs: counter.playedMs };
}

/** Known by frames that follow each other, or by a single one that is all. */
function isMp3(file: ByteSource): boolean {
  let at = framesStart(file.readAt(0, ID3_HEAD_BYTES));
  for (let frames = 0; frames < FRAMES_KNOWN_MIN; frames += 1) {
    const header = frameHeader(file.readAt(at, HEADER_BYTES));
    if (!header) return frames > 0 && at >= file.size;
    at += header.frameBytes;
  }
  return true;
}

function settle(partial: string, to: string): void {
  renameSync(partial, to);
  const folder = openSync(dirname(to), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function sourceOf(fd: number): ByteSource {
  return {
    size: fstatSync(fd).size,
    readAt(position, length) {
      const bytes = new Uint8Array(length);
      let count = 0;
      while (count < length) {
        const read = readSync(fd, bytes, count, length - count, position + count);
        if (read === 0) break;
        count += read;
      }
      return bytes.subarray(0, count);
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
