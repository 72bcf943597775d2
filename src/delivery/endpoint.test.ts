import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import type { EndpointConfig } from "../config/config.ts";
import type { CallEvent } from "../events/event.ts";
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
    const users = { events: null, users: ["999"], direction: null };
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
        filter: { events: ["ringing", "ringstop"], users: null, direction: null },
      }),
      named("e", {
        extraEvents: ["ringstop"],
        filter: { events: null, users: ["999"], direction: null },
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
    const filter = { events: [name], users: null, direction: null };
    const endpoints = [named("a", { filter }), named("k", { filter, profile: "k2m" })];
    const takers = event.kind === "dialing" ? ["a"] : ["a", "k"];
    expect(endpointsFor(event, endpoints, new Map())).toEqual(takers);
    const other = { ...filter, events: ["recording"] };
    expect(endpointsFor(event, [named("a", { filter: other })], new Map())).toEqual([]);
  });

  test("filters by user and direction", () => {
    const endpoints = [
      named("users", { filter: { events: null, users: ["101"], direction: null } }),
      named("out", { filter: { events: null, users: null, direction: "outgoing" } }),
    ];
    expect(endpointsFor(byUser("101"), endpoints, new Map())).toEqual(["users"]);
    expect(endpointsFor({ ...dialing, user: "102" }, endpoints, new Map())).toEqual(["out"]);
  });
});
