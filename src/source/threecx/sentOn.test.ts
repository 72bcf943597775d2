/** A leg may show as its party what sent the caller on; the number tells who is behind it. */
import { describe, expect, it } from "vitest";
import { participant } from "../../../test/support/wirePbx.ts";
import type { DnKind } from "../../tracker/activity.ts";
import { type Knowledge, normaliseParticipant } from "./normalise.ts";
import type { WireParticipant } from "./wire.ts";

const dns: Readonly<Record<string, DnKind>> = {
  "101": "extension",
  "4201502": "extension",
  "800": "queue",
  app: "routepoint",
};
const knowing = (listsExtensions: boolean): Knowledge => ({
  kindOf: (dn) => dns[dn] ?? null,
  listsExtensions: () => listsExtensions,
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => null,
  readName: (name) => ({ name, did: null }),
});

const polled: Partial<WireParticipant> = {
  status: "Ringing",
  party_dn: "800",
  party_dn_type: "Wqueue",
  party_caller_id: "420777000001",
  originated_by_dn: "800",
  originated_by_type: "Wqueue",
  legid: 3,
};

function legOf(more: Partial<WireParticipant>, { dn = "101", listsExtensions = true } = {}) {
  const wire = participant(dn, 1, { ...polled, ...more });
  const result = normaliseParticipant(wire, knowing(listsExtensions), null);
  return result.kind === "leg" ? result.leg : null;
}

const outside = { dn: "", kind: "trunk" };

describe("a leg whose party sent the caller on", () => {
  it.each([
    ["800", "Wqueue", "800"],
    ["820", "Wringgroup", ""],
    ["801", "Wivr", "801"],
    ["ROUTER", "Wroutepoint", "ROUTER"],
  ])("stands before the outside number behind %s (%s), made by %j", (dn, type, madeBy) => {
    const shown = { party_dn: dn, party_dn_type: type, originated_by_dn: madeBy };
    expect(legOf(shown)?.party).toMatchObject({ ...outside, number: "420777000001" });
    expect(legOf({ ...shown, status: "Connected" })?.party).toMatchObject(outside);
  });

  it.each(["", "anonymous", "Restricted"])("stands before who withholds the number: %j", (id) => {
    expect(legOf({ party_caller_id: id })?.party).toMatchObject({ ...outside, number: id });
  });

  it.each(["101", "4201502", "800", "MakeCall"])("stays before %s, one of ours", (id) => {
    const inside = { dn: "800", kind: "queue" };
    expect(legOf({ party_caller_id: id })?.party).toMatchObject(inside);
    expect(legOf({ party_caller_id: id }, { listsExtensions: false })?.party).toMatchObject(inside);
  });

  it("stands before a short number outside only where XAPI lists no such extension", () => {
    const known = legOf({ party_caller_id: "1188" });
    const unsure = legOf({ party_caller_id: "1188" }, { listsExtensions: false });
    const long = legOf({}, { listsExtensions: false });
    expect([known, unsure, long].map((leg) => leg?.party.kind)).toEqual([
      "trunk",
      "queue",
      "trunk",
    ]);
  });

  it("is named by it as polled, if nothing else names who polls", () => {
    const madeBy = (dn: string, type: string) =>
      legOf({ originated_by_dn: dn, originated_by_type: type })?.originatedBy;
    expect(madeBy("", "None")).toEqual({ dn: "800", kind: "queue" });
    expect(madeBy("ROUTER", "Wroutepoint")).toEqual({ dn: "800", kind: "queue" });
    expect(madeBy("820", "Wringgroup")).toEqual({ dn: "820", kind: "ringgroup" });
    expect(legOf({ originated_by_dn: "" }, { dn: "800" })?.originatedBy).toBeNull();
  });

  it.each([
    ["calls it", { legid: 1, status: "Connected" }, "101", "queue"],
    ["dials", { status: "Dialing" }, "101", "queue"],
    [
      "rings first, for a call to be made",
      { party_dn: "MakeCall", party_dn_type: "Wroutepoint", originated_by_dn: "" },
      "101",
      "routepoint",
    ],
    ["is the API client's own", {}, "app", "queue"],
    [
      "has the party's own number, which no list tells of",
      { party_dn: "830", party_dn_type: "Wringgroup", party_caller_id: "830" },
      "101",
      "ringgroup",
    ],
  ])("shows what it shows, if it %s", (_, more, dn, kind) => {
    expect(legOf(more, { dn })?.party.kind).toBe(kind);
  });
});
