/**
 * A wall clock that jumps by hours with each look at it, while a seed is played: whoever reads it instead of the clock
 * that was handed in gets durations that cannot be right, and the seed differs.
 */
import type { Chance } from "./random.ts";

const jumpMsMax = 12 * 3_600_000;

/** Until the returned function is called. */
export function jumpingWall(chance: Chance): () => void {
  const own = globalThis.Date;
  const now = () => own.UTC(2026, 4, 4) + chance.between(-jumpMsMax, jumpMsMax);
  globalThis.Date = new Proxy(own, {
    construct: (date, args, target) =>
      Reflect.construct(date, args.length === 0 ? [now()] : args, target) as Date,
    get: (date, name, target) => (name === "now" ? now : Reflect.get(date, name, target)),
  });
  return () => {
    globalThis.Date = own;
  };
}
