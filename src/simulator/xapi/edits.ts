/**
 * What was written through XAPI, as changes of the simulator's directory, so that a queue made there
 * can be called. Properties that the directory does not know stay in XAPI's own store.
 */
import { randomBytes } from "node:crypto";
import type {
  ApiClient,
  Destination,
  Directory,
  Extension,
  InboundRule,
  Ivr,
  PollingStrategy,
  Queue,
  RingGroup,
  Trunk,
} from "../directory.ts";
import { SECOND_MS } from "./facts.ts";
import { rowsIn } from "./memberships.ts";
import type { Row } from "./odata/schema.ts";

export type DirectoryEdit = (directory: Directory) => Directory;

/** How a set's rows change the directory. */
export interface DirectoryEdits {
  put(row: Row): DirectoryEdit;
  remove(row: Row): DirectoryEdit;
}

const STRATEGIES: readonly PollingStrategy[] = ["RingAll", "Hunt", "HuntRandomStart", "NextAgent"];
const SECRET_BYTES = 24;
const RING_MS = 20_000;
const QUEUE_WAIT_MS = 120_000;
const MENU_WAIT_MS = 10_000;

function text(row: Row, property: string, otherwise = ""): string {
  const value = row[property];
  return typeof value === "string" ? value : otherwise;
}

function seconds(row: Row, property: string, otherwiseMs: number): number {
  const value = row[property];
  return typeof value === "number" && value > 0 ? value * SECOND_MS : otherwiseMs;
}

function numbers(value: unknown): string[] {
  return rowsIn(value)
    .map((row) => text(row, "Number"))
    .filter((number) => number !== "");
}

function destination(value: unknown, otherwise: Destination): Destination {
  const [row] = rowsIn([value]);
  if (!row) return otherwise;
  const number = text(row, "Number");
  const to = text(row, "To", "None");
  if (to === "External") return { to: "external", number: text(row, "External") };
  if (to === "None" || number === "") return { to: "end" };
  return to === "VoiceMail" ? { to: "voicemail", of: number } : { to: "dn", number };
}

/** Replaces the entry that `same` finds, or adds one at the end. */
function put<T>(list: readonly T[], same: (entry: T) => boolean, make: (old?: T) => T): T[] {
  const old = list.find(same);
  if (old === undefined) return [...list, make()];
  return list.map((entry) => (same(entry) ? make(entry) : entry));
}

const byNumber =
  (row: Row) =>
  (entry: { readonly number: string }): boolean =>
    entry.number === row.Number;

const without = <T extends { readonly number: string }>(list: readonly T[], row: Row): T[] =>
  list.filter((entry) => entry.number !== row.Number);

/** A new extension has no phone yet. */
function extensionOf(row: Row, old?: Extension): Extension {
  return {
    number: text(row, "Number"),
    firstName: text(row, "FirstName"),
    lastName: text(row, "LastName"),
    email: text(row, "EmailAddress"),
    mobile: text(row, "Mobile"),
    devices: old?.devices ?? [],
    ringTimeoutMs: old?.ringTimeoutMs ?? RING_MS,
    onNoAnswer: old?.onNoAnswer ?? { to: "end" },
    forwardAll: old?.forwardAll ?? null,
    recordCalls: row.RecordCalls === true,
  };
}

function queueOf(row: Row, old?: Queue): Queue {
  const strategy = STRATEGIES.find((known) => known === row.PollingStrategy);
  return {
    number: text(row, "Number"),
    name: text(row, "Name"),
    agents: numbers(row.Agents),
    strategy: strategy ?? old?.strategy ?? "RingAll",
    ringTimeoutMs: seconds(row, "RingTimeout", RING_MS),
    masterTimeoutMs: seconds(row, "MasterTimeout", QUEUE_WAIT_MS),
    onNoAnswer: destination(row.ForwardNoAnswer, { to: "end" }),
    callback: old?.callback ?? false,
  };
}

function ringGroupOf(row: Row): RingGroup {
  return {
    number: text(row, "Number"),
    name: text(row, "Name"),
    members: numbers(row.Members),
    strategy: row.RingStrategy === "Hunt" ? "Hunt" : "RingAll",
    ringTimeMs: seconds(row, "RingTime", RING_MS),
    onNoAnswer: destination(row.ForwardNoAnswer, { to: "end" }),
  };
}

