/** The simulator, the service and the inbox in one process, joined by an ini as in earnest. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { formatProblems } from "../../src/config/report.ts";
import { type Service, startService } from "../../src/service.ts";
import { createInbox, type Inbox } from "../../src/simulator/inbox.ts";
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from "../../src/simulator/server.ts";
import { silentLog } from "../../src/util/log.ts";
import { Facts } from "./facts.ts";

export interface Embedded {
  readonly dir: string;
  readonly simulator: Simulator;
  readonly inbox: Inbox;
  readonly service: Service;
  /** Told of each webhook. */
  readonly facts: Facts;
  /** Writes an ini of these lines besides the usual ones and loads it; keys given again replace. */
  config(lines?: readonly string[], sections?: readonly string[]): Promise<Config>;
  end(): Promise<void>;
}

/** Listens on free ports of 127.0.0.1; is ready when it resolves. */
export async function embed(
  options: SimulatorOptions = {},
  lines: readonly string[] = [],
): Promise<Embedded> {
  const dir = await mkdtemp(join(tmpdir(), "offhook-test-"));
  const facts = new Facts();
  const simulator = await createSimulator({ waitsForClients: true, ...options });
  const inbox = await createInbox({
    host: "127.0.0.1",
    port: 0,
    log: silentLog,
    onWebhook: () => facts.changed(),
  });
  const { clientId, clientSecret } = simulator.client;
  const usual = [
    `WEBHOOK_URL = ${inbox.url}/calls`,
    `PBX_URL = ${simulator.url}`,
    `PBX_CLIENT_ID = ${clientId}`,
    `PBX_CLIENT_SECRET = ${clientSecret}`,
    "LISTEN = 127.0.0.1:0",
    // The simulated PBX waits for it.
    "ACTIVE_CALLS_POLL_MS = 100",
    `DATA_DIR = ${join(dir, "data")}`,
  ];
  const config = async (more: readonly string[] = [], sections: readonly string[] = []) => {
    const given = new Map([...usual, ...lines, ...more].map((line) => [line.split(" ")[0], line]));
    const file = join(dir, "TCXWebAPI.ini");
    await writeFile(file, `${[...given.values(), ...sections].join("\n")}\n`);
    const loaded = await loadConfig({ file, env: {}, cwd: dir });
    if (loaded.config === null) throw new Error(formatProblems(loaded.problems));
    return loaded.config;
  };
  const service = await startService({
    config: await config(),
    log: silentLog,
    version: "test",
    proxyEnv: {},
  });
  await watching(simulator, service);
  return {
    dir,
    simulator,
    inbox,
    service,
    facts,
    config,
    async end() {
      await service.stop();
      await inbox.stop();
      await simulator.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Resolves when every PBX is watched. */
export function watching(simulator: Simulator, service: Service): Promise<void> {
  const live = () => [...service.sources().values()].every(({ state }) => state === "live");
  const said = () => JSON.stringify([simulator.sockets(), ...service.sources()]);
  return comesTrue(live, "every PBX to be watched", said);
}

const lookMs = 10;

/** For facts of which nobody tells: looks again and again. */
export function comesTrue(
  fact: () => boolean,
  what: string,
  instead?: () => string,
): Promise<void> {
  const facts = new Facts();
  const look = setInterval(() => facts.changed(), lookMs);
  return facts.until(fact, what, instead).finally(() => clearInterval(look));
}
