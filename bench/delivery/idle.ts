/**
 * What the built program costs while nothing happens: without a PBX to be reached, and with one quiet simulated PBX
 * (its WebSocket open, its settings by default). From the process's own clock in /proc.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSimulator } from "../../src/simulator/server.ts";
import { silentLog } from "../../src/util/log.ts";
import { entry } from "../../test/support/process.ts";
import { freePorts } from "./machines.ts";

const settleMs = 10_000;
const ticksPerS = 100;
const target = "target without a PBX < 0.5 %";

export async function idle(seconds: number): Promise<string[]> {
  const [closedPort] = await freePorts(1);
  const simulator = await createSimulator({ host: "127.0.0.1", port: 0, log: silentLog });
  try {
    const { url, client } = simulator;
    const none = await costOf(`http://127.0.0.1:${closedPort}`, "offhook", "none", seconds);
    const quiet = await costOf(url, client.clientId, client.clientSecret, seconds, () => {
      if (simulator.sockets() !== 1) throw new Error("Expected the program to be connected.");
    });
    return [
      `over ${seconds} s, of one core`,
      `no PBX to be reached: ${told(none)} (${target})`,
      `one quiet PBX:        ${told(quiet)}`,
    ];
  } finally {
    await simulator.close();
  }
}

interface Cost {
  readonly percent: number;
  readonly rssMb: number;
}

const told = ({ percent, rssMb }: Cost) =>
  `${percent.toFixed(2)} % CPU, ${rssMb.toFixed(0)} MB resident`;

async function costOf(
  pbxUrl: string,
  id: string,
  secret: string,
  seconds: number,
  check = () => {},
): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), "offhook-idle-"));
  const ini = [
    `PBX_URL = ${pbxUrl}`,
    `PBX_CLIENT_ID = ${id}`,
    `PBX_CLIENT_SECRET = ${secret}`,
    "LISTEN = 127.0.0.1:0",
    "WEBHOOK_URL = http://127.0.0.1:9/hook",
    `DATA_DIR = ${join(folder, "data")}`,
  ];
  await writeFile(join(folder, "TCXWebAPI.ini"), `${ini.join("\n")}\n`, { mode: 0o600 });
  const args = [entry, "start", "--config", join(folder, "TCXWebAPI.ini")];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: "ignore" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  try {
    await pause(settleMs);
    if (child.exitCode !== null) throw new Error("Expected the program to run. Build it first.");
    const from = { ticks: ticksOf(child.pid ?? 0), at: performance.now() };
    await pause(seconds * 1000);
    check();
    const tookS = (performance.now() - from.at) / 1000;
    const usedS = (ticksOf(child.pid ?? 0) - from.ticks) / ticksPerS;
    return { percent: (100 * usedS) / tookS, rssMb: rssMbOf(child.pid ?? 0) };
  } finally {
    child.kill();
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** User and system time of all its threads: fields 14 and 15 of proc(5). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function rssMbOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
