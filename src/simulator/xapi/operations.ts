/**
 * The functions and actions, as a table from `Set/Name` (bound to the set) or `Set()/Name` (bound to
 * an entity) to what they do.
 */
import { randomBytes } from "node:crypto";
import type { Directory } from "../directory.ts";
import { wireType } from "../directory.ts";
import type { Call, Leg } from "../model.ts";
import type { ActionResult } from "../pbx.ts";
import type { NumberPlan } from "./catalogue.ts";
import { type DirectoryEdit, withSecret } from "./edits.ts";
import { rowsIn } from "./memberships.ts";
import { badRequest, notFound } from "./odata/error.ts";
import { completeRow, type Row } from "./odata/schema.ts";
import type { Operation, OperationCall, Outcome } from "./outcome.ts";
import { fileName, type Recordings } from "./recordings.ts";
import { callLogRows, type NameOf } from "./reports.ts";
import type { EntitySets } from "./sets.ts";
import { systemParametersRow } from "./singletons.ts";
import { TYPES } from "./types.ts";
import { toneWav } from "./wav.ts";

/** Report functions take far larger pages than sets. */
export const REPORT_TOP_MAX = 100_000;
const SECRET_BYTES = 24;

export interface OperationsWorld {
  readonly sets: EntitySets;
  readonly recordings: Recordings;
  readonly nameOf: NameOf;
  directory(): Directory;
  changeDirectory(edit: DirectoryEdit): void;
  calls(): readonly Call[];
  endedCalls(): readonly Call[];
  dropCall(id: number): boolean;
  makeCall(dn: string, destination: string): ActionResult | Promise<ActionResult>;
}

export function operations(world: OperationsWorld): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ...freeNumbers(world),
    ...templates(world),
    ...callActions(world),
    ...recordingOperations(world),
    ...reports(world),
    ...bulkActions(world),
    ...aboutTheSystem(world),
    ...about(world),
  ]);
}

const NOTHING: Outcome = { kind: "nothing", status: 204 };

function complex(name: string, row: Row): Outcome {
  return { kind: "entity", context: `Pbx.${name}`, row, type: undefined };
}

function freeNumbers({ sets }: OperationsWorld): [string, Operation][] {
  const plans: [string, NumberPlan][] = [
    ["Users/GetFirstAvailableExtensionNumber", "user"],
    ["Users/GetFirstAvailableHotdeskingNumber", "user"],
    ["Queues/GetFirstAvailableQueueNumber", "menu"],
    ["RingGroups/GetFirstAvailableRingGroupNumber", "menu"],
    ["Receptionists/GetFirstAvailableReceptionistNumber", "menu"],
    ["Trunks/GetFirstAvailableTrunkNumber", "trunk"],
  ];
  return plans.map(([name, plan]) => [
    name,
    {
      method: "GET",
      run: () => complex("FirstAvailableNumber", { Number: sets.freeNumber(plan) }),
    },
  ]);
}

/** Entities made up but not stored: the client fills them in and posts them. */
function templates({ sets }: OperationsWorld): [string, Operation][] {
  return [
    [
      "Fax/InitFax",
      {
        method: "GET",
        run: () => {
          const number = sets.freeNumber("fax");
          const row = completeRow(TYPES.fax, {
            Id: 0,
            Number: number,
            AuthID: number,
            AuthPassword: secret(),
            FaxServer: false,
          });
          return { kind: "entity", context: "Fax/$entity", row, type: TYPES.fax };
        },
      },
    ],
    [
      "Trunks/InitTrunk",
      {
        method: "GET",
        takes: { template: "text" },
        run: ({ args }) => {
          const template = String(args.get("template"));
          const name = template.replace(/\.xml$/, "");
          const row = completeRow(TYPES.trunk, {
            Id: 0,
            Number: sets.freeNumber("trunk"),
            Direction: "Both",
            SimultaneousCalls: 10,
            IsOnline: false,
            ExternalNumber: "",
            EnableInboundCalls: true,
            EnableOutboundCalls: true,
            Gateway: {
              Name: name,
              Host: "sip.provider.example",
              Type: "Provider",
              TemplateFilename: template,
            },
          });
          return { kind: "entity", context: "Trunks/$entity", row, type: TYPES.trunk };
        },
      },
    ],
  ];
}

function callActions(world: OperationsWorld): [string, Operation][] {
  return [
    [
      "ActiveCalls()/DropCall",
      {
        method: "POST",
        run: ({ entity }) => {
          if (!world.dropCall(Number(entity?.Id))) throw notFound("There is no such call.");
          return { kind: "nothing", status: 200 };
        },
      },
    ],
    [
      "Users/MakeCall",
      {
        method: "POST",
        run: async ({ body, client }) => {
          const dn = textIn(body, "dn") || client.clientId;
          const destination = textIn(body, "destination");
          if (destination === "") throw badRequest("Expected a destination.", "destination");
          const result = await world.makeCall(dn, destination);
          return complex("CallControlResultResponse", {
            FinalStatus: result.finalstatus,
            Reason: result.reason,
            ReasonText: result.reasontext,
            VttId: null,
            Result: participantRow(world.calls(), result.legId),
          });
        },
      },
    ],
  ];
}

