/**
 * The worker thread that owns the store: an fsync blocks this thread, never the one that talks to the
 * PBX and to the endpoints. Answers every batch with one message, in order.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assertNever } from "../../util/assertNever.ts";
import { OutboxError } from "../outbox.ts";
import { openDatabase, type StoreFiles } from "./database.ts";
import { packResults, unpack } from "./packing.ts";
import { createStore } from "./store.ts";
import type { FromWriter, ToWriter } from "./wire.ts";

const port = parentPort;
if (port === null) throw new Error("Expected to run as a worker thread of the outbox.");

function say(message: FromWriter): void {
  port?.postMessage(message);
}

try {
  serve(openDatabase(String(workerData.dataDir)));
} catch (error) {
  if (!(error instanceof OutboxError)) throw error;
  say({ say: "refused", fault: error.fault, message: error.message });
  port.close();
}

function serve(files: StoreFiles): void {
  const store = createStore(files.db);
  port?.on("message", (message: ToWriter) => {
    switch (message.say) {
      case "run": {
        const requests = unpack(message.requests);
        say({ say: "ran", results: packResults(requests, store.run(requests)) });
        break;
      }
      case "close":
        files.close();
        port?.close();
        break;
      default:
        assertNever(message);
    }
  });
  say({ say: "ready" });
}
