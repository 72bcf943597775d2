/**
 * An endpoint's recordings may go to a URL of their own, behind which another receiver stands: what one of the
 * two answers tells nothing of the other.
 */
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { OK, refused, START, UNREACHABLE, World } from "../../test/support/deliveryWorld.ts";
import type { EndedEvent, OffhookEvent } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import type { Outcome } from "./outcome.ts";

const APART = { recordingUrl: "http://127.0.0.2:9/recordings" };

function recording(call: number, number = 1): OffhookEvent {
  const base = callEvent(call, number);
  const ended: EndedEvent = { ...base, kind: "ended" } as EndedEvent;
  return { ...base, kind: "recording", files: ["http://127.0.0.1/1.mp3"], ended };
}

async function record(world: World, call: number, number = 1): Promise<void> {
  const entry = { event: recording(call, number), endpoints: ["default"] };
  world.dispatcher.enqueue(await world.outbox.append([entry], []));
}

/** What each of the two URLs answers. */
function answers(world: World, calls: Outcome, recordings: Outcome): void {
  world.answer = (_endpoint, { event }: Delivery) =>
    event.kind === "recording" ? recordings : calls;
}

const states = (world: World) => new Set(world.outbox.rows.map((row) => row?.state));

describe("recordings at a URL of their own", () => {
  test("that lives end no outage of the calls' URL: no attempt is used up by it", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, UNREACHABLE, OK);
    for (let call = 1; call <= 20; call += 1) await world.append(call, 1);
    for (let minute = 1; minute <= 60; minute += 1) {
      await record(world, 100 + minute);
      await world.clock.pass(60_000);
    }
    expect(states(world)).not.toContain("dead");
    expect(world.statusOf("default")?.condition).toMatchObject({ state: "failing" });
    answers(world, OK, OK);
    await world.clock.pass(60_000);
    expect(states(world)).toEqual(new Set(["delivered"]));
  });

  test("that is down use up no attempt, though the calls' URL lives", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, OK, UNREACHABLE);
    for (let call = 1; call <= 20; call += 1) await record(world, call);
    for (let minute = 1; minute <= 60; minute += 1) {
      await world.append(100 + minute, 1);
      await world.clock.pass(60_000);
    }
    expect(states(world)).not.toContain("dead");
    answers(world, OK, OK);
    await world.clock.pass(600_000);
    expect(states(world)).toEqual(new Set(["delivered"]));
  });

  test("that is down, or asks for a rest, keep no call's event waiting", async () => {
    for (const answer of [UNREACHABLE, refused(503, START * 2)]) {
      const world = new World([endpointConfig(APART)]);
      answers(world, OK, answer);
      for (let call = 1; call <= 20; call += 1) await record(world, call);
      await world.clock.pass(300_000);
      const at = world.clock.now();
      await world.append(100, 1);
      await world.clock.pass(0);
      expect(world.exchanges.at(-1)).toMatchObject({ call: 100, at });
    }
  });

  test("that is down is told as such, probed ever more seldom, and goes on when it lives", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, OK, UNREACHABLE);
    for (let call = 1; call <= 50; call += 1) await record(world, call);
    await world.clock.pass(60_000);
    const toRecordings = world.exchanges.length;
    await world.clock.pass(3_600_000);
    expect(world.exchanges.length - toRecordings).toBeLessThan(400);
    expect(world.inFlight).toBeLessThanOrEqual(1);
    const condition = { state: "failing", part: "recordings", cause: "endpoint" };
    expect(world.statusOf("default")?.condition).toMatchObject(condition);
    expect(world.lines.filter((line) => line.startsWith("endpoint.down"))).toHaveLength(1);
    answers(world, OK, OK);
    await world.clock.pass(330_000);
    expect(states(world)).toEqual(new Set(["delivered"]));
    expect(world.statusOf("default")?.condition).toEqual({ state: "healthy" });
    expect(world.clock.sleeping).toBe(0);
  });

  test("hold the later events of their call no longer than ORDER_HOLD_S, though not even tried", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, OK, UNREACHABLE);
    for (let call = 1; call <= 20; call += 1) await record(world, call);
    await world.clock.pass(60_000);
    await record(world, 100, 1);
    await world.append(100, 2);
    await world.clock.pass(130_000);
    const [sent] = world.exchanges.filter(({ call, sequence }) => call === 100 && sequence === 2);
    expect(sent?.outcome).toEqual(OK);
  });

  test("hold them no longer either where they are more than memory takes", async () => {
    const world = new World([endpointConfig(APART)], 16);
    answers(world, OK, refused(410));
    for (let call = 1; call <= 60; call += 1) {
      await record(world, call, 1);
      await world.append(call, 2);
    }
    await world.clock.pass(400_000);
    const calls = world.exchanges.filter(({ sequence }) => sequence === 2).map(({ call }) => call);
    expect(new Set(calls).size).toBe(60);
  });

  test.each([
    ["recordings", UNREACHABLE, OK],
    ["calls", OK, UNREACHABLE],
  ] as const)("go on with the %s, whatever was in memory", async (live, calls, recordings) => {
    const world = new World([endpointConfig({ ...APART, order: "none" })], 8);
    answers(world, UNREACHABLE, UNREACHABLE);
    for (let call = 1; call <= 50; call += 1) await record(world, call);
    for (let call = 101; call <= 150; call += 1) await world.append(call, 1);
    await world.clock.pass(1_800_000);
    await world.restart();
    answers(world, calls, recordings);
    await world.clock.pass(1_800_000);
    const delivered = world.outbox.rows.filter((row) => row?.state === "delivered");
    const kinds = delivered.map((row) => row?.delivery.event.kind);
    if (live === "calls") expect(kinds.filter((kind) => kind === "ringing")).toHaveLength(50);
    expect(states(world)).not.toContain("dead");
    answers(world, OK, OK);
    await world.clock.pass(600_000);
    expect(states(world)).toEqual(new Set(["delivered"]));
  });

  test("answered by 410 are paused alone, over a restart too, until they are resumed", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, OK, refused(410));
    await record(world, 1);
    await world.clock.pass(1000);
    await world.restart();
    for (let call = 2; call <= 9; call += 1) await record(world, call);
    await world.append(100, 1);
    await world.clock.pass(3_600_000);
    expect(world.exchanges.map(({ call }) => call)).toEqual([1, 100]);
    const paused = {
      state: "paused",
      part: "recordings",
      reason: "the receiver answered 410 Gone",
    };
    expect(world.statusOf("default")?.condition).toMatchObject(paused);
    answers(world, OK, OK);
    world.dispatcher.resume("default");
    await world.clock.pass(1000);
    expect(states(world)).toEqual(new Set(["delivered"]));
  });

  test("that are down are known to be so after a restart", async () => {
    const world = new World([endpointConfig(APART)]);
    answers(world, OK, UNREACHABLE);
    for (let call = 1; call <= 20; call += 1) await record(world, call);
    await world.clock.pass(60_000);
    const spent = () => world.outbox.rows.map((row) => row?.delivery.spent);
    const before = spent();
    await world.restart();
    await world.append(100, 1);
    await world.clock.pass(3_600_000);
    expect(spent().slice(0, 20)).toEqual(before);
    expect(world.statusOf("default")?.condition).toMatchObject({ part: "recordings" });
  });

  test("at the URL of the calls share all with them", async () => {
    const { url } = endpointConfig();
    const world = new World([endpointConfig({ recordingUrl: url })]);
    answers(world, UNREACHABLE, UNREACHABLE);
    for (let call = 1; call <= 20; call += 1) await record(world, call);
    await world.clock.pass(60_000);
    const condition = { state: "failing", part: "all" };
    expect(world.statusOf("default")?.condition).toMatchObject(condition);
    answers(world, OK, OK);
    await world.append(100, 1);
    await world.clock.pass(60_000);
    expect(states(world)).toEqual(new Set(["delivered"]));
  });
});

test("requests that cannot be built say nothing of the receiver: no other event waits for them", async () => {
  const world = new World([endpointConfig({ recordingUrl: null })]);
  world.answer = (_endpoint, { event }) => {
    if (event.kind === "recording") throw new Error("Expected a recording URL, got none. Set it.");
    return OK;
  };
  for (let call = 1; call <= 20; call += 1) await record(world, call);
  await world.clock.pass(600_000);
  const at = world.clock.now();
  await world.append(100, 1);
  await world.clock.pass(0);
  expect(world.exchanges.at(-1)).toMatchObject({ call: 100, at });
  expect(world.outbox.rows.every((row) => row?.delivery.spent === 0)).toBe(true);
  expect(world.statusOf("default")?.lastFailure?.outcome).toMatch(
    /^failed \(request\): Expected a/,
  );
});
