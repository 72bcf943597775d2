/**
 * Reads a whole XAPI set, page by page. `$top` beyond 100 is refused, `nextLink` is often missing,
 * and a server may ignore `$skip`: so a short page ends it, and a page that brings nothing new
 * does too.
 */
import type { Limits } from "./limits.ts";
import { parseRows } from "./parse.ts";
import type { Rest, RestAnswer } from "./rest.ts";
import { asObject, textField } from "./values.ts";

export type RowsAnswer =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | Exclude<RestAnswer, { kind: "ok" }>;

export async function readSet(
  rest: Rest,
  limits: Limits,
  set: string,
  options = "",
): Promise<RowsAnswer> {
  const all: unknown[] = [];
  let lastFirst = "";
  for (let page = 0; page < limits.pagesMax; page += 1) {
    const path = `/xapi/v1/${set}?$top=${limits.pageRows}&$skip=${all.length}${options}`;
    const answer = await rest.get({ part: "xapi", path, bytesMax: limits.pageBytesMax });
    if (answer.kind !== "ok") return answer;
    const rows = parseRows(answer.body);
    if (rows === null) {
      return { kind: "notUnderstood", reason: `The answer to GET ${path} is no list.` };
    }
    const first = JSON.stringify(rows[0] ?? null);
    if (page > 0 && first === lastFirst) break;
    lastFirst = first;
    for (const row of rows) all.push(row);
    const body = asObject(answer.body);
    const goesOn = rows.length === limits.pageRows || (body !== null && hasNextLink(body));
    if (!goesOn || rows.length === 0) break;
  }
  return { kind: "rows", rows: all };
}

function hasNextLink(body: Readonly<Record<string, unknown>>): boolean {
  return textField(body, "@odata.nextLink") !== "";
}
