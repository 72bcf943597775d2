/**
 * Who and what the simulated PBX has: plain data, replaced as a whole, never changed by a call.
 * Numbers are unique over all kinds: extension, queue, IVR, ring group, trunk, route point,
 * parking place.
 */

/** What a DN is. The wire spells it `wireType(kind)`. */
export type DnKind =
  | "extension"
  | "queue"
  | "ivr"
  | "ringgroup"
  | "trunk"
  | "routepoint"
  | "specialmenu"
  | "parking"
  | "fax"
  | "conference";

/** One registration (SIP contact) of an extension. */
export interface Device {
  readonly deviceId: string;
  readonly userAgent: string;
  /** Speaks uaCSTA: can be answered and can dial by itself. */
  readonly directControl: boolean;
}

/** Where a call is sent. */
export type Destination =
  | { readonly to: "dn"; readonly number: string }
  | { readonly to: "voicemail"; readonly of: string }
  | { readonly to: "external"; readonly number: string }
  | { readonly to: "end" };

export interface Extension {
  readonly number: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly mobile: string;
  /** None = not registered. */
  readonly devices: readonly Device[];
  readonly ringTimeoutMs: number;
  readonly onNoAnswer: Destination;
  /** Every call goes there at once, the phone stays silent; null = off. */
  readonly forwardAll: Destination | null;
  readonly recordCalls: boolean;
  /** "Ring my mobile simultaneously": `mobile` rings with the phone when the extension is called directly. */
  readonly ringsMobile?: boolean;
  /** Where calls go while the extension has one already; without it they ring all the same. */
  readonly onBusy?: Destination;
}

export type PollingStrategy = "RingAll" | "Hunt" | "HuntRandomStart" | "NextAgent";

export interface Queue {
  readonly number: string;
  readonly name: string;
  /** Extension numbers, in polling order. */
  readonly agents: readonly string[];
  readonly strategy: PollingStrategy;
  /** How long an agent rings in one polling. */
  readonly ringTimeoutMs: number;
  /** How long a caller waits in all. */
  readonly masterTimeoutMs: number;
  readonly onNoAnswer: Destination;
  /** Callers may order a call-back. */
  readonly callback: boolean;
}

export interface Ivr {
  readonly number: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly onTimeout: Destination;
  /** Key ("0"…"9", "*", "#") to destination. */
  readonly options: Readonly<Record<string, Destination>>;
}

export interface RingGroup {
  readonly number: string;
  readonly name: string;
  readonly members: readonly string[];
  /** Paging: the phones of all members answer by themselves and listen. */
  readonly strategy: "RingAll" | "Hunt" | "Paging";
  /** RingAll: of the group; Hunt: of each member. */
  readonly ringTimeMs: number;
  readonly onNoAnswer: Destination;
}

export interface Trunk {
  /** Five digits, 10000 and up. */
  readonly number: string;
  readonly name: string;
  readonly externalNumber: string;
  /** A bridge to another PBX: only numbers that begin so go out over it, and no others. */
  readonly prefix?: string;
}

export interface Fax {
  readonly number: string;
  readonly name: string;
}

/** An inbound rule: a DID of a trunk and where it leads. */
export interface InboundRule {
  readonly id: number;
  /** "" = the rule has no name. */
  readonly ruleName: string;
  readonly did: string;
  readonly trunk: string;
  readonly destination: Destination;
}

/** An API client ("Integrations → API"). Its id is also a route point DN. */
export interface ApiClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callControl: boolean;
  readonly xapi: boolean;
  /** Monitored DNs besides the client's own; empty = none. */
  readonly monitored: readonly string[];
}

export interface Directory {
  readonly fqdn: string;
  readonly version: string;
  readonly timeZone: string;
  readonly extensions: readonly Extension[];
  readonly queues: readonly Queue[];
  readonly ivrs: readonly Ivr[];
  readonly ringGroups: readonly RingGroup[];
  readonly trunks: readonly Trunk[];
  readonly inboundRules: readonly InboundRule[];
  /** Parking places: "SP0", "SP1" … */
  readonly parkings: readonly string[];
  /** Fax extensions: they take a call by themselves. */
  readonly faxes?: readonly Fax[];
  readonly clients: readonly ApiClient[];
}

/** The voicemail menu of every V20. */
export const VOICEMAIL_MENU = "666";

/** The conference extension of every V20. */
export const CONFERENCE = "700";

/** One row of the directory, whatever it is. */
export interface DnEntry {
  readonly number: string;
  readonly name: string;
  readonly kind: DnKind;
}

export function extensionName(extension: Extension): string {
  return `${extension.firstName} ${extension.lastName}`.trim();
}

