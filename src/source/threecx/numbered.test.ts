/** A long number of which the PBX does not say where it leads may be one of ours. */
import { describe, expect, it } from "vitest";
import { participant } from "../../../test/support/wirePbx.ts";
import { parseLogRow } from "./callLogRow.ts";
import { makeDirectory } from "./directory.ts";
import { loggedCalls } from "./loggedCalls.ts";
import { type Knowledge, normaliseParticipant } from "./normalise.ts";
import type { WireParticipant } from "./wire.ts";

const directory = makeDirectory({
  Users: [{ Number: "101" }, { Number: "4201502" }],
  Peers: [{ Number: "7000000", Type: "Queue" }, { Number: "8000000" }],
  Trunks: [{ Id: 60, Number: "1000007", DidNumbers: ["420222000150"] }],
  DidNumbers: [{ Number: "+420222000320", TrunkId: 60 }],
});
const knowing: Knowledge = {
  ...directory,
  kindOf: (dn) => directory.find(dn)?.kind ?? null,
  listsExtensions: () => true,
};

const dialling: Partial<WireParticipant> = {
  status: "Dialing",
  party_dn: "",
  party_dn_type: "None",
  legid: 1,
};

function partyOf(more: Partial<WireParticipant>, knowledge = knowing) {
  const result = normaliseParticipant(
    participant("101", 1, { ...dialling, ...more }),
    knowledge,
    null,
  );
  return result.kind === "leg" ? result.leg.party : null;
}

describe("a long number of which the PBX does not say where it leads", () => {
  it("is one of ours if it is a DN, whoever calls whom", () => {
    const extension = { dn: "4201502", kind: "extension", number: "4201502" };
    expect(partyOf({ party_caller_id: "4201502" })).toMatchObject(extension);
    const rung = { party_caller_id: "4201502", status: "Ringing", legid: 2 };
    expect(partyOf(rung)).toMatchObject(extension);
    expect(partyOf({ party_caller_id: "7000000" })).toMatchObject({ dn: "7000000", kind: "queue" });
  });

  it.each(["420222000150", "0222000150", "+420222000320"])(
    "leads inside for who calls as long as the PBX does not say otherwise, if it is the own DID %s",
    (number) => {
      expect(partyOf({ party_caller_id: number })).toMatchObject({ dn: "", kind: "other", number });
      const found = { party_caller_id: number, status: "Connected" };
      expect(partyOf(found)?.kind).toBe("other");
      // Somebody calls from outside with a number of ours.
      expect(partyOf({ ...found, legid: 4 })?.kind).toBe("unknown");
      const { isOwnDid: _, ...without } = knowing;
      expect(partyOf(found, without)?.kind).toBe("unknown");
    },
  );

  it("is outside behind who sends the caller on only if it is no code", () => {
    const sent = { status: "Ringing", party_dn: "800", party_dn_type: "Wqueue", legid: 3 };
    const withoutXapi = { ...knowing, kindOf: () => null, listsExtensions: () => false };
    for (const knowledge of [knowing, withoutXapi]) {
      const kindOf = (id: string) => partyOf({ ...sent, party_caller_id: id }, knowledge)?.kind;
      expect(kindOf("420777000001")).toBe("trunk");
      expect(kindOf("*0104201")).toBe("queue");
    }
  });

  it("stays unknown if it is neither, or a trunk's, or nobody knows of what kind", () => {
    for (const number of ["420777000001", "1000007", "8000000"]) {
      expect(partyOf({ party_caller_id: number })).toMatchObject({ dn: "", kind: "unknown" });
    }
  });

  it("is what the PBX says that it is", () => {
    const typed = { party_caller_id: "420222000150", party_dn_type: "Wexternalline" };
    expect(partyOf({ ...typed, party_dn: "10007" })?.kind).toBe("trunk");
    expect(partyOf(typed)?.kind).toBe("unknown");
  });
});

describe("in the call log, where neither DN nor type is told,", () => {
  const row = (number: string) => ({
    CallId: 5,
    StartTime: "2026-05-04T08:00:00Z",
    SourceDn: "101",
    SourceType: 0,
    DestinationCallerId: number,
  });
  const callsOf = (number: string) => loggedCalls([row(number)], knowing, () => true).calls;

  it("a number of ours, or a code for the PBX itself, is no outside party, however long", () => {
    expect(parseLogRow(row("4201502"), knowing)?.destination).toMatchObject({
      dn: "4201502",
      kind: "extension",
    });
    expect(callsOf("4201502")).toEqual([]);
    expect(callsOf("*0104201")).toEqual([]);
    expect(callsOf("420777000001")).toHaveLength(1);
  });

  it("an own DID that is dialled leads inside; who calls with one may be anybody", () => {
    expect(callsOf("420222000150")).toEqual([]);
    expect(parseLogRow(row("0222000150"), knowing)?.destination).toMatchObject({
      dn: "0222000150",
      kind: "routepoint",
    });
    const { isOwnDid: _, ...without } = knowing;
    expect(loggedCalls([row("420222000150")], without, () => true).calls).toHaveLength(1);
    // The PBX says that it went out.
    const out = { ...row("420222000150"), DestinationDn: "1000007", DestinationType: 1 };
    expect(loggedCalls([out], knowing, () => true).calls).toMatchObject([
      { direction: "outgoing", number: "420222000150" },
    ]);
    const from = { SourceDn: "", SourceType: "", SourceCallerId: "420222000150" };
    const called = { DestinationDn: "101", DestinationCallerId: "101" };
    const calls = loggedCalls([{ ...row(""), ...from, ...called }], knowing, () => true).calls;
    expect(calls).toMatchObject([{ direction: "incoming", number: "420222000150" }]);
  });

  it("a trunk's own DN, however long, is not the number of who is behind it", () => {
    const out = { ...row(""), DestinationDn: "1000007", DestinationType: 1 };
    expect(loggedCalls([out], knowing, () => true).calls).toMatchObject([{ number: "" }]);
  });
});
