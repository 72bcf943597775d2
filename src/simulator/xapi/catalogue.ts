/**
 * The writable entity sets as data: where the facts of each come from, what a new entity has before
 * the client says otherwise, what is computed, and what a write changes in the directory.
 */
import type { Directory } from "../directory.ts";
import { type DirectoryEdits, EDITS } from "./edits.ts";
import {
  inboundRuleRow,
  queueRow,
  receptionistRow,
  ringGroupRow,
  servicePrincipalRow,
  trunkRow,
  userRow,
} from "./facts.ts";
import { DEFAULT_GROUP_NUMBER } from "./memberships.ts";
import type { EntityType, Row } from "./odata/schema.ts";
import { TYPES } from "./types.ts";

export interface SetRules {
  readonly name: string;
  readonly type: EntityType;
  /** DNs are known by their number, everything else by its id. */
  readonly naturalKey: "Number" | "Id";
  facts(directory: Directory): Row[];
  /** A new entity's properties where the client gives none. */
  readonly defaults?: Row;
  /** How a number is chosen for a new DN that comes without one; absent = it must bring one. */
  readonly numbers?: NumberPlan;
  /** Properties that are computed, whatever was written. */
  derived?(row: Row, sets: SetsView): Row;
  readonly edits?: DirectoryEdits;
  /** Whether the entity belongs to departments by its property `Groups`. */
  readonly hasGroups?: boolean;
}

/** What computed properties may look at. */
export interface SetsView {
  /** The peers that rows name by `Number` or `Id`. */
  resolvePeers(named: unknown): Row[];
  membersOf(department: Row): Row[];
  defaultGroupId(): unknown;
}

/** Where the search for a free number begins, and how a number is spelt. */
export const FREE_NUMBERS = {
  /** Extension 100 is the owner's on every new PBX, whether the directory lists it or not. */
  user: (step: number) => String(101 + step),
  menu: (step: number) => String(800 + step),
  fax: (step: number) => String(880 + step),
  trunk: (step: number) => String(10_000 + step),
  group: (step: number) => `GRP${String(step).padStart(4, "0")}`,
  parking: (step: number) => `SP${step}`,
} as const;
export type NumberPlan = keyof typeof FREE_NUMBERS;

const DEFAULT_GROUP: Row = {
  Number: DEFAULT_GROUP_NUMBER,
  Name: "__DEFAULT__",
  IsDefault: true,
  Language: "EN",
  TimeZoneId: "51",
  CurrentGroupHours: "Default",
};
const NOWHERE: Row = { To: "None", Number: "", Name: "", Type: "None", External: "", Tags: [] };

export function displayName(row: Row): string {
  return [row.FirstName, row.LastName].filter(Boolean).join(" ");
}

