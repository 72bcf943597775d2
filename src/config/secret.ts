/**
 * A value that never prints. What must hold: JSON, string conversion and util.inspect show "***";
 * only `reveal()` gives the value, and it lives in a private field, so that no walk over
 * properties meets it.
 */
import { inspect } from "node:util";
import type { Secret } from "./config.ts";

export const MASK = "***";

class HiddenValue implements Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

export function secret(value: string): Secret {
  return new HiddenValue(value);
}
