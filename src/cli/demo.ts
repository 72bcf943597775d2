/**
 * `offhook demo`: a simulated PBX, the service and a receiver in one process, joined by the same ini and the
 * same HTTP as in earnest. Nothing is installed, nothing is left behind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/report.ts";
import { type Service, startService } from "../service.ts";
import { createInbox, formatWebhook, type Inbox } from "../simulator/inbox.ts";
import { createSimulator, type Simulator } from "../simulator/server.ts";
import type { Log } from "../util/log.ts";
import { type CliContext, print, stopAsked } from "./context.ts";
import { type Flow, faultsOf, flows } from "./demoFlows.ts";

interface Said {
  readonly once?: true;
  readonly pace?: string;
}

interface Stage {
  readonly simulator: Simulator;
  readonly service: Service;
  readonly inbox: Inbox;
  end(): Promise<void>;
}

const paceAlways = 0.6;
const paceOnce = 0.15;
/** Any faster, and calls are over before the PBX has shown them. */
const paceMin = 0.05;
const paceMax = 100;
const arriveMsMax = 60_000;
/** Nothing more may come for this long after the last webhook due. */
const silenceMs = 600;
const lookMs = 20;

export function demoCommand(context: CliContext): Command {
  return new Command("demo")
    .description("see it work: a simulated PBX, the service and a receiver in one process")
    .option(
      "--once",
      "play the published flows once, check every webhook, end with 0 if all is right",
    )
    .option("--pace <factor>", "stretch (2) or shrink (0.1) the waits of the calls")
    .action((said: Said, command: Command) => demo(context, said, command));
}

async function demo(context: CliContext, said: Said, command: Command): Promise<void> {
  const pace = Number(said.pace ?? (said.once ? paceOnce : paceAlways));
  if (!(pace >= paceMin && pace <= paceMax)) {
    command.error(`Expected a pace from ${paceMin} to ${paceMax}, got "${said.pace}".`, {
      exitCode: 2,
    });
  }
  const dir = mkdtempSync(join(tmpdir(), "offhook-demo-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  const stage = await build(context, dir);
  try {
    const asked = stopAsked();
    if (said.once) await Promise.race([playOnce(context, stage, pace), stopped(context, asked)]);
    else await playUntilStopped(stage, pace, asked);
  } finally {
    await stage.end();
  }
}

async function build(context: CliContext, dir: string): Promise<Stage> {
  const colour = process.stdout.isTTY === true && process.stdout.hasColors();
  const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
  const simulator = await createSimulator({
    settings: { partyDid: "all", showRingGroups: true },
    waitsForClients: true,
  });
  const inbox = await createInbox({
    host: "127.0.0.1",
    port: 0,
    secret,
    onWebhook: (webhook) => print(...formatWebhook(webhook, { colour })),
    log: complaints,
  });
  const file = join(dir, "TCXWebAPI.ini");
  const { clientId, clientSecret } = simulator.client;
  const ini = [
    `WEBHOOK_URL = ${inbox.url}/calls`,
    "POST = 1",
    `WEBHOOK_SECRET = ${secret}`,
    `PBX_URL = ${simulator.url}`,
    `PBX_CLIENT_ID = ${clientId}`,
    `PBX_CLIENT_SECRET = ${clientSecret}`,
    "LISTEN = 127.0.0.1:0",
    // The simulated PBX waits for it.
    "ACTIVE_CALLS_POLL_MS = 100",
    `DATA_DIR = ${join(dir, "data")}`,
  ];
  await writeFile(file, `${ini.join("\n")}\n`, { mode: 0o600 });
  const { config, problems } = await loadConfig({ file, env: {}, cwd: dir });
  if (config === null) throw new Error(`The demo's own ini is wrong:\n${formatProblems(problems)}`);
  const { version } = context;
  const service = await startService({ config, log: complaints, version, proxyEnv: {} });
  print(
    `Simulated PBX at ${simulator.url}, service at ${service.url}, receiver at ${inbox.url}.`,
    "",
  );
  await until(async () => (await service.unready()).length === 0, "the service to be ready");
  return {
    simulator,
    service,
    inbox,
    async end() {
      await service.stop();
      await inbox.stop();
      await simulator.close();
    },
  };
}

/** Only what goes wrong is shown; the webhooks are the demo's output. */
const complaints: Log = {
  debug() {},
  info() {},
  warn: (_fields, line) => print(`! ${line}`),
  error: (_fields, line) => print(`! ${line}`),
};

/** What is not played to its end proves nothing. */
async function stopped(context: CliContext, asked: Promise<NodeJS.Signals>): Promise<void> {
  const signal = await asked;
  print(`Stopped by ${signal} before the end.`);
  context.exitCode = 1;
}

async function playUntilStopped(
  { simulator }: Stage,
  pace: number,
  asked: Promise<NodeJS.Signals>,
): Promise<void> {
  print(
    "Calls are played until Ctrl-C. Each block below is one webhook as a receiver gets it.",
    "",
  );
  let ended = false;
  const playing = (async () => {
    for (let turn = 0; !ended; turn++) {
      const flow = flows[turn % flows.length];
      if (flow === undefined) return;
      print(`▶ ${flow.about}`, "");
      await simulator.play(flow.scene, pace);
    }
  })();
  await Promise.race([asked, playing]);
  ended = true;
  print("Stopping.");
  // The scene under way ends with its PBX.
  playing.catch(() => {});
}

async function playOnce(context: CliContext, stage: Stage, pace: number): Promise<void> {
  const faults: string[] = [];
  for (const flow of flows) {
    print(`▶ ${flow.about}`, "");
    faults.push(...(await playAndCheck(stage, flow, pace)));
  }
  const count = flows.reduce((sum, { webhooks }) => sum + webhooks.length, 0);
  if (faults.length === 0) {
    print(`✓ ${flows.length} flows, ${count} webhooks: each as published, signed, in order, once.`);
  } else {
    print(...faults.map((fault) => `✗ ${fault}`), `${faults.length} faults.`);
    context.exitCode = 1;
  }
}

async function playAndCheck(stage: Stage, flow: Flow, pace: number): Promise<string[]> {
  const { simulator, inbox } = stage;
  inbox.clear();
  await simulator.play(flow.scene, pace);
  const arrived = async () => inbox.webhooks().length >= flow.webhooks.length;
  await until(arrived, "every webhook to arrive").catch(() => {});
  await pause(silenceMs);
  return faultsOf(flow, inbox.webhooks());
}

async function until(fact: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + arriveMsMax;
  while (!(await fact())) {
    if (performance.now() > giveUpAt)
      throw new Error(`Waited ${arriveMsMax / 1000} s for ${what}.`);
    await pause(lookMs);
  }
}

/** Keeps nobody waiting: the servers keep the process alive, and it ends once they have. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
