/** What a request came to, before it is written as HTTP; and what a function or action is. */
import type { ApiClient } from "../directory.ts";
import type { ApplyRules } from "./odata/apply.ts";
import type { EntityType, Row } from "./odata/schema.ts";

export type Outcome =
  | {
      readonly kind: "rows";
      /** What stands behind `$metadata#`. */
      readonly context: string;
      readonly rows: readonly Row[];
      readonly type: EntityType | undefined;
      readonly rules?: Partial<ApplyRules>;
    }
  | {
      readonly kind: "entity";
      readonly context: string;
      readonly row: Row;
      readonly type: EntityType | undefined;
      /** 201 comes with the address of what was made. */
      readonly created?: string;
    }
  | { readonly kind: "count"; readonly rows: readonly Row[]; readonly type: EntityType }
  | { readonly kind: "nothing"; readonly status: 200 | 204 }
  | { readonly kind: "file"; readonly bytes: Buffer; readonly name: string };

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
