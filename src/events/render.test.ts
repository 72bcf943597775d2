import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answered, dialing, ended, missed, ringing } from "../../test/support/callEvents.ts";
import type { CallEvent, Field, ProfileName, UserKind } from "./event.ts";
import { encodeJson, extendQuery, formEncode, profileSends, renderFields } from "./render.ts";

const events: readonly CallEvent[] = [
  ringing(),
  dialing(),
  answered(),
  answered({ direction: "outgoing" }),
  ended(),
  ended({ direction: "outgoing" }),
];
const profileNames: readonly ProfileName[] = ["classic", "current", "k2m"];

function names(event: CallEvent, profile: ProfileName, method: "POST" | "GET"): string {
  return renderFields(event, { profile, method })
    .map(([name]) => name)
    .join(" ");
}

function fieldOf(event: CallEvent, profile: ProfileName, name: string): string | undefined {
  return renderFields(event, { profile, method: "POST" })
    .find(([field]) => field === name)?.[1]
    ?.toString();
}

const details = "chid inbound_did sip_displayname phonebook call_id1 call_id2";
const currentEnd =
  "event callerid user finishtype transfer breakside did title id " +
  `${details} termination_reason_details source_presentation`;
const classicEnd = "event callerid user finishtype transfer did title id";
const k2mAnswered = "Event Callerid User Trtype Did Id";
const k2mEnded = "Event Callerid User Finishtype Transfer Did Duration Id";

/** docs/contract.md §3 and §7, in the order of `events`: POST, then GET. */
const documentedOrder: Readonly<Record<ProfileName, readonly (readonly [string, string])[]>> = {
  classic: [
    ["event callerid user usertype did id", "event callerid user usertype did id"],
    ["event callerid user id", "event callerid user id"],
    ["callerid event user usertype did trtype id", "event callerid user did trtype id"],
    ["callerid event user did trtype id", "event callerid user did trtype id"],
    ["event callerid user usertype finishtype transfer did title id", classicEnd],
    [classicEnd, classicEnd],
  ],
  current: [
    [
      `event callerid user usertype did id ${details}`,
      `event callerid user usertype did id ${details}`,
    ],
    [`event callerid user id ${details}`, `event callerid user id ${details}`],
    [
      `callerid event user did trtype id ${details}`,
      `event callerid user did trtype id ${details}`,
    ],
    [
      `callerid event user did trtype id ${details}`,
      `event callerid user did trtype id ${details}`,
    ],
    [currentEnd, currentEnd],
    [currentEnd, currentEnd],
  ],
  k2m: [
    ["Event Callerid User Usertype Did Id", "Event Callerid User Usertype Did Id"],
    ["", ""],
    [k2mAnswered, k2mAnswered],
    [k2mAnswered, k2mAnswered],
    [k2mEnded, k2mEnded],
    [k2mEnded, k2mEnded],
  ],
};

describe("the order of the fields", () => {
  it.each(profileNames)("of profile %s is the contract's", (profile) => {
    const orders = events.map((event) => [
      names(event, profile, "POST"),
      names(event, profile, "GET"),
    ]);
    expect(orders).toEqual(documentedOrder[profile]);
  });
});

describe("the names of the events", () => {
  it.each<[ProfileName, string, readonly (string | undefined)[]]>([
    [
      "classic",
      "event",
      ["ringing", "dialing", "hangupincoming", "hangupoutgoing", "incoming", "outgoing"],
    ],
    [
      "current",
      "event",
      ["ringing", "dialing", "pickupincoming", "pickupoutgoing", "incoming", "outgoing"],
    ],
    [
      "k2m",
      "Event",
      [
        "ringing",
        undefined,
        "incomingcall_started",
        "outgoingcall_started",
        "incoming",
        "outgoing",
      ],
    ],
  ])("of profile %s", (profile, field, expected) => {
    expect(events.map((event) => fieldOf(event, profile, field))).toEqual(expected);
  });
});

