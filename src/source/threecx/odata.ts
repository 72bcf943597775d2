/**
 * Reads rows of XAPI, page by page. `$top` beyond 100 is refused, `nextLink` is often missing, and
 * a server may ignore `$skip`: so a page that brings nothing new ends it. A set's short page ends
 * it as well, unless that may be all that the server gives at once; a report filters what it has paged, so there only an
 * empty page does. A list that changes while it is read is read in pages that overlap.
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

function textOfRow(row: unknown): string {
  return JSON.stringify(row ?? null);
}

interface Paging {
  /** Whoever gives fewer rows than asked for, without a word, gives a multiple of so many. */
  readonly roundRows: number;
  /** So many rows of a page are asked for again with the next. */
  readonly overlapRows: number;
  /** What is the same in a row that is read twice. */
  readonly keyOf: (row: unknown) => string;
}

/** Read every ten minutes or on a wish: one page too many costs nothing. */
const standing: Paging = { roundRows: 5, overlapRows: 0, keyOf: textOfRow };

/**
 * Read every second. With each row that goes between two pages the rest moves up, and without an overlap one of them would
 * be in neither. Two pages take longer and are of two moments: what is no multiple of fifty is taken for the end.
 */
const moving: Paging = {
  roundRows: 50,
  overlapRows: 20,
  // A row of it carries the PBX's time.
  keyOf: (row) => textField(asObject(row) ?? {}, "Id") || textOfRow(row),
};

async function readPages(
  rest: Rest,
  limits: Limits,
  { roundRows, overlapRows, keyOf }: Paging,
  set: string,
  options: string,
): Promise<RowsAnswer> {
  const all: unknown[] = [];
  let lastFirst = "";
  let skip = 0;
  for (let page = 0; page < limits.pagesMax; page += 1) {
    const path = `/xapi/v1/${set}?$top=${limits.pageRows}&$skip=${skip}${options}`;
    const answer = await readPage(rest, limits, path, limits.requestTimeoutMs);
    if (answer.kind !== "page") return answer;
    const { rows, hasNextLink } = answer;
    const first = keyOf(rows[0]);
    if (page > 0 && first === lastFirst) break;
    for (const row of rows) all.push(row);
    const { length } = rows;
    const isFull = length === limits.pageRows || length % roundRows === 0;
    if (length === 0 || !(isFull || hasNextLink)) break;
    lastFirst = first;
    skip += Math.max(length - overlapRows, Math.ceil(length / 2));
  }
  return { kind: "rows", rows: all };
}

/** A set that seldom changes. */
export function readSet(
  rest: Rest,
  limits: Limits,
  set: string,
  options = "",
): Promise<RowsAnswer> {
  return readPages(rest, limits, standing, set, options);
}

/** A list of the moment. A row may be there twice, the later one is the younger. */
export function readMovingSet(rest: Rest, limits: Limits, set: string): Promise<RowsAnswer> {
  return readPages(rest, limits, moving, set, "");
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
    if (rows.length === 0 || textOfRow(rows[0]) === lastFirst) {
      return { kind: "rows", rows: all, isCut: false };
    }
    lastFirst = textOfRow(rows[0]);
    for (const row of rows) all.push(row);
  }
  return { kind: "rows", rows: all, isCut: true };
}
