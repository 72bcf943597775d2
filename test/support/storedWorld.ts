/** A store with deliveries of every state, an ini beside it, and perhaps the service on both. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { formatProblems } from "../../src/config/report.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { type EmbeddedStore, openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { type Service, startService } from "../../src/service.ts";
import { createInbox } from "../../src/simulator/inbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { callEvent, settlement } from "../conformance/outboxEvents.ts";
import { offhook } from "./cli.ts";
import { Facts } from "./facts.ts";
import { iniFolder } from "./iniFolder.ts";
import { ownPort } from "./port.ts";

/** Nobody asks it anything that a test waits for. */
const pbx = {
  url: "http://127.0.0.1:9",
  client: { clientId: "offhook", clientSecret: "s", callControl: true, xapi: true, monitored: [] },
  certificate: null,
};

export async function storedWorld(lines: readonly string[] = []) {
  const facts = new Facts();
  const inbox = await createInbox({
    host: "127.0.0.1",
    port: 0,
    log: silentLog,
    onWebhook: () => facts.changed(),
  });
  onTestFinished(() => inbox.stop());
  const port = await ownPort();
  const listen = `LISTEN = 127.0.0.1:${port}`;
  const { dir, ini } = await iniFolder(pbx, `${inbox.url}/calls`, [listen, ...lines]);
  const dataDir = join(dir, "data");
  return {
    ...{ dir, ini, dataDir, inbox, facts },
    run: (...args: string[]) => offhook([...args, "--config", ini], dir),
    async store<T>(work: (store: EmbeddedStore) => Promise<T>): Promise<T> {
      const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
      try {
        return await work(outbox);
      } finally {
        await outbox.close();
      }
    },
    async start(): Promise<Service> {
      const { config, problems } = await loadConfig({ file: ini, env: {}, cwd: dir });
      if (config === null) throw new Error(formatProblems(problems));
      const service = await startService({ config, log: silentLog, version: "test", proxyEnv: {} });
      onTestFinished(() => service.stop());
      return service;
    },
  };
}

/** Calls 1, 2 and 3 at endpoint default: delivered, dead, expired. */
export async function storeSettled(outbox: Outbox): Promise<void> {
  const entries = [1, 2, 3].map((call) => ({
    event: callEvent(call, call),
    endpoints: ["default"],
  }));
  await outbox.append(entries, []);
  const dead = settlement(2, 1, { state: "dead", reason: "all 1 attempts used up" });
  await outbox.settle([
    settlement(1, 1, { state: "delivered" }),
    { ...dead, attempt: { ...settled(dead), responseHead: "no\u001b[31m such\r\n route" } },
    { deliveryId: 3, attempt: null, fate: { state: "expired", reason: "older than 60 s" } },
  ]);
}

function settled({ attempt }: ReturnType<typeof settlement>) {
  if (attempt === null) throw new Error("Expected an attempt.");
  return attempt;
}
