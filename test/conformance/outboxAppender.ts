/** A process of its own that appends until it is killed and prints each event id once it is durable. */
import { openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { callEvent } from "./outboxEvents.ts";

const [dataDir = "", run = ""] = process.argv.slice(2);
const IN_FLIGHT = 8;
const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
let number = 0;

async function appendForEver(): Promise<void> {
  for (;;) {
    number += 1;
    // One call, so that its sequence has to go on over every kill.
    const event = { ...callEvent(1), eventId: `evt_${run}_${number}` };
    await outbox.append([{ event, endpoints: ["a"] }], []);
    process.stdout.write(`${event.eventId}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, appendForEver));
