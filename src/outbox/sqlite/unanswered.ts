/**
 * What was asked of the writer and is not answered yet. It answers in order, many requests with one message. Must
 * hold: everything asked is resolved or rejected once, with its own answer; where a message answers fewer or more
 * than it says, or more than was asked, all that it speaks of is rejected, as nobody knows which answer is whose.
 */
import { messageOf } from "../../util/messageOf.ts";
import { OutboxError } from "../outbox.ts";
import { type PackedResults, unpackResults } from "./packing.ts";
import type { Request, Result } from "./wire.ts";

export interface Waiting {
  readonly request: Request;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: OutboxError) => void;
}

export class Unanswered {
  #waiting: Waiting[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  add(asked: readonly Waiting[]): void {
    this.#waiting.push(...asked);
  }

  /**
   * Throws what is wrong with the message, once those that it speaks of are rejected: they may have been carried out,
   * and only a new start finds what they left in the store.
   */
  take(packed: PackedResults): void {
    const asked = this.#waiting.splice(0, packed.count);
    let results: readonly Result[];
    try {
      results = unpackResults(packed);
      if (asked.length < results.length) {
        throw new Error(`Expected at most ${asked.length} answers, got ${results.length}.`);
      }
    } catch (error) {
      const what = `The store's thread did not answer what was asked: ${messageOf(error)}`;
      const fault = new OutboxError("failed", what);
      for (const { reject } of asked) reject(fault);
      throw fault;
    }
    asked.forEach(({ request, resolve, reject }, index) => {
      const result = results[index];
      if (result?.ok) resolve(result.answer);
      else {
        const what = `The store did not take ${request.operation}: ${result?.message}.`;
        reject(new OutboxError("failed", what));
      }
    });
  }

  rejectAll(error: OutboxError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
