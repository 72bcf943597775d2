/**
 * What the inbox knows: the last webhooks, and the little that a careful receiver remembers of all of
 * them, to tell repetitions and holes.
 */
import { type Failure, takes } from "./inboxFailure.ts";
import { checkSignature, type SignedRequest } from "./inboxSignature.ts";
import {
  callKeyOf,
  type OrderCheck,
  readFields,
  recordingUrls,
  sequenceOf,
  type Webhook,
} from "./inboxWebhook.ts";

const keptWebhooksMax = 1_000;
/** How many ids and calls are remembered; the oldest are forgotten first. */
const rememberedMax = 10_000;

/** What has been taken so far, as a receiver's own store would know it. */
class Memory {
  readonly #ids = new Set<string>();
  readonly #lastOfCall = new Map<string, number>();

  isDuplicate(webhookId: string | undefined): boolean {
    return webhookId !== undefined && this.#ids.has(webhookId);
  }

  knows(callKey: string): boolean {
    return this.#lastOfCall.has(callKey);
  }

  order(callKey: string | null, sequence: number | null): OrderCheck {
    if (callKey === null || sequence === null) return { state: "unknown" };
    const last = this.#lastOfCall.get(callKey) ?? 0;
    if (sequence <= last) return { state: "late", after: last };
    return sequence === last + 1
      ? { state: "next" }
      : { state: "hole", from: last + 1, to: sequence - 1 };
  }

  /** Remembers a webhook that was taken; one that was refused will come again. */
  take(webhookId: string | undefined, callKey: string | null, sequence: number | null): void {
    if (webhookId !== undefined) this.#ids.add(webhookId);
    if (callKey !== null && sequence !== null) {
      const last = this.#lastOfCall.get(callKey) ?? 0;
      this.#lastOfCall.delete(callKey);
      this.#lastOfCall.set(callKey, Math.max(last, sequence));
    }
    forgetOldest(this.#ids);
    forgetOldest(this.#lastOfCall);
  }

  clear(): void {
    this.#ids.clear();
    this.#lastOfCall.clear();
  }
}

function forgetOldest(remembered: Set<string> | Map<string, number>): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= rememberedMax) return;
    remembered.delete(key);
  }
}

export class Ledger {
  readonly #key: Buffer | null;
  readonly #memory = new Memory();
  readonly #kept: Webhook[] = [];
  #count = 0;

  /** The key that signatures are checked with; null = they are not. */
  constructor(key: Buffer | null) {
    this.#key = key;
  }

  /** Enters a request with the answer that it is about to get. */
  enter(request: SignedRequest, failure: Failure | null, at: number): Webhook {
    const { method, target, headers } = request;
    const body = request.body.toString();
    const read = readFields(request, body);
    // Two endpoints at two paths of one inbox are two receivers.
    const id = headers["webhook-id"];
    const webhookId = id === undefined ? undefined : `${target.split("?", 1)[0]} ${id}`;
    const callKey = this.#callKey({ ...read, path: target });
    const sequence = sequenceOf(headers);
    this.#count += 1;
    const webhook: Webhook = {
      number: this.#count,
      at,
      method,
      path: target,
      headers,
      body,
      ...read,
      signature: checkSignature(request, this.#key, at),
      duplicate: this.#memory.isDuplicate(webhookId),
      order: this.#memory.order(callKey, sequence),
      answer: failure?.name ?? "200",
    };
    this.#kept.push(webhook);
    if (this.#kept.length > keptWebhooksMax) this.#kept.shift();
    if (takes(failure)) this.#memory.take(webhookId, callKey, sequence);
    return webhook;
  }

  #callKey(webhook: Pick<Webhook, "fields" | "path">): string | null {
    const callKey = callKeyOf(webhook);
    const isApart =
      callKey !== null && recordingUrls(webhook).length > 0 && !this.#memory.knows(callKey);
    return isApart ? null : callKey;
  }

  /** The last ones that came, oldest first. */
  webhooks(): readonly Webhook[] {
    return [...this.#kept];
  }

  clear(): void {
    this.#kept.length = 0;
    this.#memory.clear();
  }
}
