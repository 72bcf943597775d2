/** What ffmpeg, a decoder apart from ours, makes of an MP3. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { buffer, text } from "node:stream/consumers";
import type { Heard } from "./sound.ts";

const { path } = createRequire(import.meta.url)("@ffmpeg-installer/ffmpeg") as { path: string };

export interface FfmpegHeard extends Heard {
  /** As it tells before it has decoded anything, from the file's head. */
  readonly toldSeconds: number;
  readonly toldRateHz: number;
}

/** Rejects at the first thing that ffmpeg complains of. `fromSeconds`: seek there first. */
export async function heardByFfmpeg(mp3Path: string, fromSeconds = 0): Promise<FfmpegHeard> {
  const seek = fromSeconds === 0 ? [] : ["-ss", String(fromSeconds)];
  const input = ["-nostdin", "-hide_banner", "-xerror", ...seek, "-i", mp3Path];
  const child = spawn(path, [...input, "-map", "0:a", "-f", "f32le", "-c:a", "pcm_f32le", "-"]);
  const [sound, said, [code]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const [, h, m, s] = /Duration: (\d+):(\d+):([\d.]+)/.exec(said) ?? [];
  const [, rateHz, layout] = /Audio: mp3.*?, (\d+) Hz, (mono|stereo)/.exec(said) ?? [];
  const complaint = /(error|invalid|missing|overread|broken).*/i.exec(said)?.[0];
  if (code !== 0 || complaint !== undefined || rateHz === undefined) {
    throw new Error(`Expected ffmpeg to hear ${mp3Path}, got ${code}: ${complaint ?? said}`);
  }
  const count = layout === "mono" ? 1 : 2;
  const samples = new Float32Array(sound.buffer, sound.byteOffset, Math.floor(sound.length / 4));
  const channels = Array.from({ length: count }, (_, channel) =>
    samples.filter((_, index) => index % count === channel),
  );
  const seconds = (channels[0]?.length ?? 0) / Number(rateHz);
  const toldSeconds = Number(h) * 3600 + Number(m) * 60 + Number(s);
  return { seconds, rateHz: Number(rateHz), channels, toldSeconds, toldRateHz: Number(rateHz) };
}
