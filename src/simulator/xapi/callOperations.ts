/**
 * The functions and actions that deal with calls: live ones, their recordings and the reports.
 */
import { participant } from "../wire.ts";
import { rowsIn } from "./memberships.ts";
import { badRequest, notFound, ODataError } from "./odata/error.ts";
import type { Row } from "./odata/schema.ts";
import {
  complex,
  idsIn,
  NOTHING,
  type Operation,
  type OperationCall,
  type OperationsWorld,
  REPORT_TOP_MAX,
  textIn,
} from "./operation.ts";
import { fileName } from "./recordings.ts";
import { callLogRows } from "./reports.ts";
import type { EntitySets } from "./sets.ts";
import { TYPES } from "./types.ts";
import { toneOf, toneWav } from "./wav.ts";

export function callActions(world: OperationsWorld): [string, Operation][] {
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
        run: ({ body, client }) => {
          const dn = textIn(body, "dn") || client.clientId;
          const destination = textIn(body, "destination");
          if (destination === "") throw badRequest("Expected a destination.", "destination");
          const result = world.makeCall(dn, destination);
          return complex("CallControlResultResponse", {
            FinalStatus: result.finalstatus,
            Reason: result.reason,
            ReasonText: result.reasontext,
            VttId: null,
            Result: participantRow(world, result.legId),
          });
        },
      },
    ],
  ];
}

/** The PascalCase twin of the Call Control API's participant, with 11 of its 18 fields. */
function participantRow(world: OperationsWorld, legId: number | null): Row | null {
  const legs = world.calls().flatMap((call) => [...call.legs]);
  const leg = legs.find((candidate) => candidate.id === legId);
  if (!leg) return null;
  const shown = participant(leg, world.settings());
  return {
    CallId: shown.callid,
    DN: shown.dn,
    DeviceId: shown.device_id,
    DirectControl: shown.direct_control,
    Id: shown.id,
    LegId: shown.legid,
    PartyCallerId: shown.party_caller_id,
    PartyCallerName: shown.party_caller_name,
    PartyDn: shown.party_dn,
    PartyDnType: shown.party_dn_type,
    Status: shown.status,
  };
}

export function recordingOperations(world: OperationsWorld): [string, Operation][] {
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
          const { downloadFails, downloadBreaks, downloadBytesPerS } = world.settings();
          const count = recordings.download(recording.id);
          if (count <= downloadFails) throw new ODataError(500, "The recording cannot be read.");
          return {
            kind: "file",
            bytes: toneWav(recording.endedAt - recording.startedAt, toneOf(recording.id)),
            name: fileName(recording, world.nameOf(recording.leg.dn)),
            pace: {
              bytesPerS: downloadBytesPerS,
              breaksOff: count <= downloadFails + downloadBreaks,
            },
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

export function reports(world: OperationsWorld): [string, Operation][] {
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
      rows: callLogRows(world)
        .filter((row) => inCallLog(row, args))
        .sort(newestFirst),
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

/** So a live PBX has them if no order is asked for. */
function newestFirst(a: Row, b: Row): number {
  const startOf = ({ StartTime }: Row) => Date.parse(String(StartTime));
  return startOf(b) - startOf(a) || Number(b.SegmentId) - Number(a.SegmentId);
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
