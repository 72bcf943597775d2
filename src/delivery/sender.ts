/**
 * Sends a delivery: settings of the endpoint → request → exchange. The only place of the room where
 * rendering, signing and HTTP meet.
 */

import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { createAttemptSender } from "./attempt.ts";
import type { ConnectionsOptions, Way } from "./connections.ts";
import type { Outcome } from "./outcome.ts";
import { type Addressee, addresseeOf, buildRequest, type WebhookRequest } from "./request.ts";

/** One attempt for a delivery; `attemptNumber` from 1. Rejects with a sentence where no request can be built. */
export type Send = (
  endpoint: EndpointConfig,
  delivery: Delivery,
  attemptNumber: number,
) => Promise<Outcome>;

export interface SenderOptions extends ConnectionsOptions {
  /** Offhook's version, for `user-agent`. */
  readonly version: string;
  /** The wall clock: receivers compare `webhook-timestamp` with theirs. */
  readonly now: () => EpochMs;
}

export interface Sender {
  readonly send: Send;
  /** What `send` would send now; throws a sentence where it cannot be built. */
  preview(endpoint: EndpointConfig, delivery: Delivery, attemptNumber: number): WebhookRequest;
  close(): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const http = createAttemptSender(options);
  const known = new WeakMap<EndpointConfig, { readonly to: Addressee; readonly way: Way }>();

  function look(endpoint: EndpointConfig): { readonly to: Addressee; readonly way: Way } {
    let found = known.get(endpoint);
    if (found === undefined) {
      found = { to: addresseeOf(endpoint, options.version), way: wayOf(endpoint) };
      known.set(endpoint, found);
    }
    return found;
  }

  function preview(
    endpoint: EndpointConfig,
    delivery: Delivery,
    attemptNumber: number,
  ): WebhookRequest {
    return buildRequest(look(endpoint).to, delivery, attemptNumber, options.now());
  }

  return {
    preview,
    async send(endpoint, delivery, attemptNumber) {
      const request = preview(endpoint, delivery, attemptNumber);
      return http.attempt(request, endpoint.timeoutMs, look(endpoint).way);
    },
    close: () => http.close(),
  };
}

function wayOf({ proxy, ca, client, allowPrivate }: EndpointConfig): Way {
  return {
    proxy: proxy === null || proxy === "none" ? proxy : proxy.reveal(),
    ca,
    client: client === null ? null : { cert: client.cert, key: client.key.reveal() },
    allowPrivate,
  };
}
