/**
 * Reads rows of XAPI, page by page. `$top` beyond 100 is refused, `nextLink` is often missing, and
 * a server may ignore `$skip`: so a page that brings nothing new ends it. A set's short page ends
 * it as well, unless that may be all that the server gives at once; a report filters what it has paged, so there only an
 * empty page does.
 */
import type { Limits } from "./limits.ts";
import { parseRows } from "./parse.ts";
import type { Rest, RestAnswer } from "./rest.ts";
import { asObject, textField } from "./values.ts";

type NoRows = Exclude<RestAnswer, { kind: "ok" }>;

export type RowsAnswer = { readonly kind: "rows"; readonly rows: readonly unknown[] } | NoRows;

export type ReportAnswer =
  | {
      readonly kind: "rows";
      readonly rows: readonly unknown[];
      /** There was more than may be read. */
      readonly isCut: boolean;
    }
  | NoRows;

interface Page {
  readonly kind: "page";
  readonly rows: readonly unknown[];
  readonly hasNextLink: boolean;
}

async function readPage(
  rest: Rest,
  limits: Limits,
  path: string,
  timeoutMs: number,
): Promise<Page | NoRows> {
  const answer = await rest.get({ part: "xapi", path, bytesMax: limits.pageBytesMax, timeoutMs });
  if (answer.kind !== "ok") return answer;
  const rows = parseRows(answer.body);
  if (rows === null) {
    return { kind: "notUnderstood", reason: `The answer to GET ${path} is no list.` };
  }
  const body = asObject(answer.body);
  const hasNextLink = body !== null && textField(body, "@odata.nextLink") !== "";
  return { kind: "page", rows, hasNextLink };
}

function firstOf(rows: readonly unknown[]): string {
  return JSON.stringify(rows[0] ?? null);
}

/**
 * Whoever gives fewer rows than asked for, without a word, gives a round number of them. Not every ten: the list of active
 * calls is read every second, and would often be read in two pages, which takes longer and is of two moments.
 */
const roundRows = 50;

function isFull({ length }: readonly unknown[], { pageRows }: Limits): boolean {
  return length === pageRows || length % roundRows === 0;
}

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
    const answer = await readPage(rest, limits, path, limits.requestTimeoutMs);
    if (answer.kind !== "page") return answer;
    const { rows, hasNextLink } = answer;
    if (page > 0 && firstOf(rows) === lastFirst) break;
    for (const row of rows) all.push(row);
    const goesOn = isFull(rows, limits) || hasNextLink;
    if (!goesOn || rows.length === 0) break;
    lastFirst = firstOf(rows);
  }
  return { kind: "rows", rows: all };
}

/** `report`: the function with all its parameters. `timeLeftMs` ends the reading as a whole. */
export async function readReport(
  rest: Rest,
  limits: Limits,
  report: string,
  timeLeftMs: () => number,
): Promise<ReportAnswer> {
  const all: unknown[] = [];
  let lastFirst = "";
  for (let page = 0; page < limits.logPagesMax; page += 1) {
    const skip = page * limits.pageRows;
    const path = `/xapi/v1/${report}?$top=${limits.pageRows}&$skip=${skip}`;
    const timeoutMs = Math.max(1, Math.min(limits.requestTimeoutMs, timeLeftMs()));
    const answer = await readPage(rest, limits, path, timeoutMs);
    if (answer.kind !== "page") return answer;
    const { rows } = answer;
    if (rows.length === 0 || firstOf(rows) === lastFirst) {
      return { kind: "rows", rows: all, isCut: false };
    }
    lastFirst = firstOf(rows);
    for (const row of rows) all.push(row);
  }
  return { kind: "rows", rows: all, isCut: true };
}
