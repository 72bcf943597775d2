/**
 * `offhook inbox`: a receiver for the person who sets Offhook up or writes a receiver of their own.
 */

import { Command, InvalidArgumentError, Option } from "commander";
import { createInbox, formatWebhook, type Inbox } from "../simulator/inbox.ts";
import { readPlan } from "../simulator/inboxFailure.ts";
import { silentLog } from "../util/log.ts";
import { messageOf } from "../util/messageOf.ts";
import { print, readPort, stopAsked } from "./context.ts";

interface Said {
  readonly port: number;
  readonly host: string;
  readonly secret?: string;
  readonly fail?: string;
  readonly raw?: true;
  readonly tls?: true;
}

export function inboxCommand(): Command {
  return new Command("inbox")
    .description("receive webhooks here: show them, verify them, fail when told to")
    .option("--port <number>", "port to listen on, 0 = any free one", readPort, 8481)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option(
        "--secret <whsec_…>",
        "the endpoint's secret, to verify signatures; better by the environment, " +
          "for a command line is seen by every user of the machine",
      ).env("OFFHOOK_INBOX_SECRET"),
    )
    .option("--fail <plan>", "how to fail, e.g. 500x3,429:retry-after=5x1,timeout@20%", checkPlan)
    .option("--raw", "show each body (or query) as it came, too")
    .option("--tls", "serve https with a certificate made for it")
    .addHelpText(
      "after",
      `
Ways to fail: a status (500, 410, 429:retry-after=5), timeout, reset, drip;
x3 = three times, else always; @20% = one in five; commas between several, in turn.
While it runs: POST /_inbox/fail {"mode":"500","times":3}, DELETE /_inbox/fail,
GET and DELETE /_inbox/webhooks.`,
    )
    .action(run);
}

async function run(said: Said, command: Command): Promise<void> {
  const inbox = await open(said, command);
  const asked = stopAsked();
  print(
    `Receiving webhooks at ${inbox.url}/ (Ctrl-C ends it). In TCXWebAPI.ini:`,
    `  WEBHOOK_URL = ${inbox.url}/calls`,
    `  WEBHOOK_POST_URL = ${inbox.url}/calls`,
    ...(said.secret === undefined ? [] : ["Signatures are checked with the secret given."]),
    ...(inbox.certificate === null
      ? []
      : ["Made for this run; the sender must trust it:", inbox.certificate.trim()]),
    ...(said.fail === undefined ? [] : [`Failing on purpose: ${said.fail}.`]),
    "",
  );
  await asked;
  const { length } = inbox.webhooks();
  await inbox.stop();
  print(`Stopped; ${length === 1 ? "1 webhook" : `${length} webhooks`} kept until now.`);
}

function open(said: Said, command: Command): Promise<Inbox> {
  return createInbox({
    ...said,
    tls: said.tls === true,
    log: { ...silentLog, warn: (_fields, line) => print(line) },
    onWebhook: (webhook) =>
      print(
        ...formatWebhook(webhook, {
          colour: process.stdout.isTTY === true && process.stdout.hasColors(),
          raw: said.raw === true,
        }),
      ),
  }).catch((error: unknown) => {
    const sentence = messageOf(error);
    return command.error(`error: ${sentence}`, { exitCode: 1, code: "offhook.inbox" });
  });
}

function checkPlan(text: string): string {
  try {
    readPlan(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}
