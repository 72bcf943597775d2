/**
 * The worker thread that owns the store: an fsync blocks this thread, never the one that talks to the
 * PBX and to the endpoints. What came while it committed goes into one transaction and is answered
 * with one message, in order.
 */
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import { assertNever } from "../../util/assertNever.ts";
import { OutboxError } from "../outbox.ts";
import { openDatabase, type StoreFiles } from "./database.ts";
import { packResults, unpack } from "./packing.ts";
import { createStore } from "./store.ts";
import type { FromWriter, Request, ToWriter } from "./wire.ts";

/** Requests of a transaction that takes no more; bounds how long a commit can take. */
const BATCH_FULL = 256;

const port = parentPort;
if (port === null) throw new Error("Expected to run as a worker thread of the outbox.");

function say(message: FromWriter): void {
  port?.postMessage(message);
}

try {
  serve(port, openDatabase(String(workerData.dataDir)));
} catch (error) {
  if (!(error instanceof OutboxError)) throw error;
  say({ say: "refused", fault: error.fault, message: error.message });
  port.close();
}

function serve(from: MessagePort, files: StoreFiles): void {
  const store = createStore(files.db);
  from.on("message", (first: ToWriter) => {
    const requests: Request[] = [];
    let isLast = false;
    let message: ToWriter | undefined = first;
    while (message !== undefined) {
      switch (message.say) {
        case "run":
          requests.push(...unpack(message.requests));
          break;
        case "close":
          isLast = true;
          break;
        default:
          assertNever(message);
      }
      message = requests.length < BATCH_FULL ? receiveMessageOnPort(from)?.message : undefined;
    }
    if (requests.length > 0) {
      say({ say: "ran", results: packResults(requests, store.run(requests)) });
    }
    if (isLast) {
      files.close();
      from.close();
    }
  });
  say({ say: "ready" });
}