/** The PascalCase twin of the Call Control API's participant, with 11 of its 18 fields. */
function participantRow(calls: readonly Call[], legId: number | null): Row | null {
  const legs = calls.flatMap((call) => [...call.legs]);
  const leg = legs.find((candidate) => candidate.id === legId);
  if (!leg) return null;
  return {
    CallId: leg.call.id,
    DN: leg.dn,
    DeviceId: leg.deviceId,
    DirectControl: leg.directControl,
    Id: leg.id,
    LegId: leg.legid,
    PartyCallerId: leg.party.number,
    PartyCallerName: leg.party.name,
    PartyDn: leg.party.dn,
    PartyDnType: leg.party.kind === null ? "None" : wireType(leg.party.kind),
    Status: statusWord(leg),
  };
}

function statusWord(leg: Leg): string {
  return leg.status.charAt(0).toUpperCase() + leg.status.slice(1);
}

function recordingOperations(world: OperationsWorld): [string, Operation][] {
  const { recordings } = world;
  return [
    [
      "Recordings/DownloadRecording",
      {
        method: "GET",
        takes: { recId: "number" },
        run: ({ args }) => {
          const recording = recordings.find(Number(args.get("recId")));
          if (!recording) throw notFound("There is no such recording.");
          return {
            kind: "file",
            bytes: toneWav(recording.endedAt - recording.startedAt),
            name: fileName(recording, world.nameOf(recording.leg.dn)),
          };
        },
      },
    ],
    [
      "Recordings/GetRecordingRepositorySettings",
      {
        method: "GET",
        run: () =>
          complex("RecordingRepositorySettings", {
            RecordingPath: "/var/lib/3cxpbx/Instance1/Data/Recordings",
            RecordingsQuota: 0,
            RecordingUsedSpace: 0,
            RecordingDiskSpace: 0,
            AutoDeleteRecordingEnabled: false,
            AutoDeleteRecordingDays: 0,
            IsRecordingArchiveEnabled: false,
          }),
      },
    ],
    [
      "Recordings/BulkRecordingsDelete",
      {
        method: "POST",
        run: ({ body }) => {
          for (const id of idsIn(body)) recordings.delete(id);
          return NOTHING;
        },
      },
    ],
    ["Recordings/BulkRecordingsArchive", { method: "POST", run: () => NOTHING }],
    ["Recordings/TranscribeRecordings", { method: "POST", run: () => NOTHING }],
  ];
}

function reports(world: OperationsWorld): [string, Operation][] {
  const callLog: Operation = {
    method: "GET",
    takes: {
      periodFrom: "time",
      periodTo: "time",
      sourceType: "number",
      sourceFilter: "text",
      destinationType: "number",
      destinationFilter: "text",
      callsType: "number",
      callTimeFilterType: "number",
      callTimeFilterFrom: "text",
      callTimeFilterTo: "text",
      hidePcalls: "flag",
    },
    run: ({ args }) => ({
      kind: "rows",
      context: "Collection(Pbx.CallLogData)",
      rows: callLogRows(world.endedCalls(), world.recordings, world.nameOf).filter((row) =>
        inCallLog(row, args),
      ),
      type: TYPES.callLogData,
      rules: { topMax: REPORT_TOP_MAX, omitNulls: true, pageBeforeFilter: true },
    }),
  };
  return [
    ["ReportCallLogData/GetCallLogData", callLog],
    ["ReportCallLogData/GetOldCallLogData", callLog],
    [
      "ReportInboundRules/GetInboundRulesData",
      {
        method: "GET",
        run: () => ({
          kind: "rows",
          context: "Collection(Pbx.InboundRuleReport)",
          rows: inboundRuleReport(world.sets),
          type: TYPES.inboundRuleReport,
          rules: { topMax: REPORT_TOP_MAX, omitNulls: true },
        }),
      },
    ],
  ];
}

/** The period is exclusive at its end; the two filters look for a part of the number. */
function inCallLog(row: Row, args: OperationCall["args"]): boolean {
  const startedAt = Date.parse(String(row.StartTime));
  const has = (filter: string, ...columns: string[]): boolean => {
    const wanted = String(args.get(filter) ?? "");
    return wanted === "" || columns.some((column) => String(row[column]).includes(wanted));
  };
  return (
    startedAt >= Date.parse(String(args.get("periodFrom"))) &&
    startedAt < Date.parse(String(args.get("periodTo"))) &&
    has("sourceFilter", "SourceDn", "SourceCallerId") &&
    has("destinationFilter", "DestinationDn", "DestinationCallerId")
  );
}

function inboundRuleReport(sets: EntitySets): Row[] {
  return (sets.get("InboundRules")?.rows() ?? []).map((rule) => {
    const [trunk] = rowsIn([rule.TrunkDN]);
    return {
      Id: rule.Id,
      RuleName: rule.RuleName || null,
      DID: rule.Data,
      Trunk: trunk ? `${String(trunk.Number)} ${String(trunk.Name)}` : null,
      InOfficeRouting: rule.OfficeHoursDestination,
      OutOfficeRouting: rule.OutOfOfficeHoursDestination,
    };
  });
}

