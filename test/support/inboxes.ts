/**
 * Inboxes for tests: opened on a free port, ended after each test, and sent to over real HTTP.
 */
import { randomBytes } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { afterEach } from "vitest";
import {
  createInbox,
  type Inbox,
  type InboxOptions,
  type Webhook,
} from "../../src/simulator/inbox.ts";
import { silentLog } from "../../src/util/log.ts";

export const secret = `whsec_${randomBytes(32).toString("base64")}`;
export const ended = {
  event: "incoming",
  callerid: "420774852629",
  user: "804",
  finishtype: "Missed",
  transfer: "False",
  did: "PragueDID",
  title: "PragueDID:Missed call by queue 804 from 420774852629",
  id: "230102154720_16-0",
};

const opened: Inbox[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((inbox) => inbox.stop()));
});

export async function open(options: Partial<InboxOptions> = {}): Promise<Inbox> {
  const inbox = await createInbox({ host: "127.0.0.1", port: 0, log: silentLog, ...options });
  opened.push(inbox);
  return inbox;
}

export function last(inbox: Inbox): Webhook {
  const webhook = inbox.webhooks().at(-1);
  if (webhook === undefined) throw new Error("Expected a webhook, got none.");
  return webhook;
}

export interface Post {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly path?: string;
}

export function post(
  inbox: Inbox,
  { body, headers, path = "/calls" }: Post = {},
): Promise<Response> {
  return fetch(`${inbox.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: body ?? JSON.stringify(ended),
  });
}

/** Headers as the stock library signs them, for the payload as the receiver gets it. */
export function signed(payload: string, at = new Date(), key = secret): Record<string, string> {
  return {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new StandardWebhook(key).sign("evt_1", at, payload),
  };
}
