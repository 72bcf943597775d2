/**
 * A scene is a scripted call: people doing things one after another. Its waits stretch or shrink by
 * a pace; what it does names DNs of the default directory (or one that has the same).
 */
import type { Clock } from "../../util/clock.ts";
import type { Call } from "../model.ts";
import type { Pbx } from "../pbx.ts";

export interface Scene {
  readonly name: string;
  /** One line for the list of scenes. */
  readonly about: string;
  run(stage: SceneStage): Promise<void>;
}

export interface SceneStage {
  readonly pbx: Pbx;
  /** The outside party of this playing. */
  readonly caller: { readonly number: string; readonly name: string };
  /** Waits `seconds` of the scene's time. */
  wait(seconds: number): Promise<void>;
  /** Waits until the PBX has routed as far as it does by itself within some 50 ms, at any pace. */
  settle(): Promise<void>;
  /** Waits for a fact. */
  until(fact: () => boolean): Promise<void>;
  /** An incoming call on a DID, routed. */
  incoming(did: string): Promise<Call>;
}

/** The PBX's own doing takes this long at most (DID routing 13 ms, scripts 40 ms, cancelling 10 ms). */
const SETTLE_MS = 60;

/** A fact that has not come after this many looks fails the scene. */
const LOOKS_MAX = 10_000;

export function makeStage(pbx: Pbx, clock: Clock, pace: number, turn: number): SceneStage {
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      clock.after(ms, resolve);
    });
  const settle = () => pause(Math.max(SETTLE_MS, pbx.settings.didRoutingMs + SETTLE_MS));
  const digit = String(turn % 10);
  const caller = { number: `42077700000${digit}`, name: turn % 2 === 0 ? "Novak Jan" : "" };
  return {
    pbx,
    caller,
    wait: (seconds) => pause(seconds * 1000 * pace),
    settle,
    async until(fact) {
      for (let looks = 0; !fact(); looks += 1) {
        if (looks >= LOOKS_MAX) throw new Error("Expected the scene to go on, it is stuck.");
        await settle();
      }
    },
    async incoming(did) {
      const call = pbx.incoming({ from: caller.number, name: caller.name, did });
      await settle();
      return call;
    },
  };
}
