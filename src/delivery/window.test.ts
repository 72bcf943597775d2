/** What is here of an endpoint that is down: a few of the newest calls, no more, and never out of order. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import type { EndedEvent } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { type Bounds, type Found, FRESH_MAX, Window } from "./window.ts";

const NOW = 1000;
const strict = { order: "strict", orderHoldMs: 0, expireRingingMs: 0 } as const;
const up: Bounds = { now: NOW, heldMax: 400, isDown: false, waitMsMax: 1e6 };
const down: Bounds = { ...up, heldMax: 64, isDown: true };

function delivery(position: number, call: number, number = 1): Delivery {
  const made = { deliveryId: position, endpoint: "default", position, sequence: number };
  const fresh = { attempts: 0, spent: 0, firstAttemptAt: null, dueAt: 0, replay: false };
  return { ...made, ...fresh, event: callEvent(call, number) };
}

/** What a page of the store holds from one position to another. */
function page(stored: readonly Delivery[], from: number, to: number, end = false) {
  const next = stored.filter(({ position }) => position >= from && position <= to);
  return { woken: [], next, after: to, end, wakeAt: null };
}

describe("of an endpoint that is down", () => {
  test("a new call that was passed by a page is a call as any other, and keeps its order", () => {
    const window = new Window();
    window.startWith(100);
    const stored = Array.from({ length: 199 }, (_, index) => delivery(index + 1, index + 1));
    const [first, second] = [stored[100] as Delivery, delivery(200, 101, 2)];
    window.offer(first, down);
    const fails = (found: Found | null) => {
      expect(found?.owed.delivery).toBe(first);
      if (found === null) return;
      window.begin(found);
      window.finish(found, NOW + 500);
    };
    fails(window.probe(strict, NOW, () => true));
    for (const each of stored.slice(101, 108)) window.offer(each, down);
    window.hasten(NOW, false);
    fails(window.next(strict, NOW));
    for (const each of [...stored.slice(108), second]) window.offer(each, up);
    for (const [from, to] of [
      [1, 100],
      [101, 199],
    ] as const) {
      window.ask(up);
      window.taken(page(stored, from, to), up);
    }
    expect(window.ask(up)).not.toBeNull();
    window.offer(delivery(201, 300), down);
    window.taken(page([second, delivery(201, 300)], 200, 201, true), up);
    window.hasten(NOW, false);
    const sent: string[] = [];
    for (let at = NOW; at <= NOW + 500; at += 500) {
      window.wakeDue(at);
      for (let found = window.next(strict, at); found !== null; found = window.next(strict, at)) {
        window.begin(found);
        sent.push(found.owed.delivery.event.eventId);
        window.finish(found, null);
      }
    }
    expect(sent).toHaveLength(201);
    const own = sent.filter((id) => id.startsWith("evt_main_101_"));
    expect(own).toEqual(["evt_main_101_1", "evt_main_101_2"]);
  });

  test("a recording is not kept as a call that could show its life: no probe would take it", () => {
    const window = new Window();
    window.startWith(1);
    const first = delivery(2, 2);
    const ended = { ...callEvent(2), kind: "ended" } as EndedEvent;
    const recording = { ...callEvent(2), kind: "recording", files: [], ended } as const;
    window.offer({ ...first, event: recording }, down);
    expect(window.held).toBe(0);
    window.taken(page([{ ...first, event: recording }], 1, 2, true), down);
    expect(window.next(strict, NOW)?.owed.delivery.event).toBe(recording);
    window.startWith(1);
    window.offer(delivery(3, 3), down);
    expect(window.held).toBe(2);
  });

  test("nothing is kept in memory of the calls that go back to the store", () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const window = new Window();
    const seen: WeakRef<Delivery>[] = [];
    for (let call = 1; call <= 2000; call += 1) {
      const each = delivery(call, call);
      seen.push(new WeakRef(each));
      window.offer(each, down);
      const probe = call % 10 === 0 ? window.probe(strict, NOW, () => true) : null;
      if (probe !== null) {
        window.begin(probe);
        window.finish(probe, NOW);
      }
    }
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      collect();
      const kept = seen.filter((each) => each.deref() !== undefined);
      expect(kept.length).toBeLessThanOrEqual(down.heldMax + FRESH_MAX);
      expect(window.held).toBe(down.heldMax + FRESH_MAX);
      expect(window.queued).toBe(2000);
    });
  });
});