const DN_SETS: readonly SetRules[] = [
  {
    name: "Groups",
    type: TYPES.group,
    naturalKey: "Number",
    numbers: "group",
    facts: () => [DEFAULT_GROUP],
    defaults: { Name: "", IsDefault: false, Language: "EN", CurrentGroupHours: "Default" },
    derived: (row, sets) => {
      const members = sets.membersOf(row);
      return { Members: members, HasMembers: members.length > 0, Rights: [{ RoleName: "users" }] };
    },
  },
  {
    name: "Users",
    type: TYPES.user,
    naturalKey: "Number",
    numbers: "user",
    hasGroups: true,
    facts: (directory) => directory.extensions.map((row) => userRow(directory, row)),
    defaults: {
      FirstName: "",
      LastName: "",
      EmailAddress: "",
      Mobile: "",
      Enabled: true,
      Internal: false,
      IsRegistered: false,
      CurrentProfileName: "Available",
      QueueStatus: "LoggedIn",
      RecordCalls: false,
      RecordExternalCallsOnly: false,
      VMEnabled: true,
      Phones: [],
      ForwardingProfiles: [],
      ForwardingExceptions: [],
      Greetings: [],
    },
    derived: (row, sets) => ({
      DisplayName: displayName(row),
      PrimaryGroupId: sets.defaultGroupId(),
    }),
    edits: EDITS.extension,
  },
  {
    name: "Queues",
    type: TYPES.queue,
    naturalKey: "Number",
    numbers: "menu",
    hasGroups: true,
    facts: (directory) => directory.queues.map((row) => queueRow(directory, row)),
    defaults: {
      Name: "",
      IsRegistered: true,
      PollingStrategy: "RingAll",
      RingTimeout: 20,
      MasterTimeout: 120,
      Recording: "Disabled",
      ForwardNoAnswer: NOWHERE,
      Agents: [],
      Managers: [],
    },
    edits: EDITS.queue,
  },
  {
    name: "RingGroups",
    type: TYPES.ringGroup,
    naturalKey: "Number",
    numbers: "menu",
    hasGroups: true,
    facts: (directory) => directory.ringGroups.map((row) => ringGroupRow(directory, row)),
    defaults: {
      Name: "",
      IsRegistered: true,
      RingStrategy: "RingAll",
      RingTime: 20,
      ForwardNoAnswer: NOWHERE,
      Members: [],
    },
    edits: EDITS.ringGroup,
  },
  {
    name: "Receptionists",
    type: TYPES.receptionist,
    naturalKey: "Number",
    numbers: "menu",
    hasGroups: true,
    facts: (directory) => directory.ivrs.map((row) => receptionistRow(directory, row)),
    defaults: {
      Name: "",
      IsRegistered: true,
      IVRType: "Default",
      Timeout: 10,
      TimeoutForwardType: "EndCall",
      Forwards: [],
    },
    edits: EDITS.ivr,
  },
  {
    name: "Trunks",
    type: TYPES.trunk,
    naturalKey: "Number",
    numbers: "trunk",
    hasGroups: true,
    facts: (directory) => directory.trunks.map((row) => trunkRow(directory, row)),
    defaults: {
      IsOnline: false,
      Direction: "Both",
      SimultaneousCalls: 10,
      ExternalNumber: "",
      EnableInboundCalls: true,
      EnableOutboundCalls: true,
      RoutingRules: [],
      ReceiveExtensions: [],
    },
    derived: (row) => ({ AuthPassword: row.AuthPassword ? { Value: null } : null }),
    edits: EDITS.trunk,
  },
  {
    name: "Parkings",
    type: TYPES.parking,
    naturalKey: "Number",
    numbers: "parking",
    hasGroups: true,
    facts: (directory) => directory.parkings.map((slot) => ({ Number: slot })),
    edits: EDITS.parking,
  },
  {
    name: "Fax",
    type: TYPES.fax,
    naturalKey: "Number",
    numbers: "fax",
    hasGroups: true,
    facts: ({ faxes }) => (faxes ?? []).map(({ number }) => ({ Number: number })),
    defaults: { FaxServer: false },
  },
  {
    name: "ServicePrincipals",
    type: TYPES.servicePrincipal,
    naturalKey: "Number",
    hasGroups: true,
    facts: (directory) => directory.clients.map(servicePrincipalRow),
    defaults: {
      CallControlEnabled: false,
      XAPIEnabled: true,
      MyPhoneEnabled: false,
      IsSystem: false,
      Peers: [],
    },
    derived: (row, sets) => ({ Peers: sets.resolvePeers(row.Peers) }),
    edits: EDITS.client,
  },
];

const OTHER_SETS: readonly SetRules[] = [
  {
    name: "InboundRules",
    type: TYPES.inboundRule,
    naturalKey: "Id",
    facts: (directory) => directory.inboundRules.map((row) => inboundRuleRow(directory, row)),
    defaults: { RuleName: "", Data: "", Condition: "BasedOnDID", CallType: "AllCalls" },
    derived: (row, sets) => ({ TrunkDN: sets.resolvePeers([row.TrunkDN])[0] ?? null }),
    edits: EDITS.inboundRule,
  },
  {
    name: "OutboundRules",
    type: TYPES.outboundRule,
    naturalKey: "Id",
    facts: (directory) => [
      {
        Id: 1,
        Name: "All calls",
        Priority: 1,
        Prefix: "",
        NumberLengthRanges: "",
        EmergencyRule: false,
        Routes: directory.trunks.map((trunk) => ({ TrunkName: trunk.name, StripDigits: 0 })),
      },
    ],
  },
  {
    name: "Contacts",
    type: TYPES.contact,
    naturalKey: "Id",
    facts: () => [],
    defaults: { ContactType: "3CX" },
  },
  { name: "Holidays", type: TYPES.holiday, naturalKey: "Id", facts: () => [] },
];

export const WRITABLE_SETS: readonly SetRules[] = [...DN_SETS, ...OTHER_SETS];

/** Of which this office has nothing, and of which nothing is kept: they can be listed, no more. */
export const EMPTY_SETS: readonly string[] = [
  "Backups",
  "BlackListNumbers",
  "Blocklist",
  "CallFlowApps",
  "CallFlowScripts",
  "ChatHistoryView",
  "ChatMessagesHistoryView",
  "CustomPrompts",
  "EmergencyGeoLocations",
  "EventLogs",
  "Fxs",
  "Playlists",
  "Sbcs",
  "ScheduledReports",
  "WebsiteLinks",
];
