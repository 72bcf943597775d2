/** Runs the conformance suite over every ledger of recordings: the test's own, and the embedded one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { MemoryLedger } from "../support/recordingWorld.ts";
import { describeLedger } from "./ledger.ts";

describeLedger("memory", async () => {
  const ledger = new MemoryLedger();
  const store = { ledger, append: ledger.append, close: async () => {} };
  return { open: async () => store, remove: async () => {} };
});

describeLedger("SQLite", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "offhook-ledger-"));
  return {
    open: () => openSqliteOutbox({ dataDir, log: silentLog }),
    remove: () => rm(dataDir, { recursive: true }),
  };
});
