/** Rows of a PBX's call log, and who reads them. */
import { expect } from "vitest";
import { makeDirectory } from "../../src/source/threecx/directory.ts";
import { loggedCalls } from "../../src/source/threecx/loggedCalls.ts";
import type { Knowledge } from "../../src/source/threecx/normalise.ts";
import type { LoggedCall } from "../../src/tracker/activity.ts";

const directory = makeDirectory({
  Peers: [
    ...["100", "106", "139", "162", "163"].map((dn) => ({ Number: dn, Type: "Extension" })),
    ...["800", "900", "993"].map((dn) => ({ Number: dn, Type: "Queue" })),
    { Number: "484", Type: "RingGroup" },
    { Number: "600", Type: "IVR" },
    { Number: "700", Type: "Conference" },
    { Number: "10007", Type: "ExternalLine" },
  ],
  InboundRules: [
    { Id: 1, RuleName: "Main line", Data: "420222000100", Condition: "BasedOnDID" },
    { Id: 2, RuleName: "Sales", Data: "420222000200", Condition: "BasedOnDID" },
  ],
});
export const knowing: Knowledge = {
  kindOf: (dn) => directory.find(dn)?.kind ?? null,
  didOf: directory.didOf,
  onlyDidOf: directory.onlyDidOf,
  readName: directory.readName,
};
export const nothingKnown: Knowledge = {
  kindOf: () => null,
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => null,
  readName: (name) => ({ name, did: null }),
};

export const chid = "00000000-01dc-27dd-cc8a-799100000029";
export const beganAt = Date.UTC(2025, 8, 17, 14, 17, 28, 715);

export type Row = Record<string, unknown>;

export const iso = (at: number) => new Date(at).toISOString();
const seconds = (spanMs: number) => `PT${spanMs / 1_000}S`;

/** A hop from the outside caller, `fromMs` to `toMs` after the call's beginning. */
export function hop(
  dn: string,
  type: number,
  fromMs: number,
  toMs: number,
  answeredMs?: number,
): Row {
  return {
    CallId: 77,
    MainCallHistoryId: chid,
    CallHistoryId: chid,
    StartTime: iso(beganAt + fromMs),
    Answered: answeredMs !== undefined,
    RingingDuration: seconds((answeredMs ?? toMs) - fromMs),
    ...(answeredMs === undefined ? {} : { TalkingDuration: seconds(toMs - answeredMs) }),
    SourceDn: "10007",
    SourceType: 1,
    SourceCallerId: "420777000001",
    SourceDisplayName: "Novak Jan",
    DestinationDn: dn,
    DestinationType: type,
    DestinationCallerId: dn,
  };
}

export const always = () => true;

export function only(
  rows: readonly unknown[],
  knowledge = knowing,
  isVisible: (dn: string) => boolean = always,
): LoggedCall {
  const { calls } = loggedCalls(rows, knowledge, isVisible);
  expect(calls).toHaveLength(1);
  const [call] = calls;
  if (!call) throw new Error("Expected one call.");
  return call;
}

export const talk = (user: string, fromMs: number, toMs: number) => ({
  user,
  answeredAt: beganAt + fromMs,
  endedAt: beganAt + toMs,
});
