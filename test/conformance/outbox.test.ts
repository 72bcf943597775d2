/** Runs the conformance suite over every implementation of the outbox. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { describeOutbox } from "./outbox.ts";
import { describeLookup } from "./outboxLookup.ts";
import { OutboxModel } from "./outboxModel.ts";
import { describePending } from "./pending.ts";
import type { StorePlace } from "./storePlace.ts";

async function modelPlace(): Promise<StorePlace> {
  const model = new OutboxModel();
  return { open: async () => model, remove: async () => {} };
}

async function sqlitePlace(): Promise<StorePlace> {
  const dataDir = await mkdtemp(join(tmpdir(), "offhook-outbox-"));
  return {
    open: () => openSqliteOutbox({ dataDir, log: silentLog }),
    remove: () => rm(dataDir, { recursive: true }),
  };
}

for (const describeAll of [describeOutbox, describeLookup, describePending]) {
  describeAll("model", modelPlace);
  describeAll("SQLite", sqlitePlace);
}
