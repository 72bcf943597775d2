/**
 * docs/receiving.md is true: the function of each language is run over every vector, and each whole receiver
 * gets real webhooks. Node and Python always; the others where they are found, and what was not is said.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSender } from "../../src/delivery/sender.ts";
import { endpointConfig, secretOf } from "../conformance/outboxEndpoint.ts";
import { callEvent } from "../conformance/outboxEvents.ts";
import { ownPort } from "../support/port.ts";
import {
  casesAsLines,
  find,
  folderWith,
  LANGUAGES,
  linkReceiver,
  runAll,
  start,
} from "./snippets.ts";
import { SECOND, SECRET, VECTORS } from "./vectors.ts";

const START_MS_MAX = 180_000;

async function listening(port: number, receiver: ReturnType<typeof start>): Promise<void> {
  const endAt = Date.now() + START_MS_MAX;
  while (Date.now() < endAt && !receiver.exited()) {
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await pause(50);
  }
  throw new Error(`Expected a receiver on port ${port}, got: ${receiver.output()}`);
}

/** Sends it webhooks by POST and GET with the right secret, and one with a wrong one. */
async function receives(command: (port: number) => readonly string[], folder: string) {
  const port = await ownPort();
  const env = { OFFHOOK_SECRET: SECRET, PORT: String(port) };
  const receiver = start(command(port), folder, env);
  await listening(port, receiver);
  const sender = createSender({ version: "1", now: Date.now });
  const send = async (n: number, method: "POST" | "GET", secret: string) => {
    const delivery = {
      deliveryId: n,
      endpoint: "default",
      position: n,
      sequence: n,
      event: { ...callEvent(7, n), did: 'Zoë "☎"' },
      attempts: 0,
      spent: 0,
      firstAttemptAt: null,
      dueAt: 0,
      replay: false,
    };
    const encoding = method === "GET" ? "query" : "json";
    const url = `http://127.0.0.1:${port}/hook?key=a%20b`;
    const endpoint = endpointConfig({
      ...{ url, method, encoding, timeoutMs: 60_000 },
      secrets: [secretOf(secret)],
    });
    const outcome = await sender.send(endpoint, delivery, 1);
    return outcome.kind === "failed" ? outcome.message : outcome.status;
  };
  try {
    const answers = [
      await send(1, "POST", SECRET),
      await send(2, "GET", SECRET),
      await send(3, "POST", SECOND),
      await send(4, "GET", SECOND),
      await send(1, "POST", SECRET),
    ];
    expect(answers, receiver.output()).toEqual([204, 204, 401, 401, 204]);
  } finally {
    await sender.close();
  }
}

test("Node: the receiver takes and refuses", async () => {
  const folder = await folderWith(["receive.mjs"]);
  await linkReceiver(folder);
  await receives(() => [process.execPath, "receive.mjs"], folder);
});

for (const language of LANGUAGES) {
  const { name, programs, needed, verify, harness, run, receive, serve } = language;
  const program = find(programs);
  if (program === null && !needed) {
    test(`${name} was not found (${programs.join(", ")}): its snippets were not run`, () => {});
    continue;
  }
  test(`${name}: the function agrees with every vector`, { timeout: START_MS_MAX }, async () => {
    if (program === null) throw new Error(`Expected ${name} (${programs.join(", ")}) on the PATH.`);
    const folder = await folderWith([verify], [harness]);
    const printed = runAll(run(program), folder, `${casesAsLines(VECTORS)}\n`);
    const got = printed.trim().split(/\s+/);
    const named = VECTORS.map((vector, at) => `${vector.name}: ${got[at] === "1"}`);
    expect(named).toEqual(VECTORS.map((vector) => `${vector.name}: ${vector.good}`));
  });
  if (receive === null || program === null) continue;
  test(`${name}: the receiver takes and refuses`, { timeout: START_MS_MAX }, async () => {
    const folder = await folderWith([verify, receive]);
    await receives((port) => serve(program, port), folder);
  });
}
