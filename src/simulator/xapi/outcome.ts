/** What a request came to, before it is written as HTTP. */
import type { Pace } from "../seam.ts";
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
  | { readonly kind: "count"; readonly rows: readonly Row[]; readonly type: EntityType | undefined }
  | { readonly kind: "nothing"; readonly status: 200 | 204 }
  | {
      readonly kind: "file";
      readonly bytes: Buffer;
      readonly name: string;
      readonly pace: Pace;
    };