describe("values", () => {
  it.each<[UserKind, string]>([
    ["extension", "ext"],
    ["queue", "queue"],
    ["ivr", "other"],
    ["ringgroup", "other"],
    ["other", "other"],
  ])("the usertype of %s is %s", (userKind, usertype) => {
    expect(fieldOf(ringing({ userKind }), "classic", "usertype")).toBe(usertype);
    expect(fieldOf(missed({ userKind }), "classic", "usertype")).toBe(usertype);
    expect(fieldOf(ringing({ userKind }), "k2m", "Usertype")).toBe(usertype);
  });

  it.each([
    ["NotDef", "NotDef"],
    ["Blind", "Blind"],
    ["Accomp", "Attended"],
  ] as const)("trtype %s is %s in k2m", (transferType, word) => {
    const event = answered({ transferType });
    expect(fieldOf(event, "classic", "trtype")).toBe(transferType);
    expect(fieldOf(event, "current", "trtype")).toBe(transferType);
    expect(fieldOf(event, "k2m", "Trtype")).toBe(word);
  });

  it("says transfer as .NET writes a Boolean", () => {
    expect(fieldOf(ended({ transferred: true }), "classic", "transfer")).toBe("True");
    expect(fieldOf(ended({ transferred: false }), "classic", "transfer")).toBe("False");
    expect(fieldOf(ended({ transferred: true }), "k2m", "Transfer")).toBe("True");
  });

  it("pads k2m's duration, and gives none to a missed call", () => {
    expect(fieldOf(ended({ talkMs: 6_400 }), "k2m", "Duration")).toBe("00:06");
    expect(fieldOf(ended({ talkMs: 4_503_000 }), "k2m", "Duration")).toBe("75:03");
    expect(fieldOf(missed(), "k2m", "Duration")).toBe("00:00");
  });

  it("tells in current the DID called and who calls, and for outgoing ends the number dialled", () => {
    const call = { didNumber: "381213220030", displayName: "Novak Jan" };
    expect(fieldOf(ringing(call), "current", "inbound_did")).toBe("381213220030");
    expect(fieldOf(ringing(call), "current", "sip_displayname")).toBe("Novak Jan");
    const out = { direction: "outgoing", displayName: "Novak Jan" } as const;
    expect(fieldOf(dialing(out), "current", "inbound_did")).toBe("");
    expect(fieldOf(answered(out), "current", "inbound_did")).toBe("");
    expect(fieldOf(ended(out), "current", "inbound_did")).toBe("420774852629");
    expect(fieldOf(ended(out), "current", "sip_displayname")).toBe("");
    expect(fieldOf(ended({ breakSide: "Internal" }), "current", "breakside")).toBe("Internal");
  });

  it("carries one id and one chid through the events of a call", () => {
    const ids = events.map((event) => fieldOf(event, "current", "id"));
    expect(new Set(ids)).toEqual(new Set(["230115121143_9-0"]));
    expect(new Set(events.map((event) => fieldOf(event, "current", "chid"))).size).toBe(1);
  });
});

describe("ringing of an outgoing call, after a transfer", () => {
  it.each(profileNames)("has the fields of any ringing in %s", (profile) => {
    const event = ringing({ direction: "outgoing", did: "", displayName: "Novak Jan" });
    expect(names(event, profile, "POST")).toBe(names(ringing(), profile, "POST"));
    expect(fieldOf(event, profile, profile === "k2m" ? "Did" : "did")).toBe("");
  });
});

describe("opt-in events", () => {
  const { kind: _ringing, ...facts } = ringing({ did: "DID-1", id: "230115121143_9-2" });
  const ringstop = { ...facts, kind: "ringstop", reason: "elsewhere" } as const;
  const callsummary = {
    ...facts,
    kind: "callsummary",
    finish: "Ok",
    links: 2,
    users: ["102", "103"],
    ringMs: 3_999,
    waitMs: 5_000,
    talkMs: 31_500,
    abandonedAt: "",
  } as const;

  it.each(profileNames)("are the same in every profile: %s", (profile) => {
    for (const method of ["POST", "GET"] as const) {
      expect(renderFields(ringstop, { profile, method })).toEqual([
        ["event", "ringstop"],
        ["callerid", "420774852629"],
        ["user", "102"],
        ["usertype", "ext"],
        ["reason", "elsewhere"],
        ["did", "DID-1"],
        ["id", "230115121143_9-2"],
      ]);
      expect(renderFields(callsummary, { profile, method })).toEqual([
        ["event", "callsummary"],
        ["direction", "incoming"],
        ["callerid", "420774852629"],
        ["did", "DID-1"],
        ["finishtype", "Ok"],
        ["links", "2"],
        ["users", "102,103"],
        ["ringseconds", "3"],
        ["waitseconds", "5"],
        ["talkseconds", "31"],
        ["abandonedat", ""],
        ["start", "2023-01-15T11:11:43.000Z"],
        ["end", "2023-01-15T11:11:44.000Z"],
        ["id", "230115121143_9"],
      ]);
    }
  });
});

