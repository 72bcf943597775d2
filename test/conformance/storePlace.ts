/** Where a store of the conformance suites lives, and how it is held against the model. */
import fc from "fast-check";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { OutboxModel } from "./outboxModel.ts";

/** A place where a store lives; opening it again finds what was stored. */
export interface StorePlace {
  open(): Promise<Outbox>;
  remove(): Promise<void>;
}

/** The open store of one test, in a place of its own. */
export class OpenStore {
  readonly #place: StorePlace;
  outbox: Outbox;

  private constructor(place: StorePlace, outbox: Outbox) {
    this.#place = place;
    this.outbox = outbox;
  }

  static async inNew(newPlace: () => Promise<StorePlace>): Promise<OpenStore> {
    const place = await newPlace();
    return new OpenStore(place, await place.open());
  }

  async reopen(): Promise<Outbox> {
    await this.outbox.close();
    this.outbox = await this.#place.open();
    return this.outbox;
  }

  async remove(): Promise<void> {
    await this.outbox.close();
    await this.#place.remove();
  }
}

/** A disk that syncs slowly makes it long, not wrong. */
export const MODEL_MS_MAX = 180_000;

/** Plays random steps, each time on a new store and model. */
export async function besideModel<Step>(
  newPlace: () => Promise<StorePlace>,
  random: { readonly step: fc.Arbitrary<Step>; readonly stepsMax: number; readonly runs: number },
  play: (store: OpenStore, model: OutboxModel, steps: readonly Step[]) => Promise<void>,
): Promise<void> {
  const { step, stepsMax, runs } = random;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: stepsMax }), async (steps) => {
      const store = await OpenStore.inNew(newPlace);
      try {
        await play(store, new OutboxModel(), steps);
      } finally {
        await store.remove();
      }
    }),
    { numRuns: runs },
  );
}
