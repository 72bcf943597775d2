/**
 * A process of its own that appends until it is killed. Prints each event id once it is durable, and "! " with
 * the reason when the store refuses; then it tries the same event again, as the pipeline does.
 */
import { openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { callEvent } from "./outboxEvents.ts";

const [dataDir = "", run = ""] = process.argv.slice(2);
const IN_FLIGHT = 8;
const RETRY_MS = 20;
const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
let number = 0;

async function appendForEver(): Promise<void> {
  for (;;) {
    number += 1;
    // One call, so that its sequence has to go on over every kill.
    await append({ ...callEvent(1), eventId: `evt_${run}_${number}` });
  }
}

async function append(event: ReturnType<typeof callEvent>): Promise<void> {
  for (;;) {
    try {
      const made = await outbox.append([{ event, endpoints: ["a"] }], []);
      // Said to have failed and yet stored: nobody would send it.
      if (made.length === 0) throw new Error(`${event.eventId} was stored before`);
      process.stdout.write(`${event.eventId}\n`);
      return;
    } catch (error) {
      process.stdout.write(`! ${error instanceof Error ? error.message : String(error)}\n`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, appendForEver));
