/** From an outcome to the answer on the wire, with the annotations that OData gives it. */
import { assertNever } from "../../util/assertNever.ts";
import type { SimAnswer } from "../seam.ts";
import { type ApplyRules, applyOptions, writeEntity } from "./odata/apply.ts";
import type { Options } from "./odata/options.ts";
import type { EntityType } from "./odata/schema.ts";
import type { Outcome } from "./outcome.ts";

/** `$top` above this is refused on entity sets. */
const SET_TOP_MAX = 100;

const JSON_HEADERS = {
  "content-type": "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8",
  "odata-version": "4.0",
};

/** `root`: the address of the service, without a slash at its end. */
export function writeAnswer(
  outcome: Outcome,
  options: Options,
  root: string,
  nowMs: number,
): SimAnswer {
  const context = (of: string): string => `${root}/$metadata${of === "" ? "" : `#${of}`}`;
  const rulesFor = (type: EntityType | undefined): ApplyRules => ({
    type,
    nowMs,
    topMax: SET_TOP_MAX,
  });
  switch (outcome.kind) {
    case "rows": {
      const rules = { ...rulesFor(outcome.type), ...outcome.rules };
      const page = applyOptions(outcome.rows, options, rules);
      const selected = options.select ? `(${options.select.join(",")})` : "";
      return json(200, {
        "@odata.context": context(outcome.context + selected),
        ...(page.count === undefined ? {} : { "@odata.count": page.count }),
        value: page.rows,
      });
    }
    case "entity": {
      const selected = options.select ? `(${options.select.join(",")})` : "";
      const of = outcome.context.replace(/(\/\$entity)?$/, (end) => selected + end);
      const body = {
        "@odata.context": context(of),
        ...writeEntity(outcome.row, options, rulesFor(outcome.type)),
      };
      if (outcome.created === undefined) return json(200, body);
      return json(201, body, { location: `${root}/${outcome.created}` });
    }
    case "count": {
      const all = { ...options, top: undefined, skip: 0, count: true };
      const { count } = applyOptions(outcome.rows, all, rulesFor(outcome.type));
      return { status: 200, headers: { "content-type": "text/plain" }, body: String(count) };
    }
    case "nothing":
      return { status: outcome.status, headers: { "odata-version": "4.0" } };
    case "file":
      return {
        status: 200,
        headers: {
          "content-type": "audio/x-wav",
          "content-disposition": `attachment; filename="${asciiName(outcome.name)}"`,
        },
        body: outcome.bytes,
        pace: outcome.pace,
      };
    default:
      return assertNever(outcome);
  }
}

function json(status: number, body: object, headers: Record<string, string> = {}): SimAnswer {
  return { status, headers: { ...JSON_HEADERS, ...headers }, body };
}

/** Header values are ASCII; the name on disk may not be. */
function asciiName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, "_").replaceAll(/["\\]/g, "_");
}
