/**
 * A real call of three conversations, as the PBX's own log had it: 27 hops of one call, its legs replayed as the PBX
 * would have shown them, through the normaliser into the tracker. What is told is what the contract makes of it
 * (docs/contract.md §2-§3): a hand-over's ringing carries the next link already, seconds are cut.
 */
import { describe, expect, it } from "vitest";
import {
  type Knowledge,
  normaliseActiveCall,
  normaliseParticipant,
} from "../src/source/threecx/normalise.ts";
import type { WireParticipant } from "../src/source/threecx/wire.ts";
import type { Leg } from "../src/tracker/activity.ts";
import { Phone } from "./support/phone.ts";

/** Times of the log are minutes and seconds of one hour. */
function timeOf(text: string): number {
  const [minutes = "", seconds = ""] = text.split(":");
  return Date.UTC(2026, 1, 24, 9, Number(minutes), 0) + Math.round(Number(seconds) * 1_000);
}

interface Hop {
  readonly row: number;
  readonly dn: string;
  readonly type: "Wextension" | "Wqueue" | "Wroutepoint" | "Wringgroup";
  readonly from: string;
  /** Menus, queues and scripts "answer" within milliseconds. */
  readonly answered?: string;
  readonly to: string;
  readonly by?: readonly [dn: string, type: string];
  readonly referredBy?: string;
  readonly onBehalfOf?: string;
}

const byQueue = (dn: string) => ({ type: "Wextension", by: [dn, "Wqueue"] }) as const;
const byRouter = { by: ["ROUTER", "Wroutepoint"] } as const;

/**
 * Rows 0-8, 10, 13, 18, 20 and 23 are the log's; the others, of which it only says "the same again" or which lie
 * between, are filled in alike: losers of the same polling, and the second way to queue 993.
 */
const hops: readonly Hop[] = [
  { row: 0, dn: "ROUTER", type: "Wroutepoint", from: "41:57.554", to: "41:57.568" },
  script(1, "reception", "41:57.568", "41:58.118"),
  { row: 2, dn: "900", type: "Wqueue", ...queueTime("41:58.108", "41:58.118", "42:04.608") },
  { row: 3, dn: "106", ...byQueue("900"), from: "41:58.126", to: "42:04.611" },
  phone(4, "100", "900", "41:58.127", "42:04.608", "43:02.085"),
  { row: 5, dn: "162", type: "Wextension", from: "43:01.979", to: "43:02.005", referredBy: "100" },
  { row: 6, dn: "484", type: "Wringgroup", from: "43:02.005", to: "43:02.056" },
  script(7, "overflow", "43:02.056", "43:02.686"),
  { row: 8, dn: "993", type: "Wqueue", ...queueTime("43:02.597", "43:02.686", "43:17.196") },
  { row: 9, dn: "163", ...byQueue("993"), from: "43:02.698", to: "43:17.200" },
  phone(10, "139", "993", "43:02.699", "43:17.196", "44:11.552"),
  { row: 11, dn: "140", ...byQueue("993"), from: "43:02.700", to: "43:08.100" },
  { row: 12, dn: "140", ...byQueue("993"), from: "43:09.000", to: "43:17.201" },
  { row: 13, dn: "162", type: "Wextension", from: "44:11.526", to: "44:11.560", referredBy: "139" },
  { row: 14, dn: "484", type: "Wringgroup", from: "44:11.560", to: "44:11.600" },
  script(15, "overflow", "44:11.600", "44:12.220"),
  { row: 16, dn: "993", type: "Wqueue", ...queueTime("44:12.130", "44:12.220", "44:40.912") },
  { row: 17, dn: "140", ...byQueue("993"), from: "44:12.230", to: "44:20.000" },
  { row: 18, dn: "163", ...byQueue("993"), from: "44:12.231", to: "44:14.400" },
  { row: 19, dn: "141", ...byQueue("993"), from: "44:12.232", to: "44:40.915" },
  { row: 20, dn: "139", ...byQueue("993"), from: "44:12.233", to: "44:27.085" },
  { row: 21, dn: "163", ...byQueue("993"), from: "44:15.300", to: "44:22.000" },
  { row: 22, dn: "163", ...byQueue("993"), from: "44:23.000", to: "44:40.916" },
  { ...phone(23, "162", "993", "44:27.085", "44:40.912", "46:41.836"), onBehalfOf: "139" },
  { row: 24, dn: "140", ...byQueue("993"), from: "44:21.000", to: "44:25.000" },
  { row: 25, dn: "140", ...byQueue("993"), from: "44:26.000", to: "44:30.000" },
  { row: 26, dn: "140", ...byQueue("993"), from: "44:31.000", to: "44:40.917" },
];

