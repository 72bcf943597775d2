/**
 * The worker thread that looks into the store beside the writer, on a connection that can only read: a long
 * look delays neither the writer nor the thread that talks to PBX and endpoints.
 */

import { parentPort, workerData } from "node:worker_threads";
import { assertNever } from "../../util/assertNever.ts";
import { messageOf } from "../../util/messageOf.ts";
import { openForReading } from "./database.ts";
import { createLookup, type StoreLookup } from "./lookup.ts";
import type { Answers, FromReader, LookupName, Question } from "./wire.ts";

const port = parentPort;
if (port === null) throw new Error("Expected to run as a worker thread of the outbox.");

/** Opened at the first question, anew after one that failed: the store may have been away. */
let open: { readonly close: () => void; readonly lookup: StoreLookup } | null = null;

port.on("message", (question: Question) => {
  const { id } = question;
  let said: FromReader;
  try {
    open ??= opened();
    said = { id, ok: true, answer: answer(open.lookup, question) };
  } catch (error) {
    open?.close();
    open = null;
    said = { id, ok: false, message: messageOf(error) };
  }
  port.postMessage(said);
});

function opened() {
  const db = openForReading(String(workerData.dataDir));
  return { close: () => db.close(), lookup: createLookup(db) };
}

function answer(lookup: StoreLookup, question: Question): Answers[LookupName] {
  switch (question.ask) {
    case "list":
      return lookup.list(...question.args);
    case "show":
      return lookup.show(...question.args);
    case "endpointCounts":
      return lookup.endpointCounts();
    case "counts":
      return lookup.counts();
    default:
      return assertNever(question);
  }
}
