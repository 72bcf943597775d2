/**
 * The parts of XAPI of which there is one: what the PBX says about itself, and its settings.
 */
import { allDns, type Directory } from "../directory.ts";
import { type EntityType, entityType, type Row } from "./odata/schema.ts";

export interface Singleton {
  readonly name: string;
  readonly type: EntityType;
  row(): Row;
  patch?(properties: Row): void;
  /** Collections under it, such as `Defs/TimeZones`. */
  readonly parts: ReadonlyMap<string, () => Row[]>;
}

export interface SingletonWorld {
  directory(): Directory;
  activeCallCount(): number;
  /** When the youngest of the ended calls began; null = none has ended. */
  lastCallStartedAt(): number | null;
}

const LICENCE = {
  LicenseKey: "SIMU-LATE-DPBX-0000",
  ProductCode: "3CXENT",
  LicenseActive: true,
  Activated: true,
  MaxSimCalls: 64,
  Support: true,
  ResellerName: "",
  ExpirationDate: "2099-12-31T00:00:00Z",
  MaintenanceExpiresAt: "2099-12-31T00:00:00Z",
};
const DISK_BYTES = 40 * 2 ** 30;
const USERS_MAX = 1000;

/** The kinds of a singleton's properties follow from what it holds. */
function typeOf(name: string, row: Row, navigation = ""): EntityType {
  const of = (test: (value: unknown) => boolean): string =>
    Object.keys(row)
      .filter((property) => test(row[property]))
      .join(" ");
  return entityType(name, {
    number: of((value) => typeof value === "number"),
    flag: of((value) => typeof value === "boolean"),
    text: of((value) => typeof value === "string" || value === null),
    list: of(Array.isArray),
    complex: of((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
    nav: navigation,
  });
}

function fixed(name: string, row: () => Row, parts: Record<string, Row[]> = {}): Singleton {
  return {
    name,
    type: typeOf(name, row(), Object.keys(parts).join(" ")),
    row: () => ({ ...row(), ...parts }),
    parts: new Map(Object.entries(parts).map(([part, rows]) => [part, () => rows])),
  };
}

/** Settings that a client may change; they are shown again and do nothing else. */
function changeable(name: string, initial: Row): Singleton {
  let current = initial;
  return {
    ...fixed(name, () => current),
    patch(properties) {
      current = { ...current, ...properties };
    },
  };
}

function systemStatusRow(world: SingletonWorld): Row {
  const directory = world.directory();
  const registered = directory.extensions.filter((row) => row.devices.length > 0).length;
  return {
    Id: 1,
    FQDN: directory.fqdn,
    Version: directory.version,
    ...LICENCE,
    CallsActive: world.activeCallCount(),
    ExtensionsRegistered: registered,
    ExtensionsTotal: allDns(directory).length,
    UserExtensions: directory.extensions.length,
    MaxUserExtensions: USERS_MAX,
    TrunksRegistered: directory.trunks.length,
    TrunksTotal: directory.trunks.length,
    OutboundRules: 1,
    Ip: "127.0.0.1",
    IpV4: "127.0.0.1",
    IpV6: "",
    CurrentLocalIp: "127.0.0.1",
    AvailableLocalIps: "127.0.0.1",
    LocalIpValid: true,
    OS: "Linux",
    DiskUsage: 10,
    FreeDiskSpace: 0.9 * DISK_BYTES,
    TotalDiskSpace: DISK_BYTES,
    RecordingUsedSpace: 0,
    RecordingQuota: DISK_BYTES / 2,
    RecordingQuotaReached: false,
    RecordingStopped: false,
    IsRecordingArchiveEnabled: false,
    HasNotRunningServices: false,
    HasUnregisteredSystemExtensions: false,
    DBMaintenanceInProgress: false,
    BackupScheduled: false,
    AutoUpdateEnabled: false,
    LastBackupDateTime: null,
  };
}

export function systemParametersRow(directory: Directory): Row {
  return {
    FQDN: directory.fqdn,
    Version: directory.version,
    PbxExternalHost: directory.fqdn,
    HttpPort: 5000,
    HttpsPort: 5001,
    SipPort: 5060,
    SipsPort: 5061,
    TunnnelPort: 5090,
    IsHosted: false,
    IsHosted3CX: false,
    Is3CXFQDN: false,
    IsMulticompanyMode: false,
    IsStaticIp: true,
    StaticIp: "127.0.0.1",
    GlobalLanguage: "EN",
    EmRuleCreationAllowed: false,
    License: { ...LICENCE, CompanyName: "Simulated office" },
  };
}

const CDR_FIELDS = [
  "historyid callid duration time-start time-answered time-end reason-terminated from-no to-no",
  "from-dn to-dn dial-no reason-changed final-number final-dn bill-code bill-rate bill-cost",
  "bill-name chain from-type to-type final-type from-dispname to-dispname final-dispname",
  "missed-queue-calls",
]
  .join(" ")
  .split(" ");

export function singletons(world: SingletonWorld): Map<string, Singleton> {
  const all = [
    fixed("Defs", () => ({ Id: 0 }), {
      TimeZones: [{ Id: "51", Name: "Europe/Prague", IanaName: "Europe/Prague" }],
      Codecs: [{ Id: "PCMA", Name: "G.711 A-law" }],
      GatewayParameters: [],
      GatewayParameterValues: [],
    }),
    fixed("SystemStatus", () => systemStatusRow(world)),
    fixed("LicenseStatus", () => ({
      ...LICENCE,
      Version: world.directory().version,
      CompanyName: "Simulated office",
      ContactName: "",
      EMail: "office@pbx.example",
      ActiveModules: [],
      SimMeetingParticipants: 0,
    })),
    changeable("CDRSettings", {
      Enabled: false,
      LogType: "SingleFileForAllCalls",
      LogSize: 0,
      SocketIpAddress: "",
      SocketPort: 0,
      RemoveCommaDelimiters: false,
      EnabledFields: CDR_FIELDS.map((field) => ({ Name: field, Length: 0 })),
      PossibleFields: CDR_FIELDS,
    }),
    fixed("LastCdrAndChatMessageTimestamp", () => {
      const startedAt = world.lastCallStartedAt();
      const at = startedAt === null ? null : new Date(startedAt).toISOString();
      return { LastCdrStartedAt: at, LastChatMessageTimeSent: null };
    }),
    changeable("CallParkingSettings", { MusicOnHold: "" }),
  ];
  return new Map(all.map((singleton) => [singleton.name, singleton]));
}