function script(row: number, dn: string, from: string, to: string): Hop {
  return { row, dn, type: "Wroutepoint", from, answered: from, to, ...byRouter };
}

function queueTime(from: string, answered: string, to: string) {
  return { from, answered, to, ...byRouter };
}

function phone(row: number, dn: string, queue: string, from: string, answered: string, to: string) {
  return { row, dn, ...byQueue(queue), from, answered, to };
}

const kinds = { Wextension: "extension", Wqueue: "queue" } as const;
const queues = new Set(["900", "993"]);
const knowledge: Knowledge = {
  kindOf: (dn) => (queues.has(dn) ? kinds.Wqueue : /^\d{3}$/.test(dn) ? kinds.Wextension : null),
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => ({ number: "420222000100", ruleName: "Main line" }),
  readName: (name) => ({ name, did: null }),
};

function participant(hop: Hop, status: string): WireParticipant {
  const [by = "", byType = "None"] = hop.by ?? [];
  return {
    id: 8_000 + hop.row,
    status,
    dn: hop.dn,
    party_caller_name: "",
    party_dn: "10007",
    party_caller_id: "+420777000001",
    party_did: "",
    device_id: hop.type === "Wextension" ? `sip:${hop.dn}@127.0.0.1:5483` : "",
    party_dn_type: "Wexternalline",
    direct_control: false,
    originated_by_dn: by,
    originated_by_type: byType,
    // The engine keeps it while the phone rings.
    referred_by_dn: status === "Ringing" ? (hop.referredBy ?? "") : "",
    referred_by_type: hop.referredBy ? "Wextension" : "None",
    on_behalf_of_dn: hop.onBehalfOf ?? "",
    on_behalf_of_type: hop.onBehalfOf ? "Wextension" : "None",
    callid: 1264,
    legid: hop.row + 1,
  };
}

function legOf(hop: Hop, status: string): Leg {
  const normalised = normaliseParticipant(participant(hop, status), knowledge, null);
  if (normalised.kind !== "leg") throw new Error(`Expected a leg, got ${normalised.kind}.`);
  return normalised.leg;
}

/** What the PBX showed when: `list` where a client asked it for the call's row. */
type Frame = readonly [at: number, show: (phone: Phone) => void];

function framesOf(hop: Hop): Frame[] {
  const { legId } = legOf(hop, "Connected");
  const show = (status: string) => (phone: Phone) =>
    phone.feed({ kind: "legChanged", at: phone.at, leg: legOf(hop, status) });
  const frames: Frame[] = [[timeOf(hop.from), show("Ringing")]];
  if (hop.answered !== undefined) frames.push([timeOf(hop.answered), show("Connected")]);
  frames.push([timeOf(hop.to), (phone) => phone.gone(legId)]);
  return frames;
}

/** The list's row, whenever it is asked for: the hop that began last. */
function answerList(phone: Phone): void {
  const now = hops.filter(({ from, to }) => timeOf(from) <= phone.at && phone.at < timeOf(to));
  const hop = now.toSorted((a, b) => timeOf(a.from) - timeOf(b.from)).at(-1);
  const wire = {
    Id: 1264,
    Caller: "10007 MyTrunk (+420777000001)",
    Callee: `${hop?.dn ?? ""} Somebody`,
    Status: "Routing",
    LastChangeStatus: new Date(hop ? timeOf(hop.from) : phone.at).toISOString(),
    EstablishedAt: new Date(timeOf("41:57.554")).toISOString(),
    ServerNow: new Date(phone.at).toISOString(),
  };
  const row = normaliseActiveCall(wire, knowledge, phone.at);
  phone.list(...(hop && row ? [row] : []));
}

