/**
 * The kernel's own faults of a disk: a file system that is full, and system calls that fail for as long as a test
 * likes. What a machine does not allow (mounting, tracing) is told beforehand.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Facts } from "./facts.ts";

const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

export const canMount = (() => {
  const dir = mkdtempSync(join(tmpdir(), "offhook-mount-"));
  const mounted = runs("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir);
  if (mounted) runs("umount", dir);
  rmSync(dir, { recursive: true });
  return mounted;
})();
export const canTrace = runs("strace", "-f", "-e", "trace=none", "true");

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), "offhook-faults-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A file system of 8 MB, gone after the test. */
export function smallDisk(): string {
  const dir = temporary();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", dir]);
  onTestFinished(() => void spawnSync("umount", ["-l", dir]));
  return dir;
}

/** Leaves no room at all; returns the way to make some. */
export function fillUp(dir: string): () => void {
  const ballast = join(dir, "ballast");
  const page = Buffer.alloc(4096);
  writeFileSync(ballast, "");
  try {
    for (;;) appendFileSync(ballast, page);
  } catch {
    return () => rmSync(ballast);
  }
}

/** From now on these system calls of the process fail; resolves, once they do, with the way to end it. */
export async function failCalls(pid: number, calls: string, error: string) {
  const inject = `inject=${calls}:error=${error}`;
  const args = ["-f", "-p", String(pid), "-o", "/dev/null", "-e", `trace=${calls}`, "-e", inject];
  const strace: ChildProcess = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  onTestFinished(() => void strace.kill("SIGKILL"));
  const facts = new Facts();
  let said = "";
  strace.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    facts.changed();
  });
  const attached = () => /attached/.test(said);
  await facts.until(attached, "strace to be attached", () => said);
  return async (): Promise<void> => {
    strace.kill("SIGINT");
    await once(strace, "close");
  };
}
