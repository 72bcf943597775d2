/** When retention looks, what it asks the store for, and what it says. */
import { describe, expect, it } from "vitest";
import { callEvent, settlement } from "../../test/conformance/outboxEvents.ts";
import { OutboxModel } from "../../test/conformance/outboxModel.ts";
import { VirtualClock } from "../simulator/virtualClock.ts";
import type { Log } from "../util/log.ts";
import type { PruneLimits } from "./outbox.ts";
import { type RetentionSettings, startRetention } from "./retention.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Whatever is done meanwhile is done. */
const passes = (clock: VirtualClock, ms: number) =>
  clock.run(new Promise<void>((resolve) => clock.after(ms, resolve)));

/** Calls, two a second, all delivered but the last, which is dead. */
async function world(count: number, settings: RetentionSettings) {
  const clock = new VirtualClock(callEvent(1).at);
  const outbox = new OutboxModel();
  for (let call = 1; call <= count; call += 1) {
    const event = { ...callEvent(call), at: callEvent(call).at + call * 500 };
    const [made] = await outbox.append([{ event, endpoints: ["a"] }], []);
    const dead = { state: "dead", reason: "all attempts used up" } as const;
    const fate = call === count ? dead : ({ state: "delivered" } as const);
    await outbox.settle([settlement(made?.deliveryId ?? 0, 1, fate)]);
  }
  const said: [string, object][] = [];
  const note = (fields: object, line: string) => void said.push([line.split(":")[0] ?? "", fields]);
  const log: Log = { debug() {}, info: note, warn: note, error: note };
  const asked: PruneLimits[] = [];
  const watched = {
    prune(...args: Parameters<OutboxModel["prune"]>) {
      asked.push(args[0]);
      return outbox.prune(...args);
    },
    compact: () => outbox.compact(),
  };
  const retention = startRetention({ outbox: watched, clock, log, settings: () => settings });
  return { clock, outbox, said, asked, retention };
}

describe("retention", () => {
  it("removes what is too old, in steps, and says how much was never delivered", async () => {
    const { clock, outbox, said, asked } = await world(60, { retentionDays: 1, retentionMb: 0 });
    await passes(clock, DAY_MS - HOUR_MS);
    expect(await outbox.counts()).toMatchObject({ events: 60 });
    await passes(clock, 3 * HOUR_MS);
    expect(await outbox.counts()).toEqual({
      ...{ events: 0, pending: 0, delivered: 0, dead: 0, expired: 0 },
    });
    expect(asked.length).toBeGreaterThan(2);
    expect(said).toEqual([
      ["store.pruned", { events: 60, deliveries: 60, dead: 1, expired: 0 }],
      ["store.pruned-undelivered", { dead: 1, expired: 0 }],
    ]);
  });

  it("asks for the size that is wanted, and keeps the last hour in any case", async () => {
    const { clock, asked } = await world(1, { retentionDays: 0, retentionMb: 5 });
    await passes(clock, 120_000);
    expect(asked).toHaveLength(1);
    const [limits] = asked;
    expect(limits).toMatchObject({ beforeAt: Number.MIN_SAFE_INTEGER, bytesMax: 5e6 });
    expect(clock.now() - (limits?.keepFromAt ?? 0)).toBeGreaterThanOrEqual(HOUR_MS);
  });

  it("does nothing when everything is to be kept, and nothing after its stop", async () => {
    const kept = await world(1, { retentionDays: 0, retentionMb: 0 });
    await passes(kept.clock, 2 * DAY_MS);
    expect(kept.asked).toEqual([]);
    const stopped = await world(100, { retentionDays: 1, retentionMb: 0 });
    await stopped.retention.stop();
    await passes(stopped.clock, 3 * DAY_MS);
    expect(stopped.asked).toEqual([]);
  });

  it("tries again with the next pass when the store fails", async () => {
    const { clock, outbox, said } = await world(3, { retentionDays: 1, retentionMb: 0 });
    outbox.broken = true;
    await passes(clock, DAY_MS + HOUR_MS);
    expect(said.map(([line]) => line)).toContain("store.prune-failed");
    outbox.broken = false;
    await passes(clock, 2 * HOUR_MS);
    expect(await outbox.counts()).toMatchObject({ events: 0 });
  });
});