/** Every DN that exists, in the order of the kinds above. */
export function allDns(directory: Directory): DnEntry[] {
  const named = (kind: DnKind) => (row: { number: string; name: string }) => ({
    number: row.number,
    name: row.name,
    kind,
  });
  return [
    ...directory.extensions.map((row) => ({
      number: row.number,
      name: extensionName(row),
      kind: "extension" as const,
    })),
    ...directory.queues.map(named("queue")),
    ...directory.ivrs.map(named("ivr")),
    ...directory.ringGroups.map(named("ringgroup")),
    ...directory.trunks.map(named("trunk")),
    ...directory.clients.map((row) => ({
      number: row.clientId,
      name: row.clientId,
      kind: "routepoint" as const,
    })),
    ...(directory.faxes ?? []).map(named("fax")),
    { number: CONFERENCE, name: "Conference", kind: "conference" as const },
    { number: VOICEMAIL_MENU, name: "Voicemail menu", kind: "specialmenu" as const },
    ...directory.parkings.map((slot) => ({ number: slot, name: slot, kind: "parking" as const })),
  ];
}

/** A directory is never changed, so what is found in it may be kept as long as it is. */
const entriesByNumber = new WeakMap<Directory, ReadonlyMap<string, DnEntry>>();

export function findDn(directory: Directory, number: string): DnEntry | undefined {
  let entries = entriesByNumber.get(directory);
  if (entries === undefined) {
    entries = new Map(allDns(directory).map((row) => [row.number, row]));
    entriesByNumber.set(directory, entries);
  }
  return entries.get(number);
}

/** The wire's word for a kind: "W" + the engine's class name in lower case. */
export function wireType(kind: DnKind): string {
  switch (kind) {
    case "trunk":
      return "Wexternalline";
    case "parking":
      return "Wparkextension";
    case "fax":
      return "Wfaxextension";
    case "conference":
      return "Wconferenceplaceextension";
    default:
      return `W${kind}`;
  }
}

function extension(number: string, firstName: string, lastName: string): Extension {
  return {
    number,
    firstName,
    lastName,
    email: `${number}@pbx.example`,
    mobile: "",
    devices: [
      {
        deviceId: `sip:${number}@127.0.0.1:5483`,
        userAgent: "3CX Mobile Client",
        directControl: true,
      },
    ],
    ringTimeoutMs: 20_000,
    onNoAnswer: { to: "end" },
    forwardAll: null,
    recordCalls: true,
  };
}

/** A small office, complete enough for every scene. */
export function defaultDirectory(): Directory {
  const dn = (number: string): Destination => ({ to: "dn", number });
  const rule = (id: number, ruleName: string, did: string, destination: Destination) => ({
    id,
    ruleName,
    did,
    trunk: "10007",
    destination,
  });
  return {
    fqdn: "localhost",
    version: "20.0.10.1027",
    timeZone: "Europe/Prague",
    extensions: [
      extension("101", "Eva", "Malá"),
      extension("102", "Petr", "Svoboda"),
      extension("103", "Jana", "Dvořáková"),
      extension("104", "Karel", "Horák"),
      { ...extension("105", "Marie", "Veselá"), onNoAnswer: { to: "voicemail", of: "105" } },
      extension("150", "Reception", ""),
    ],
    queues: [
      {
        number: "800",
        name: "Support",
        agents: ["101", "102", "103"],
        strategy: "RingAll",
        ringTimeoutMs: 20_000,
        masterTimeoutMs: 120_000,
        onNoAnswer: { to: "end" },
        callback: true,
      },
    ],
    ivrs: [
      {
        number: "801",
        name: "Main menu",
        timeoutMs: 10_000,
        onTimeout: { to: "end" },
        options: { "1": dn("800"), "2": dn("820"), "3": dn("150") },
      },
    ],
    ringGroups: [
      {
        number: "820",
        name: "Sales",
        members: ["103", "104", "105"],
        strategy: "RingAll",
        ringTimeMs: 20_000,
        onNoAnswer: { to: "end" },
      },
    ],
    trunks: [{ number: "10007", name: "MyTrunk", externalNumber: "420222000100" }],
    inboundRules: [
      rule(1, "DID-420222000320", "420222000320", dn("801")),
      rule(2, "Support line", "420222000100", dn("800")),
      rule(3, "Sales line", "420222000200", dn("820")),
      rule(4, "", "420222000150", dn("150")),
      rule(5, "Offhook app", "420222000900", dn("offhook")),
    ],
    parkings: ["SP0", "SP1", "SP2"],
    clients: [
      {
        clientId: "offhook",
        clientSecret: "simulated-secret-not-a-real-one",
        callControl: true,
        xapi: true,
        monitored: ["101", "102", "103", "104", "105", "150", "800", "801", "820"],
      },
    ],
  };
}
