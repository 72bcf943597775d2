/**
 * Counts what each client asks for in vain, and what it holds open, so that guessing is slow. Pure. Bounded:
 * the longest quiet is forgotten first.
 */
import type { EpochMs } from "../../events/event.ts";

/** Misses that a client may make at once, and how fast they are forgiven. */
export const MISSES_MAX = 30;
export const FORGIVEN_AFTER_MS = 2_000;
const CLIENTS_MAX = 10_000;

export class Misses {
  /** Client → when all its misses will be forgiven. */
  readonly #forgivenAt = new Map<string, EpochMs>();

  /** How long the client has to wait before it is listened to again; 0 = it is. */
  waitMs(client: string, now: EpochMs): number {
    const at = this.#forgivenAt.get(client) ?? now;
    return Math.max(0, at - now - (MISSES_MAX - 1) * FORGIVEN_AFTER_MS);
  }

  add(client: string, now: EpochMs): void {
    const at = Math.max(now, this.#forgivenAt.get(client) ?? now) + FORGIVEN_AFTER_MS;
    // The last to miss goes to the end, so that the first is the longest quiet.
    this.#forgivenAt.delete(client);
    this.#forgivenAt.set(client, at);
    if (this.#forgivenAt.size <= CLIENTS_MAX) return;
    for (const oldest of this.#forgivenAt.keys()) {
      this.#forgivenAt.delete(oldest);
      break;
    }
  }
}