describe("what is of recordings and of no call", () => {
  const facts = { ...ended(), link: 2 };
  const files = ["https://pbx.example/webapi/recording/230115121143_9-2-1.mp3?sig=a"];
  const recording = { ...facts, kind: "recording", files, ended: facts } as const;

  it("repeats the fields of the end event as the endpoint got it, after FILES", () => {
    for (const profile of ["classic", "current"] as const) {
      for (const method of ["POST", "GET"] as const) {
        expect(renderFields(recording, { profile, method })).toEqual([
          ["FILES", files],
          ...renderFields(facts, { profile, method }),
        ]);
      }
    }
    const style = { profile: "classic", method: "POST", recordingFullInfo: false } as const;
    expect(encodeJson(renderFields(recording, style))).toBe(JSON.stringify({ FILES: files }));
  });

  it("has a body of its own in k2m", () => {
    const style = { profile: "k2m", method: "POST" } as const;
    expect(renderFields(recording, style)).toEqual([
      ["Event", "recording"],
      ["FileUrls", files],
      ["Callerid", facts.callerid],
      ["User", facts.user],
      ["Id", "230115121143_9-2"],
    ]);
    expect(renderFields(recording, { ...style, recordingFullInfo: false })).toEqual([
      ["FileUrls", files],
    ]);
  });

  it.each(profileNames)("is the same in every profile otherwise: %s", (profile) => {
    const style = { profile, method: "POST" } as const;
    const none = { ...facts, kind: "norecording", reason: "none" } as const;
    expect(renderFields(none, style)).toEqual([
      ["event", "norecording"],
      ["user", facts.user],
      ["id", "230115121143_9-2"],
      ["reason", "none"],
    ]);
    const text = { summary: "s", transcription: "t", sentimentScore: "4" };
    expect(renderFields({ ...facts, kind: "ai", ...text }, style)).toEqual([
      ["event", "ai"],
      ["id", "230115121143_9-2"],
      ["summary", "s"],
      ["transcription", "t"],
      ["sentiment_score", "4"],
    ]);
    const gap = {
      kind: "gap",
      eventId: "e",
      pbx: "main",
      callId: "",
      at: 2000,
      fromAt: 1000,
      toAt: 2000,
      reason: "disconnected",
    } as const;
    expect(renderFields(gap, style)).toEqual([
      ["event", "gap"],
      ["pbx", "main"],
      ["from", "1970-01-01T00:00:01.000Z"],
      ["to", "1970-01-01T00:00:02.000Z"],
      ["reason", "disconnected"],
    ]);
    expect(profileSends(profile, gap)).toBe(true);
    expect(profileSends(profile, recording)).toBe(true);
  });
});

describe("profileSends", () => {
  it("is true exactly where fields are rendered", () => {
    for (const profile of profileNames) {
      for (const event of events) {
        const sends = profileSends(profile, event);
        expect(sends).toBe(renderFields(event, { profile, method: "POST" }).length > 0);
        expect(sends).toBe(!(profile === "k2m" && event.kind === "dialing"));
      }
    }
  });
});

const fieldName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,11}$/);
const fields = fc.uniqueArray(fc.tuple(fieldName, fc.string({ unit: "binary" })), {
  selector: ([name]) => name,
  minLength: 1,
  maxLength: 12,
});

describe("encodeJson", () => {
  it("keeps fields, order and values", () => {
    fc.assert(
      fc.property(fields, (given) => {
        expect(Object.entries(JSON.parse(encodeJson(given)))).toEqual(given);
      }),
    );
  });

  it("is compact, keeps empty values and always has a form in UTF-8", () => {
    expect(encodeJson([["did", ""]])).toBe('{"did":""}');
    expect(encodeJson([["title", "\ud83d!"]])).toBe('{"title":"\ufffd!"}');
  });
});

describe("fields in a query", () => {
  const inQuery = (url: string, fields: readonly Field[]) => extendQuery(url, formEncode(fields));

  const did: readonly Field[] = [
    ["event", "ringing"],
    ["did", ""],
  ];

  it.each([
    ["http://crm.test", "http://crm.test?event=ringing&did="],
    ["http://crm.test/in", "http://crm.test/in?event=ringing&did="],
    ["http://crm.test/in?", "http://crm.test/in?event=ringing&did="],
    ["http://crm.test/in?key=a%2fb+'", "http://crm.test/in?key=a%2fb+'&event=ringing&did="],
    ["http://crm.test/in?key=1&", "http://crm.test/in?key=1&event=ringing&did="],
    ["http://crm.test/in?key=1#top?x", "http://crm.test/in?key=1&event=ringing&did="],
  ])("to %s gives %s", (url, expected) => {
    expect(inQuery(url, did)).toBe(expected);
  });

  it("encodes as RFC 3986 says", () => {
    expect(inQuery("/", [["t", "a b+c&d=e'(0:07)*!\\č"]])).toBe(
      "/?t=a%20b%2Bc%26d%3De%27%280%3A07%29%2A%21%5C%C4%8D",
    );
    expect(inQuery("/", [["t", "-._~Az09\ud800"]])).toBe("/?t=-._~Az09%EF%BF%BD");
  });

  it("adds nothing where there is nothing", () => {
    expect(inQuery("http://crm.test/in?key=1", [])).toBe("http://crm.test/in?key=1");
  });

  it("reads back as it was, behind the URL's own parameters, and URL parsers leave it alone", () => {
    const own = fc.constantFrom("", "?", "?key=%2f", "?a=1&b=%20&");
    fc.assert(
      fc.property(own, fields, (query, given) => {
        const url = inQuery(`http://crm.test/in${query}`, given);
        expect(url.startsWith(`http://crm.test/in${query}`)).toBe(true);
        const parsed = new URL(url);
        expect(parsed.href).toBe(url);
        expect([...parsed.searchParams].slice(-given.length)).toEqual(given);
      }),
    );
  });
});
