/** Names that the PBX puts before a caller's: taken off, and read as the DID where they tell it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { participant } from "../../../test/support/wirePbx.ts";
import { makeDirectory } from "./directory.ts";
import { type Knowledge, normaliseParticipant } from "./normalise.ts";
import type { WireParticipant } from "./wire.ts";

const rule = (Id: number, RuleName: string, Data: string, trunk: string) => ({
  ...{ Id, RuleName, Data, Condition: "BasedOnDID" },
  TrunkDN: { Number: trunk },
});
const directory = makeDirectory({
  Peers: [
    { Number: "800", Name: "Support", Type: "Queue" },
    { Number: "820", Name: "Night: late", Type: "RingGroup" },
    { Number: "830", Name: "", Type: "Queue" },
    { Number: "101", Name: "Reception", Type: "Extension" },
  ],
  Trunks: [{ Id: 8, Number: "10008", DidNumbers: ["420333000100", "420333000200"] }],
  InboundRules: [
    rule(1, "Main line", "420222000100", "10007"),
    rule(2, "Sales", "420222000200", "10007"),
    rule(3, "Sales: abroad", "420222000300", "10007"),
    rule(4, "Twice", "420222000400", "10007"),
    rule(5, "Twice", "420222000500", "10007"),
    rule(6, "Branch", "*0100", "10008"),
    rule(7, "Others", "*0200", "10008"),
  ],
});
const knowing: Knowledge = {
  kindOf: (dn) => directory.find(dn)?.kind ?? null,
  didOf: directory.didOf,
  onlyDidOf: directory.onlyDidOf,
  readName: directory.readName,
};

function legOf(more: Partial<WireParticipant>) {
  const normalised = normaliseParticipant(participant("101", 1, more), knowing, null);
  return normalised.kind === "leg" ? normalised.leg : null;
}

const mainLine = { number: "420222000100", ruleName: "Main line" };

describe("names before a caller's name", () => {
  it.each([
    ["Main line:Novak Jan", "Novak Jan", mainLine],
    ["Main line: Novak Jan", "Novak Jan", mainLine],
    ["Main line:", "", mainLine],
    ["Support:Main line:Novak Jan", "Novak Jan", mainLine],
    ["Support:Novak Jan", "Novak Jan", null],
    ["Night: late:Novak: Jan", "Novak: Jan", null],
    ["Twice:Novak Jan", "Novak Jan", null],
    ["Branch:Novak Jan", "Novak Jan", null],
    ["Sales:Novak Jan", "Novak Jan", { number: "420222000200", ruleName: "Sales" }],
    // It may be the rule "Sales" and a caller called "abroad".
    ["Sales: abroad:Novak Jan", "Novak Jan", null],
    ["Reception:Novak Jan", "Reception:Novak Jan", null],
    ["main line:Novak Jan", "main line:Novak Jan", null],
    ["Main line", "Main line", null],
    ["Dr: Novak", "Dr: Novak", null],
    [":Novak", ":Novak", null],
    ["", "", null],
  ])("%j is %j", (told, name, did) => {
    expect(legOf({ party_caller_name: told })).toMatchObject({ party: { name }, did });
  });

  it("tell a rule of their own trunk only", () => {
    expect(legOf({ party_dn: "10008", party_caller_name: "Branch:Novak Jan" })).toMatchObject({
      party: { name: "Novak Jan" },
      did: { number: "420333000100", ruleName: "Branch" },
    });
  });

  it("tell nothing beside a DID, of who dials out, and of colleagues", () => {
    const named = { party_caller_name: "Sales:Novak Jan" };
    expect(legOf({ ...named, party_did: "420222000100" })).toMatchObject({
      party: { name: "Novak Jan" },
      did: mainLine,
    });
    expect(legOf({ ...named, status: "Dialing", legid: 1 })?.did).toBeNull();
    const inside = legOf({ ...named, party_dn: "102", party_dn_type: "Wextension" });
    expect(inside).toMatchObject({ party: { name: "Sales:Novak Jan" }, did: null });
  });

  it("leave names alone that begin with nothing known", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(?:Main line|Sales|Twice|Branch|Others|Support|Night)/.test(text));
        expect(directory.readName(text, "10007")).toEqual({ name: text, did: null });
      }),
    );
  });
});
