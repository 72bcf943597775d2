/**
 * What numbers were heard to be, for a time: a number may be given to nobody, or to something else, and the
 * directory would say so late or never. Who was heard of longest ago makes room.
 */
import type { DnKind } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Limits } from "./limits.ts";

export interface HeardKindsOptions {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "namesMax" | "heardKindKeptMs">;
}

export class HeardKinds {
  readonly #options: HeardKindsOptions;
  /** The youngest last. */
  readonly #heard = new Map<string, { readonly kind: DnKind; readonly at: number }>();

  constructor(options: HeardKindsOptions) {
    this.#options = options;
  }

  hear(dn: string, kind: DnKind): void {
    const key = dn.toLowerCase();
    this.#heard.delete(key);
    this.#heard.set(key, { kind, at: this.#options.clock.now() });
    const [oldest] = this.#heard.keys();
    if (oldest !== undefined && this.#heard.size > this.#options.limits.namesMax) {
      this.#heard.delete(oldest);
    }
  }

  kindOf(dn: string): DnKind | null {
    const heard = this.#heard.get(dn.toLowerCase());
    if (heard === undefined) return null;
    const { clock, limits } = this.#options;
    return clock.now() < heard.at + limits.heardKindKeptMs ? heard.kind : null;
  }
}
