/**
 * Sends a delivery: settings of the endpoint → request → exchange. The only place of the room where
 * rendering, signing and HTTP meet. Never rejects.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { createAttemptSender } from "./attempt.ts";
import type { ConnectionsOptions } from "./connections.ts";
import type { Outcome } from "./outcome.ts";
import { type Addressee, addresseeOf, buildRequest } from "./request.ts";

/** One attempt for a delivery; `attemptNumber` from 1. */
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
  close(): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const http = createAttemptSender(options);
  const addressees = new WeakMap<EndpointConfig, Addressee>();

  function addresseeFor(endpoint: EndpointConfig): Addressee {
    const known = addressees.get(endpoint) ?? addresseeOf(endpoint, options.version);
    addressees.set(endpoint, known);
    return known;
  }

  return {
    async send(endpoint, delivery, attemptNumber) {
      try {
        const to = addresseeFor(endpoint);
        const request = buildRequest(to, delivery, attemptNumber, options.now());
        return await http.attempt(request, endpoint.timeoutMs);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { kind: "failed", stage: "local", message };
      }
    },
    close: () => http.close(),
  };
}
