/**
 * Who plays seeds: this thread, or a worker thread beside it, so that more cores play more of them. Must hold: a seed
 * plays the same way wherever it is played, and whatever was played before it.
 */
import { Worker } from "node:worker_threads";
import { failureText } from "./failure.ts";
import { shrink } from "./shrink.ts";
import { type SeedSummary, summaryOf } from "./tally.ts";
import { playSeed, type SeedOptions } from "./world.ts";

export interface PlayOptions {
  readonly scene: SeedOptions;
  /** A failing seed is made a short scene before it is told. */
  readonly shrinks: boolean;
}

export interface Player {
  play(seed: number): Promise<SeedSummary>;
  /** What differed in a seed, with all that is needed to look into it. */
  explain(seed: number): Promise<string>;
  stop(): Promise<void>;
}

export function ownPlayer({ scene, shrinks }: PlayOptions): Player {
  return {
    play: async (seed) => summaryOf(await playSeed(seed, scene)),
    explain: async (seed) => {
      const outcome = shrinks
        ? await shrink(seed, scene)
        : await playSeed(seed, { ...scene, trail: true });
      return failureText(outcome);
    },
    stop: async () => {},
  };
}

export type Ask = { readonly kind: "play" | "explain"; readonly seed: number };
export type Answer = { readonly result: unknown } | { readonly broke: string };

/** Does one thing at a time. */
export function workerPlayer(options: PlayOptions): Player {
  const worker = new Worker(new URL("./playerThread.ts", import.meta.url), { workerData: options });
  const ask = <T>(what: Ask) =>
    new Promise<T>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (answer: Answer) => {
        worker.off("error", reject);
        if ("result" in answer) resolve(answer.result as T);
        else reject(new Error(`Seed ${what.seed} could not be played. ${answer.broke}`));
      });
      worker.postMessage(what);
    });
  return {
    play: (seed) => ask<SeedSummary>({ kind: "play", seed }),
    explain: (seed) => ask<string>({ kind: "explain", seed }),
    stop: async () => {
      await worker.terminate();
    },
  };
}
