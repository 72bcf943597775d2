/** What a function or an action of XAPI is, and what it may use of the simulator. */
import type { ApiClient, Directory } from "../directory.ts";
import type { Call } from "../model.ts";
import type { ActionResult } from "../pbx.ts";
import type { Settings } from "../settings.ts";
import type { DirectoryEdit } from "./edits.ts";
import type { Row } from "./odata/schema.ts";
import type { Outcome } from "./outcome.ts";
import type { Recordings } from "./recordings.ts";
import type { NameOf, RecordingsOf } from "./reports.ts";
import type { EntitySets } from "./sets.ts";

export type ArgumentKind = "number" | "text" | "flag" | "time";

export interface OperationCall {
  /** As declared; times are ISO texts. */
  readonly args: ReadonlyMap<string, unknown>;
  readonly body: Row;
  /** The entity that it is bound to; absent when it is bound to the set. */
  readonly entity: Row | undefined;
  readonly client: ApiClient;
}

/** A function (GET) or an action (POST). */
export interface Operation {
  readonly method: "GET" | "POST";
  /** Every one is required: 404 without it. */
  readonly takes?: Readonly<Record<string, ArgumentKind>>;
  run(call: OperationCall): Outcome | Promise<Outcome>;
}

export interface OperationsWorld {
  readonly sets: EntitySets;
  readonly recordings: Recordings;
  readonly namedRecordings: RecordingsOf;
  readonly nameOf: NameOf;
  directory(): Directory;
  settings(): Settings;
  changeDirectory(edit: DirectoryEdit): void;
  calls(): readonly Call[];
  /** Ended calls that the call log has by now. */
  loggedCalls(): readonly Call[];
  dropCall(id: number): boolean;
  makeCall(dn: string, destination: string): ActionResult;
}

/** Report functions take far larger pages than sets. */
export const REPORT_TOP_MAX = 100_000;

export const NOTHING: Outcome = { kind: "nothing", status: 204 };

/** A value that is no entity. */
export function complex(name: string, row: Row): Outcome {
  return { kind: "entity", context: `Pbx.${name}`, row, type: undefined };
}

export function textIn(body: Row, property: string): string {
  const value = body[property];
  return typeof value === "string" ? value : "";
}

export function idsIn(body: Row): number[] {
  return Array.isArray(body.ids) ? body.ids.filter((id) => typeof id === "number") : [];
}
