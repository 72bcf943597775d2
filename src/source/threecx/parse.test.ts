/** The parsers against documented shapes, odd shapes and anything at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { participant } from "../../../test/support/wirePbx.ts";
import { didRules } from "./didRules.ts";
import { makeDirectory } from "./directory.ts";
import { kindOfType } from "./dnKind.ts";
import {
  type Knowledge,
  normaliseActiveCall,
  normaliseParticipant,
  partyOfText,
} from "./normalise.ts";
import {
  parseActiveCall,
  parseEntity,
  parseErrorText,
  parseFrame,
  parseParticipant,
  parseSnapshot,
  parseToken,
} from "./parse.ts";
import { timeOf } from "./values.ts";

const nothingKnown: Knowledge = {
  kindOf: () => null,
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => null,
  readName: (name) => ({ name, did: null }),
};
const knowing = (kinds: Readonly<Record<string, ReturnType<Knowledge["kindOf"]>>>): Knowledge => ({
  ...nothingKnown,
  kindOf: (dn) => kinds[dn] ?? null,
});

describe("frames", () => {
  it.each([
    [0, "upsert"],
    [1, "remove"],
    [2, "dtmf"],
    [3, "promptFinished"],
    [4, "response"],
    [5, "unknown"],
    [-1, "unknown"],
  ] as const)("reads event_type %i as %s", (eventType, kind) => {
    const entity = "/callcontrol/150/participants/8106";
    const text = JSON.stringify({ sequence: 15, event: { event_type: eventType, entity } });
    expect(parseFrame(text)).toMatchObject({ kind, sequence: 15, entity: { dn: "150", id: 8106 } });
  });

  it("reads PascalCase and numbers as text", () => {
    const text =
      '{"Sequence":"3","Event":{"EventType":"1","Entity":"/CALLCONTROL/150/Participants/7/"}}';
    expect(parseFrame(text)).toMatchObject({ kind: "remove", sequence: 3, entity: { id: 7 } });
  });

  it.each([
    ["/callcontrol/ada%20x/participants/5", { kind: "participant", dn: "ada x", id: 5 }],
    ["callcontrol/%E0%A4%A/participants/5", { kind: "participant", dn: "%E0%A4%A", id: 5 }],
    ["/callcontrol/100", { kind: "dn", dn: "100" }],
    ["/callcontrol/100/participants", { kind: "dn", dn: "100" }],
    ["/callcontrol/100/devices/sip%3A100%40127.0.0.1", { kind: "device", dn: "100" }],
    ["/callcontrol", null],
    ["/callcontrol/100/participants/x", null],
    ["/callcontrol/100/participants/5/stream", null],
    ["/xapi/100/participants/5", null],
    ["", null],
  ])("reads the path %s", (path, entity) => {
    expect(parseEntity(path)).toEqual(entity);
  });
});

describe("anything at all", () => {
  const json = fc.jsonValue();
  const hostile = fc.oneof(
    json,
    fc.record({ sequence: json, event: fc.record({ event_type: json, entity: json }) }),
    fc.array(fc.record({ dn: json, type: json, participants: fc.array(json), devices: json })),
    fc.record({ id: json, dn: json, callid: json, status: json, legid: json, party_dn: json }),
    fc.record({ Id: json, Caller: json, Callee: json, EstablishedAt: json }),
    fc.record({ access_token: json, expires_in: json }),
    fc.record({ value: json, error: json }),
  );
  it("never makes a parser throw", () => {
    fc.assert(
      fc.property(hostile, fc.string(), (value, text) => {
        parseFrame(JSON.stringify(value));
        parseFrame(text);
        parseEntity(text);
        parseErrorText(text);
        parseErrorText(JSON.stringify(value));
        parseToken(value);
        for (const info of parseSnapshot(value)?.dns ?? []) {
          for (const leg of info.participants) normaliseParticipant(leg, nothingKnown, null);
        }
        const leg = parseParticipant(value, { dn: "100", id: 1 });
        if (leg) normaliseParticipant(leg, nothingKnown, null);
        const call = parseActiveCall(value);
        if (call) normaliseActiveCall(call, nothingKnown, 0);
        partyOfText(text, nothingKnown);
      }),
    );
  });

  it("never makes the directory throw", () => {
    const row = fc.dictionary(
      fc.constantFrom(
        "Number",
        "Id",
        "Name",
        "Type",
        "TrunkDN",
        "RoutingRules",
        "DidNumbers",
        "Data",
      ),
      json,
    );
    const rows = fc.array(row);
    fc.assert(
      fc.property(rows, rows, rows, fc.string(), (Peers, Trunks, InboundRules, text) => {
        const directory = makeDirectory({ Peers, Trunks, InboundRules, DidNumbers: Trunks });
        directory.find(text);
        directory.didOf(text, text);
        directory.onlyDidOf(text);
        directory.readName(text, text);
      }),
    );
  });

  it("takes a good leg for what it is, whatever stands beside it", () => {
    fc.assert(
      fc.property(fc.array(json), fc.array(json), (before, after) => {
        const good = participant("100", 77);
        const others = (values: unknown[]) => values.filter((value) => !parseParticipant(value));
        const participants = [...others(before), good, ...others(after)];
        const parsed = parseSnapshot([...before, { dn: "100", participants }, ...after]);
        const infos = parsed?.dns.filter((info) => info.participants.some(({ id }) => id === 77));
        expect(infos?.[0]?.participants).toContainEqual(good);
      }),
    );
  });
});

describe("tokens", () => {
  it.each([
    [60, 3_600_000],
    [120, 7_200_000],
    [121, 121_000],
    [3600, 3_600_000],
    ["3600", 3_600_000],
    [0, 3_600_000],
    [null, 3_600_000],
  ])("expires_in %s is %i ms", (expires_in, lifeMs) => {
    expect(parseToken({ access_token: "abc", expires_in })?.lifeMs).toBe(lifeMs);
  });

  it.each([[""], [7], ["a\r\nb"], [undefined]])("takes no %j for a token", (access_token) => {
    expect(parseToken({ access_token })).toBeNull();
  });
});

describe("when a row of the list changed", () => {
  const changed = (more: object) => {
    const wire = parseActiveCall({ Id: 7, ...more });
    return wire && normaliseActiveCall(wire, nothingKnown, 1_000_000)?.changedAt;
  };

  it("is told by our clock where the row has the PBX's own", () => {
    const LastChangeStatus = "2026-05-04T08:00:09Z";
    expect(changed({ LastChangeStatus, ServerNow: "2026-05-04T08:00:30Z" })).toBe(979_000);
    expect(changed({ LastChangeStatus, ServerNow: "2026-05-04T08:00:01Z" })).toBe(1_000_000);
    expect(changed({ LastChangeStatus })).toBe(Date.UTC(2026, 4, 4, 8, 0, 9));
    expect(changed({})).toBeNull();
  });
});

describe("event types in words", () => {
  it.each([
    ["Upset", "upsert"],
    ["Upsert", "upsert"],
    ["Remove", "remove"],
    ["DTMFstring", "dtmf"],
  ])("%s is %s", (event_type, kind) => {
    const event = { event_type, entity: "/callcontrol/150/participants/1" };
    expect(parseFrame(JSON.stringify({ sequence: 1, event }))).toMatchObject({ kind });
  });

  it("that nobody knows are no frame", () => {
    const event = { event_type: "Zzz", entity: "/callcontrol/150/participants/1" };
    expect(parseFrame(JSON.stringify({ sequence: 1, event }))).toBeNull();
  });
});

describe("legs", () => {
  const legOf = (more: object, knowledge = nothingKnown, last: "ringing" | null = null) => {
    const before = last === null ? null : ({ status: last, dnKind: "unknown" } as const);
    const result = normaliseParticipant(participant("150", 1, more), knowledge, before);
    return result.kind === "leg" ? result.leg : result;
  };

  it.each([
    ["Dialing", "dialing"],
    ["RINGING", "ringing"],
    ["connected", "connected"],
    ["Hold", "connected"],
    ["Held", "connected"],
  ])("status %s is %s", (status, expected) => {
    expect(legOf({ status })).toMatchObject({ status: expected });
  });

  it("keeps the last status when the word is unknown, and has none to invent", () => {
    expect(legOf({ status: "Zzz" }, nothingKnown, "ringing")).toMatchObject({ status: "ringing" });
    expect(legOf({ status: "Zzz" })).toEqual({ kind: "unknownStatus", status: "Zzz" });
  });

  it("takes a DN of which nobody says what it is for an extension, if its leg is at a phone", () => {
    const kindAfter = (more: object, before: "extension" | "unknown") => {
      const wire = participant("150", 1, { device_id: "", ...more });
      const was = { status: "ringing", dnKind: before } as const;
      const result = normaliseParticipant(wire, nothingKnown, was);
      return result.kind === "leg" ? result.leg.dnKind : result.kind;
    };
    expect(kindAfter({ status: "Ringing" }, "unknown")).toBe("extension");
    expect(kindAfter({ status: "Connected" }, "extension")).toBe("extension");
    expect(kindAfter({ status: "Connected", device_id: "sip:150@127.0.0.1" }, "unknown")).toBe(
      "extension",
    );
    expect(kindAfter({ status: "Connected" }, "unknown")).toBe("unknown");
  });

  it("of an extension that a special menu takes at once, without a device, are its voicemail box's", () => {
    const knowledge = knowing({ "150": "extension" });
    const byMenu = { originated_by_dn: "150", originated_by_type: "Wspecialmenu", device_id: "" };
    const box = { ...byMenu, status: "Connected" };
    const kindOf = (more: object, before: "extension" | "specialmenu" | null) => {
      const was = before && ({ status: "connected", dnKind: before } as const);
      const result = normaliseParticipant(participant("150", 1, more), knowledge, was);
      return result.kind === "leg" ? result.leg.dnKind : result.kind;
    };
    expect([kindOf(box, null), kindOf(box, "specialmenu")]).toEqual(["specialmenu", "specialmenu"]);
    const others = [
      { ...box, device_id: "sip:150@127.0.0.1" },
      { ...byMenu, status: "Ringing" },
      { ...box, originated_by_type: "Wqueue" },
    ];
    expect(others.map((more) => kindOf(more, null))).toEqual(Array(3).fill("extension"));
    expect(kindOf(box, "extension")).toBe("extension");
  });

  it("leaves out a leg without a call, and a conference's own", () => {
    expect(legOf({ callid: 0 })).toEqual({ kind: "phantom" });
    expect(legOf({ dn: "700" }, knowing({ "700": "conference" }))).toEqual({ kind: "phantom" });
    expect(legOf({ dn: "SP0" })).toMatchObject({ dnKind: "parking" });
  });

  it.each([
    ["10007", "Wexternalline", {}, "trunk"],
    ["10007", "None", {}, "trunk"],
    ["9999", "None", {}, "unknown"],
    ["5000", "None", { "5000": "trunk" }, "trunk"],
    ["10007", "None", { "10007": "extension" }, "extension"],
    ["666", "Wspecialmenu", {}, "specialmenu"],
    ["820", "WRINGGROUP", {}, "ringgroup"],
    ["SP3", "None", {}, "parking"],
    ["SP3", "Wparkextension", {}, "parking"],
    ["102", "Wnovelty", {}, "other"],
    ["102", "Wnovelty", { "102": "queue" }, "queue"],
    ["", "None", {}, "unknown"],
  ] as const)("party %s of type %s, with %j known, is %s", (dn, type, kinds, kind) => {
    const shown = { party_dn: dn, party_dn_type: type, party_caller_id: dn };
    expect(legOf(shown, knowing(kinds))).toMatchObject({
      party: { dn, kind },
    });
  });

  it("says when a leg's own DN made it", () => {
    expect(legOf({ originated_by_dn: "150", originated_by_type: "Wextension" })).toMatchObject({
      originatedBy: { dn: "150" },
    });
  });

  it("takes the trunk's only rule for who came in, not for who dials out", () => {
    const knowledge = {
      ...nothingKnown,
      onlyDidOf: () => ({ number: "420222000100", ruleName: "Main" }),
    };
    expect(legOf({}, knowledge)).toMatchObject({ did: { ruleName: "Main" } });
    expect(legOf({ status: "Dialing", legid: 1 }, knowledge)).toMatchObject({ did: null });
    expect(legOf({ status: "Connected", legid: 1 }, knowledge)).toMatchObject({ did: null });
    expect(legOf({ party_dn: "102", party_dn_type: "Wextension" }, knowledge)).toMatchObject({
      did: null,
    });
  });
});

describe("active calls", () => {
  it.each([
    ["10007 MyTrunk (420777000001)", "10007", "trunk", "MyTrunk", "420777000001"],
    [
      "10007 My (old) Trunk (+420 777 000 001)",
      "10007",
      "trunk",
      "My (old) Trunk",
      "+420 777 000 001",
    ],
    ["10007 MyTrunk (anonymous)", "10007", "trunk", "MyTrunk", "anonymous"],
    ["10007 (420777000001)", "10007", "trunk", "", "420777000001"],
    ["150 Novak Jan", "150", "unknown", "Novak Jan", ""],
    ["150 Novak Jan (Sales)", "150", "unknown", "Novak Jan (Sales)", ""],
    ["MakeCall", "MakeCall", "unknown", "", ""],
    ["SP0 Parking", "SP0", "parking", "Parking", ""],
    ["ROUTER", "ROUTER", "routepoint", "", ""],
    ["VoiceMail of 105 Novak Jan", "VoiceMail", "specialmenu", "of 105 Novak Jan", ""],
    ["", "", "unknown", "", ""],
  ])("reads %j", (text, dn, kind, name, number) => {
    expect(partyOfText(text, nothingKnown)).toEqual({ dn, kind, name, number });
  });

  it.each([
    ["420222000100", "", { number: "420222000100", ruleName: "Main" }],
    ["420777000001", "420777000001", null],
  ])(
    "takes %s in a caller's brackets for who calls, unless it is a DID of ours",
    (told, number, did) => {
      const knowledge: Knowledge = {
        ...nothingKnown,
        isOwnDid: (one) => one === "420222000100",
        didOf: (one) => ({ number: one, ruleName: "Main" }),
      };
      const wire = parseActiveCall({
        Id: 7,
        Caller: `10007 MyTrunk (${told})`,
        Callee: "801 Menu",
      });
      expect(wire && normaliseActiveCall(wire, knowledge, 0)).toMatchObject({
        caller: { dn: "10007", kind: "trunk", number },
        did,
      });
    },
  );

  it("reads times as UTC and .NET's year 1 as none", () => {
    const at = Date.UTC(2026, 4, 4, 8, 0, 1);
    expect(timeOf("2026-05-04T08:00:01Z")).toBe(at);
    expect(timeOf("2026-05-04T08:00:01.0000000")).toBe(at);
    expect(timeOf("2026-05-04T10:00:01+02:00")).toBe(at);
    expect(timeOf("0001-01-01T00:00:00Z")).toBeNull();
    expect(timeOf("soon")).toBeNull();
  });
});

describe("DID rules", () => {
  const rule = (id: string, name: string, data: string, trunk = "") => ({ id, name, data, trunk });
  const rules = didRules(
    [
      rule("1", "Main", "+420222000100", "10007"),
      rule("2", "Branch", "*000200", "10008"),
      rule("3", "Any of ours", "4202*"),
      rule("4", "Main of 8", "420222000100", "10008"),
      rule("5", "Vienna", "+4315321234", "10011"),
    ],
    new Map([
      ["10009", ["420222000999"]],
      ["10008", ["420222000200", "420222000100"]],
    ]),
  );
  it.each([
    ["420222000100", "10007", "Main"],
    ["+420222000100", "10008", "Main of 8"],
    ["420222000200", "10007", "Branch"],
    ["420222000300", "10007", "Any of ours"],
    ["00420222000100", "10007", "Main"],
    ["222000100", "10007", "Main"],
    ["015321234", "10011", "Vienna"],
    ["000100", "10007", ""],
    ["421900000000", "10007", ""],
  ])("routes %s on trunk %s by %j", (number, trunk, ruleName) => {
    expect(rules.ofNumber(number, trunk)).toEqual({ number: number.replace("+", ""), ruleName });
  });

  it("knows the only rule of a trunk, by the rule's trunk or by the trunk's numbers", () => {
    expect(rules.onlyOf("10007")).toEqual({ number: "420222000100", ruleName: "Main" });
    expect(rules.onlyOf("10008")).toBeNull();
    expect(rules.onlyOf("10009")).toEqual({ number: "420222000999", ruleName: "Any of ours" });
    expect(rules.onlyOf("10001")).toBeNull();
  });
});

it("knows the kinds of both vocabularies", () => {
  const words = ["Wextension", "wivr", "IVR", "Wexternalline", "ExternalLine", "Wfaxextension"];
  expect(words.map(kindOfType)).toEqual(["extension", "ivr", "ivr", "trunk", "trunk", "fax"]);
  expect(["None", "", "Wconferenceplaceextension", "Wroutepoint"].map(kindOfType)).toEqual([
    null,
    null,
    "conference",
    "routepoint",
  ]);
});