function replay(visible: (hop: Hop) => boolean, xapi: boolean): Phone {
  const phone = new Phone({ timezone: "UTC" });
  phone.at = timeOf("41:57.560");
  if (xapi) answerList(phone);
  const frames = hops.filter(visible).flatMap(framesOf);
  for (const [at, show] of frames.toSorted(([a], [b]) => a - b)) {
    while (phone.at < at) {
      const { asks } = phone;
      phone.pass(Math.min(50, at - phone.at));
      if (phone.asks > asks) xapi ? answerList(phone) : phone.noList();
    }
    const { asks } = phone;
    show(phone);
    if (phone.asks > asks) xapi ? answerList(phone) : phone.noList();
  }
  phone.pass(5_000);
  return phone;
}

const conversations = [
  "answered 100 -1 NotDef",
  "ended 100 -1 Ok passed on",
  "answered 139 -2 Blind",
  "ended 139 -2 Ok passed on",
  "answered 162 -3 Blind",
  "ended 162 -3 Ok",
];

describe("a real call of 27 hops and three conversations", () => {
  it("has 27 hops", () => {
    expect(hops.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual([...Array(27).keys()]);
  });

  it("is told as three links, each hand-over's ringing under the next", () => {
    const phone = replay(({ type }) => type === "Wextension" || type === "Wqueue", true);
    const told = phone.told();
    expect(told.filter((line) => !line.startsWith("ringing"))).toEqual(conversations);
    const until = (line: string) => told.slice(0, told.indexOf(line));
    expect(until("answered 100 -1 NotDef")).toEqual([
      "ringing 900 -0",
      "ringing 106 -0",
      "ringing 100 -0",
    ]);
    const second = told.slice(told.indexOf("answered 100 -1 NotDef") + 1);
    expect(second.slice(0, second.indexOf("answered 139 -2 Blind"))).toEqual([
      "ringing 162 -2",
      "ended 100 -1 Ok passed on",
      "ringing 993 -2",
      "ringing 163 -2",
      "ringing 139 -2",
      "ringing 140 -2",
      "ringing 140 -2",
    ]);
    const third = told.slice(told.indexOf("answered 139 -2 Blind") + 1);
    expect(third.slice(0, third.indexOf("answered 162 -3 Blind"))).toEqual([
      "ringing 162 -3",
      "ended 139 -2 Ok passed on",
      "ringing 993 -3",
      ...["140", "163", "141", "139"].map((agent) => `ringing ${agent} -3`),
      "ringing 163 -3",
      "ringing 140 -3",
      "ringing 163 -3",
      "ringing 140 -3",
      "ringing 162 -3",
      "ringing 140 -3",
    ]);
  });

  it("has the log's times: durations to the millisecond, one id, the caller and the DID", () => {
    const phone = replay(({ type }) => type === "Wextension" || type === "Wqueue", true);
    const ends = phone.events.flatMap((event) => (event.kind === "ended" ? [event] : []));
    expect(ends.map(({ user, talkMs }) => [user, talkMs])).toEqual([
      ["100", 57_477],
      ["139", 54_356],
      ["162", 120_924],
    ]);
    expect(new Set(phone.events.map(({ callId }) => callId))).toEqual(
      new Set(["260224094157_1264"]),
    );
    for (const event of phone.events) {
      expect(event).toMatchObject({ callerid: "420777000001", did: "Main line" });
    }
  });

  it("has the same conversations whatever can be seen, and without the list of active calls", () => {
    for (const xapi of [true, false]) {
      for (const types of [["Wextension"], ["Wextension", "Wqueue", "Wringgroup", "Wroutepoint"]]) {
        const phone = replay(({ type }) => types.includes(type), xapi);
        const told = phone.told().filter((line) => !line.startsWith("ringing"));
        expect(told, `${types.join()} ${xapi}`).toEqual(conversations);
      }
    }
  });
});