function bulkActions({ sets }: OperationsWorld): [string, Operation][] {
  const removal = (set: string, wanted: (body: Row) => (row: Row) => boolean): Operation => ({
    method: "POST",
    run: ({ body }) => {
      const chosen = wanted(body);
      const found = sets.get(set);
      for (const row of found?.rows().filter(chosen) ?? []) found?.writes?.remove(row);
      return NOTHING;
    },
  });
  const byIds = (body: Row) => (row: Row) => idsIn(body).includes(Number(row.Id));
  return [
    ["InboundRules/BulkInboundRulesDelete", removal("InboundRules", byIds)],
    ["Contacts/DeleteContactsById", removal("Contacts", byIds)],
    ["Fax/BulkFaxDelete", removal("Fax", byIds)],
    ["Groups/DeleteCompanyById", removal("Groups", (body) => (row) => row.Id === body.id)],
    [
      "Groups/DeleteCompanyByNumber",
      removal("Groups", (body) => (row) => row.Number === body.number),
    ],
    [
      "Users/BatchDelete",
      {
        method: "POST",
        run: async (call) => {
          await removal("Users", byIds).run(call);
          return {
            kind: "rows",
            context: "Collection(Pbx.UserDeleteError)",
            rows: [],
            type: undefined,
          };
        },
      },
    ],
  ];
}

function about(world: OperationsWorld): [string, Operation][] {
  const { sets } = world;
  const peers = (rows: Row[]): Outcome => ({
    kind: "rows",
    context: "Collection(Pbx.Peer)",
    rows,
    type: TYPES.peer,
    rules: { topMax: REPORT_TOP_MAX },
  });
  return [
    ["Peers/GetReportPeers", { method: "GET", run: () => peers(sets.peers()) }],
    [
      "Peers/RetreivePeersByNumbers",
      {
        method: "POST",
        run: ({ body }) => {
          const [request] = rowsIn([body.peersRequest]);
          const wanted = Array.isArray(request?.DnNumbers) ? request.DnNumbers : [];
          return peers(sets.peers().filter((peer) => wanted.includes(peer.Number)));
        },
      },
    ],
    [
      "Contacts/GetContactsByNumber",
      {
        method: "GET",
        takes: { number: "text" },
        run: ({ args }) => ({
          kind: "rows",
          context: "Collection(Pbx.Contact)",
          rows: (sets.get("Contacts")?.rows() ?? []).filter((row) =>
            Object.values(row).includes(args.get("number")),
          ),
          type: TYPES.contact,
        }),
      },
    ],
    ["OutboundRules/GetEmergencyOutboundRules", emptyList("OutboundRule")],
    ["Queues()/ResetQueueStatistics", { method: "POST", run: () => NOTHING }],
    [
      "ServicePrincipals()/GenerateAppToken",
      {
        method: "POST",
        run: ({ entity }) => {
          const value = secret();
          world.changeDirectory(withSecret(String(entity?.Number), value));
          return { kind: "entity", context: "Edm.String", row: { value }, type: undefined };
        },
      },
    ],
  ];
}

function aboutTheSystem(world: OperationsWorld): [string, Operation][] {
  return [
    [
      "SystemStatus/SystemHealthStatus",
      {
        method: "GET",
        run: () =>
          complex("SystemHealthStatus", {
            Id: 1,
            Firewall: true,
            Phones: true,
            Trunks: true,
            CustomTemplatesCount: 0,
            UnsupportedFirmwaresCount: 0,
          }),
      },
    ],
    [
      "SystemStatus/SystemExtensions",
      {
        method: "GET",
        run: () => ({
          kind: "rows",
          context: "Collection(Pbx.SystemExtensionStatus)",
          rows: world.sets.peers().map(({ Number: dn, Name, Type }) => ({
            Number: dn,
            Name,
            Type,
            IsRegistered: true,
          })),
          type: TYPES.systemExtension,
        }),
      },
    ],
    [
      "Defs/GetSystemParameters",
      {
        method: "GET",
        run: () => complex("SystemParameters", systemParametersRow(world.directory())),
      },
    ],
    [
      "Defs/HasSystemOwner",
      {
        method: "GET",
        run: () => ({
          kind: "entity",
          context: "Edm.Boolean",
          row: { value: true },
          type: undefined,
        }),
      },
    ],
  ];
}

function emptyList(type: string): Operation {
  return {
    method: "GET",
    run: () => ({
      kind: "rows",
      context: `Collection(Pbx.${type})`,
      rows: [],
      type: undefined,
    }),
  };
}

function textIn(body: Row, property: string): string {
  const value = body[property];
  return typeof value === "string" ? value : "";
}

function idsIn(body: Row): number[] {
  return Array.isArray(body.ids) ? body.ids.filter((id) => typeof id === "number") : [];
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}