function ivrOf(row: Row, old?: Ivr): Ivr {
  return {
    number: text(row, "Number"),
    name: text(row, "Name"),
    timeoutMs: seconds(row, "Timeout", MENU_WAIT_MS),
    onTimeout: old?.onTimeout ?? { to: "end" },
    options: old?.options ?? {},
  };
}

function trunkOf(row: Row, old?: Trunk): Trunk {
  const [gateway = {}] = rowsIn([row.Gateway]);
  return {
    number: text(row, "Number"),
    name: text(gateway, "Name", old?.name ?? text(row, "Number")),
    externalNumber: text(row, "ExternalNumber"),
  };
}

function ruleOf(row: Row, trunk: string, old?: InboundRule): InboundRule {
  return {
    id: Number(row.Id),
    ruleName: text(row, "RuleName"),
    did: text(row, "Data"),
    trunk: numbers([row.TrunkDN])[0] ?? old?.trunk ?? trunk,
    destination: destination(row.OfficeHoursDestination, old?.destination ?? { to: "end" }),
  };
}

/** What an API client logs in with; shown once, when it is asked for. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function clientOf(row: Row, old?: ApiClient): ApiClient {
  return {
    clientId: text(row, "Number"),
    clientSecret: old?.clientSecret ?? newSecret(),
    callControl: row.CallControlEnabled === true,
    xapi: row.XAPIEnabled === true,
    monitored: numbers(row.Peers),
  };
}

export const EDITS = {
  extension: {
    put: (row) => (d) => ({
      ...d,
      extensions: put(d.extensions, byNumber(row), (old) => extensionOf(row, old)),
    }),
    remove: (row) => (d) => ({ ...d, extensions: without(d.extensions, row) }),
  },
  queue: {
    put: (row) => (d) => ({
      ...d,
      queues: put(d.queues, byNumber(row), (old) => queueOf(row, old)),
    }),
    remove: (row) => (d) => ({ ...d, queues: without(d.queues, row) }),
  },
  ringGroup: {
    put: (row) => (d) => ({
      ...d,
      ringGroups: put(d.ringGroups, byNumber(row), () => ringGroupOf(row)),
    }),
    remove: (row) => (d) => ({ ...d, ringGroups: without(d.ringGroups, row) }),
  },
  ivr: {
    put: (row) => (d) => ({ ...d, ivrs: put(d.ivrs, byNumber(row), (old) => ivrOf(row, old)) }),
    remove: (row) => (d) => ({ ...d, ivrs: without(d.ivrs, row) }),
  },
  trunk: {
    put: (row) => (d) => ({
      ...d,
      trunks: put(d.trunks, byNumber(row), (old) => trunkOf(row, old)),
    }),
    remove: (row) => (d) => ({ ...d, trunks: without(d.trunks, row) }),
  },
  inboundRule: {
    put: (row) => (d) => ({
      ...d,
      inboundRules: put(
        d.inboundRules,
        (rule) => rule.id === row.Id,
        (old) => ruleOf(row, d.trunks[0]?.number ?? "", old),
      ),
    }),
    remove: (row) => (d) => ({
      ...d,
      inboundRules: d.inboundRules.filter((rule) => rule.id !== row.Id),
    }),
  },
  parking: {
    put: (row) => (d) => ({
      ...d,
      parkings: put(
        d.parkings,
        (slot) => slot === row.Number,
        () => text(row, "Number"),
      ),
    }),
    remove: (row) => (d) => ({
      ...d,
      parkings: d.parkings.filter((slot) => slot !== row.Number),
    }),
  },
  client: {
    put: (row) => (d) => ({
      ...d,
      clients: put(
        d.clients,
        (client) => client.clientId === row.Number,
        (old) => clientOf(row, old),
      ),
    }),
    remove: (row) => (d) => ({
      ...d,
      clients: d.clients.filter((client) => client.clientId !== row.Number),
    }),
  },
} satisfies Record<string, DirectoryEdits>;

/** Gives an API client a new secret. */
export function withSecret(clientId: string, clientSecret: string): DirectoryEdit {
  return (d) => ({
    ...d,
    clients: d.clients.map((client) =>
      client.clientId === clientId ? { ...client, clientSecret } : client,
    ),
  });
}
