import { describe, expect, test } from "vitest";
import { endpointConfig, NO_FILTER } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import type { EndpointConfig, EndpointFilter } from "../config/config.ts";
import type { CallEvent, OffhookEvent } from "../events/event.ts";
import { endpointsFor } from "./endpoint.ts";

const byUser = (user: string): CallEvent => ({ ...callEvent(1), user });
const dialing: CallEvent = { ...callEvent(1), kind: "dialing", direction: "outgoing" };
const answered: CallEvent = { ...callEvent(1), kind: "answered", transferType: "NotDef" };
const ended: CallEvent = {
  ...callEvent(1),
  kind: "ended",
  direction: "outgoing",
  finish: "Ok",
  transferred: false,
  talkMs: 1000,
  breakSide: "Undef",
  callbackRequested: false,
};

const named = (name: string, changes: Partial<EndpointConfig> = {}) =>
  endpointConfig({ name, ...changes });

describe("endpointsFor", () => {
  const original = [
    named("default", { receives: "unlisted" }),
    named("second", { receives: "listed" }),
    named("monitor"),
  ];
  const listed = new Map([
    ["101", "second"],
    ["102", "default"],
    ["103", "gone"],
  ]);

  test.each([
    ["101", ["second", "monitor"]],
    ["102", ["default", "monitor"]],
    ["103", ["default", "monitor"]],
    ["104", ["default", "monitor"]],
  ])("the events of user %s go to %j", (user, names) => {
    expect(endpointsFor(byUser(user), original, listed)).toEqual(names);
  });

  test("recordings go where a recording URL is, to whom their end event goes", () => {
    const end = { ...ended, user: "101" } as Extract<CallEvent, { kind: "ended" }>;
    const recording: CallEvent = { ...end, kind: "recording", files: ["u"], ended: end };
    const [unlisted, second, monitor] = original.map((endpoint) => ({
      ...endpoint,
      recordingUrl: "http://crm.test/rec",
    }));
    const without = named("without", { recordingUrl: null });
    const endpoints = [unlisted, second, monitor, without].flatMap((endpoint) => endpoint ?? []);
    expect(endpointsFor(recording, endpoints, listed)).toEqual(["second", "monitor"]);
  });

  test("a gap goes to whoever asked for it, as it is of no user", () => {
    const gap = { kind: "gap", eventId: "g", pbx: "main", callId: "", at: 2, fromAt: 1, toAt: 2 };
    const users = { ...NO_FILTER, users: ["999"] };
    const endpoints = [named("a"), named("b", { extraEvents: ["gap"], filter: users })];
    expect(endpointsFor({ ...gap, kind: "gap", reason: "r" }, endpoints, listed)).toEqual(["b"]);
  });

  test("opt-in events go only to who asked for them, filters and all", () => {
    const ringstop: CallEvent = { ...callEvent(1), kind: "ringstop", reason: "elsewhere" };
    const endpoints = [
      named("a"),
      named("b", { extraEvents: ["ringstop"] }),
      named("c", { extraEvents: ["callsummary"] }),
      named("d", {
        extraEvents: ["ringstop"],
        filter: { ...NO_FILTER, events: ["ringing", "ringstop"] },
      }),
      named("e", {
        extraEvents: ["ringstop"],
        filter: { ...NO_FILTER, users: ["999"] },
      }),
    ];
    expect(endpointsFor(ringstop, endpoints, new Map())).toEqual(["b", "d"]);
  });

  test("only endpoints of the event's own PBX with a URL for call events", () => {
    const endpoints = [
      named("a", { pbx: "other" }),
      named("b", { url: null, recordingUrl: "http://127.0.0.1/" }),
      named("c"),
    ];
    expect(endpointsFor(callEvent(1), endpoints, new Map())).toEqual(["c"]);
  });

  test.each([
    [answered, "hangupincoming"],
    [ended, "outgoing"],
    [dialing, "dialing"],
    [callEvent(1), "ringing"],
  ])("filters name events as the classic profile does (%#)", (event, name) => {
    const filter = { ...NO_FILTER, events: [name] };
    const endpoints = [named("a", { filter }), named("k", { filter, profile: "k2m" })];
    const takers = event.kind === "dialing" ? ["a"] : ["a", "k"];
    expect(endpointsFor(event, endpoints, new Map())).toEqual(takers);
    const other = { ...filter, events: ["recording"] };
    expect(endpointsFor(event, [named("a", { filter: other })], new Map())).toEqual([]);
  });

  test("filters by user and direction", () => {
    const endpoints = [
      named("users", { filter: { ...NO_FILTER, users: ["101"] } }),
      named("out", { filter: { ...NO_FILTER, direction: "outgoing" } }),
    ];
    expect(endpointsFor(byUser("101"), endpoints, new Map())).toEqual(["users"]);
    expect(endpointsFor({ ...dialing, user: "102" }, endpoints, new Map())).toEqual(["out"]);
  });

  const only = (changes: Partial<EndpointFilter>) => [
    named("a", { filter: { ...NO_FILTER, ...changes }, extraEvents: ["callsummary", "gap"] }),
  ];
  const passes = (event: OffhookEvent, changes: Partial<EndpointFilter>) =>
    endpointsFor(event, only(changes), new Map()).length === 1;

  test("filters by queue: an agent's ringing, too, if the call came by it", () => {
    const byQueue: CallEvent = { ...callEvent(1), user: "101", queues: ["800", "805"] };
    expect(passes(byQueue, { queues: ["805"] })).toBe(true);
    expect(passes(byQueue, { queues: ["801", "101"] })).toBe(false);
    expect(passes({ ...byQueue, queues: [] }, { queues: ["800"] })).toBe(false);
  });

  test("filters by queue what an older version stored: told of the queue itself", () => {
    const atQueue: CallEvent = { ...callEvent(1), user: "800", userKind: "queue" };
    expect(passes(atQueue, { queues: ["801", "800"] })).toBe(true);
    expect(passes(atQueue, { queues: ["801"] })).toBe(false);
    expect(passes(byUser("800"), { queues: ["800"] })).toBe(false);
  });

  test.each([
    ["Sales line", true],
    ["SALES LINE", true],
    ["420222000100", true],
    ["+420222000100", true],
    ["Sales", false],
    ["420222000101", false],
  ])("filters by DID: %s", (did, expected) => {
    const event = { ...callEvent(1), did: "Sales line", didNumber: "420222000100" };
    expect(passes(event, { dids: ["other", did] })).toBe(expected);
    expect(passes({ ...event, did: "", didNumber: "" }, { dids: [did] })).toBe(false);
  });

  test("lets ends of missed calls alone through", () => {
    const missed: CallEvent = { ...ended, finish: "Missed", talkMs: null } as CallEvent;
    const summary = {
      ...callEvent(1),
      kind: "callsummary",
      links: 1,
      users: [],
      ringMs: 1,
      waitMs: 1,
      talkMs: 0,
      abandonedAt: "101",
    } as const;
    const wanted = { missedOnly: true };
    expect(passes(missed, wanted)).toBe(true);
    expect(passes({ ...summary, finish: "Missed" }, wanted)).toBe(true);
    expect(passes({ ...summary, finish: "Ok" }, wanted)).toBe(false);
    for (const event of [ended, answered, dialing, callEvent(1)]) {
      expect(passes(event, wanted)).toBe(false);
    }
  });

  test("filters by a pattern in the outside number", () => {
    const from = (callerid: string) => ({ ...callEvent(1), callerid });
    expect(passes(from("420777000001"), { callerid: "^(420|421)" })).toBe(true);
    expect(passes(from("49777000001"), { callerid: "^(420|421)" })).toBe(false);
    expect(passes(from("anonymous"), { callerid: "^anonymous$" })).toBe(true);
    for (let n = 0; n < 1000; n += 1) {
      expect(passes(from(String(n)), { callerid: `^${n}$` })).toBe(true);
    }
  });

  test("all filters must let it through, and a gap passes them all", () => {
    const event = { ...callEvent(1), did: "Sales" };
    expect(passes(event, { dids: ["Sales"], users: ["101"], callerid: "420" })).toBe(true);
    expect(passes(event, { dids: ["Sales"], users: ["102"], callerid: "420" })).toBe(false);
    const gap = { kind: "gap", eventId: "g", pbx: "main", callId: "", at: 2, fromAt: 1, toAt: 2 };
    const filter = { dids: ["x"], queues: ["1"], missedOnly: true, callerid: "x" };
    expect(passes({ ...gap, kind: "gap", reason: "r" }, filter)).toBe(true);
  });
});
