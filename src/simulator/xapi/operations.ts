/**
 * The functions and actions, as a table from `Set/Name` (bound to the set) or `Set()/Name` (bound to
 * an entity) to what they do.
 */
import { callActions, recordingOperations, reports } from "./callOperations.ts";
import type { NumberPlan } from "./catalogue.ts";
import { newSecret, withSecret } from "./edits.ts";
import { rowsIn } from "./memberships.ts";
import { notFound } from "./odata/error.ts";
import { completeRow, type Row } from "./odata/schema.ts";
import {
  complex,
  idsIn,
  NOTHING,
  type Operation,
  type OperationsWorld,
  REPORT_TOP_MAX,
} from "./operation.ts";
import type { Outcome } from "./outcome.ts";
import { queueReports } from "./queueReports.ts";
import { systemParametersRow } from "./singletons.ts";
import { TYPES } from "./types.ts";

export function operations(world: OperationsWorld): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ...byNumber(world),
    ...freeNumbers(world),
    ...templates(world),
    ...callActions(world),
    ...recordingOperations(world),
    ...reports(world),
    ...queueReports(world),
    ...bulkActions(world),
    ...aboutTheSystem(world),
    ...about(world),
  ]);
}

const FORMER_NAMES: Readonly<Record<string, string>> = {
  Peers: "GetPeerByNumber",
  Trunks: "GetTrunkByNumber",
};

/** How builds up to 20.0.7 found a DN by its number; later ones by key, `Users(Number='100')`. */
function byNumber({ sets }: OperationsWorld): [string, Operation][] {
  return sets.numbered().map((set) => [
    `${set.name}/${FORMER_NAMES[set.name] ?? "GetByNumber"}`,
    {
      method: "GET",
      takes: { number: "text" },
      run: ({ args }) => {
        const row = set.rows().find((candidate) => candidate.Number === args.get("number"));
        if (!row) throw notFound(`${set.name} has no such number.`);
        return { kind: "entity", context: `${set.name}/$entity`, row, type: set.type };
      },
    },
  ]);
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
            AuthPassword: newSecret(),
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
    [
      "ActivityLog/GetLogs",
      emptyList("ActivityLogEvent", {
        startDate: "time",
        endDate: "time",
        extension: "text",
        call: "text",
        severity: "text",
      }),
    ],
    ["Queues()/ResetQueueStatistics", { method: "POST", run: () => NOTHING }],
    [
      "ServicePrincipals()/GenerateAppToken",
      {
        method: "POST",
        run: ({ entity }) => {
          const value = newSecret();
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

function emptyList(type: string, takes: Operation["takes"] = {}): Operation {
  return {
    method: "GET",
    takes,
    run: () => ({
      kind: "rows",
      context: `Collection(Pbx.${type})`,
      rows: [],
      type: undefined,
    }),
  };
}
