/**
 * Brings one file from its keeper to its place: fetched, converted, moved. Must hold: nothing is left lying
 * about, whatever goes wrong; a file that cannot be converted is kept as it came.
 */

import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { linkId } from "../events/callId.ts";
import type { EndedEvent } from "../events/event.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { messageOf } from "../util/messageOf.ts";
import type { RecordingSource } from "./find/recordingSource.ts";
import type { RecordedFile } from "./ledger.ts";

export type Conversion =
  | { readonly kind: "converted" }
  /** The audio is broken: trying again is useless. */
  | { readonly kind: "broken"; readonly reason: string }
  /** May pass: no space, a worker that died. */
  | { readonly kind: "failed"; readonly reason: string };

export interface FetchOptions {
  /** Makes an MP3 of a file; leaves nothing at `to` unless converted. */
  readonly convert: (from: string, to: string, signal: AbortSignal) => Promise<Conversion>;
  /** Moves a finished file to its place and tells its size; rejects with the reason. */
  readonly keep: (file: string, path: string) => Promise<number>;
  /** Removes a kept file, if it is there; rejects with the reason. */
  readonly discard: (path: string) => Promise<void>;
  /** Files on their way lie here; nothing else does. */
  readonly tempDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Before a try is made again; `tries` have been made before the last. Null: there is none. */
export function fetchPauseMs(tries: number): number | null {
  return PAUSES_MS[tries] ?? null;
}

export const FETCH_PAUSE_MS_MAX = 10_800_000;
const PAUSES_MS = [5_000, 15_000, 60_000, 300_000, 1_800_000, 3_600_000, FETCH_PAUSE_MS_MAX];

export type Settled =
  | { readonly kind: "settled"; readonly file: RecordedFile }
  /** May pass. */
  | { readonly kind: "later"; readonly reason: string };

export async function fetchFile(
  keeper: RecordingSource,
  ended: EndedEvent,
  file: RecordedFile,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Settled> {
  const { convert, keep, tempDir, clock, log } = options;
  const facts = { id: linkId(ended.callId, ended.link), n: file.n };
  const name = randomUUID();
  const [original, mp3] = [join(tempDir, `${name}.original`), join(tempDir, `${name}.mp3`)];
  const startedAt = clock.now();

  async function kept(from: string, extension: "mp3" | "original"): Promise<RecordedFile> {
    const path = pathOf(ended, file.n, extension);
    const bytes = await keep(from, path);
    return { ...file, path, bytes, storedAt: clock.now(), state: "stored", reason: "" };
  }
  function failed(reason: string, as: RecordedFile = file): Settled {
    log.warn({ ...facts, reason }, "recording.broken");
    return { kind: "settled", file: { ...as, state: "failed", reason } };
  }

  try {
    const fetched = await keeper.download(file.sourceId, original, signal);
    if (fetched.kind === "refused") return failed(fetched.reason);
    if (fetched.kind === "failed") return { kind: "later", reason: fetched.reason };
    const conversion = await convert(original, mp3, signal);
    if (conversion.kind === "failed") return { kind: "later", reason: conversion.reason };
    // It may be all that there is: kept as it came.
    if (conversion.kind === "broken") {
      return failed(conversion.reason, await kept(original, "original"));
    }
    const stored = await kept(mp3, "mp3");
    const durationMs = clock.now() - startedAt;
    const bytes = { bytesFetched: fetched.bytes, bytes: stored.bytes };
    log.info({ ...facts, ...bytes, durationMs }, "recording.stored");
    return { kind: "settled", file: stored };
  } catch (error) {
    return { kind: "later", reason: messageOf(error) };
  } finally {
    await Promise.all([original, mp3].map((path) => rm(path, { force: true })));
  }
}

/** What an earlier try may have left: an original that could be converted now, an MP3 kept before a crash. */
export async function clearAfter(
  ended: EndedEvent,
  before: RecordedFile,
  after: RecordedFile,
  { discard }: Pick<FetchOptions, "discard">,
): Promise<void> {
  if (after.state === "failed") await discard(pathOf(ended, after.n, "mp3"));
  else if (before.path !== "" && before.path !== after.path) await discard(before.path);
}

/** `2026/05/04/260504100000_7-1-1.mp3`, by the UTC day of the call's start. */
export function pathOf(ended: EndedEvent, n: number, extension: "mp3" | "original"): string {
  const day = new Date(ended.callStartedAt).toISOString().slice(0, 10).replaceAll("-", "/");
  const pbx = ended.pbx === "main" ? "" : `-${ended.pbx.replaceAll(/[^\w-]/g, "_")}`;
  return `${day}/${linkId(ended.callId, ended.link)}-${n}${pbx}.${extension}`;
}
