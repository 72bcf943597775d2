/** Makes a failing seed a short scene: fewer calls, then fewer faults, as long as it still fails. */
import type { FaultName } from "./setting.ts";
import { type Outcome, outcomeFaults } from "./verdict.ts";
import { playSeed, type SeedOptions } from "./world.ts";

const playsMax = 150;

export async function shrink(seed: number, asked: SeedOptions): Promise<Outcome> {
  const first = await playSeed(seed, asked);
  const options: SeedOptions = { ...asked, faults: [...first.setting.faults], swarm: false };
  let plays = 0;
  const fails = async (tried: SeedOptions): Promise<boolean> => {
    plays += 1;
    return plays <= playsMax && outcomeFaults(await playSeed(seed, tried)) > 0;
  };
  let faults: readonly FaultName[] = options.faults;
  let best = options;
  for (const fault of options.faults) {
    const fewer = faults.filter((name) => name !== fault);
    if (await fails({ ...best, faults: fewer })) {
      faults = fewer;
      best = { ...best, faults };
    }
  }
  let calls = Array.from({ length: options.calls }, (_, index) => index);
  for (let size = Math.ceil(calls.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < calls.length && calls.length > 1; ) {
      const fewer = [...calls.slice(0, at), ...calls.slice(at + size)];
      const tried = { ...best, only: new Set(fewer) };
      if (fewer.length > 0 && (await fails(tried))) {
        calls = fewer;
        best = tried;
      } else at += size;
    }
  }
  return playSeed(seed, { ...best, trail: true });
}
