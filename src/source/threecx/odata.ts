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

export type RowsAnswer =
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
  path: string,
  bytesMax: number,
  timeoutMs: number,
): Promise<Page | NoRows> {
  const answer = await rest.get({ part: "xapi", path, bytesMax, timeoutMs });
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
  /** How much later the next page begins, after one of so many rows. */
  readonly stepRows: (rows: number, asked: number) => number;
  /** What is the same in a row that is read twice. */
  readonly keyOf: (row: unknown) => string;
}

/** Read every ten minutes or on a wish: one page too many costs nothing. */
const standing: Paging = { roundRows: 5, stepRows: (rows) => rows, keyOf: textOfRow };

/** So many rows of a page are asked for again with the next. */
const overlapRows = 20;

/**
 * Read every second. With each row that goes between two pages the rest moves up, and without an overlap one of them would
 * be in neither. Two pages take longer and are of two moments: what is no multiple of fifty is taken for the end.
 */
const moving: Paging = {
  roundRows: 50,
  stepRows: (rows) => Math.max(rows - overlapRows, Math.ceil(rows / 2)),
  // A row of it carries the PBX's time.
  keyOf: (row) => textField(asObject(row) ?? {}, "Id") || textOfRow(row),
};

/** Filters what it has paged: any page may be short, and the next begins where a full one would have ended. */
const reported: Paging = { roundRows: 1, stepRows: (_, asked) => asked, keyOf: textOfRow };

interface Reading {
  /** The set, or the function with all its parameters. */
  readonly of: string;
  readonly options?: string;
  readonly pagesMax: number;
  readonly timeoutMs: () => number;
}

async function readPages(
  rest: Rest,
  { pageRows, pageBytesMax }: Limits,
  { roundRows, stepRows, keyOf }: Paging,
  { of, options = "", pagesMax, timeoutMs }: Reading,
): Promise<RowsAnswer> {
  const all: unknown[] = [];
  let lastFirst = "";
  let skip = 0;
  for (let page = 0; page < pagesMax; page += 1) {
    const path = `/xapi/v1/${of}?$top=${pageRows}&$skip=${skip}${options}`;
    const answer = await readPage(rest, path, pageBytesMax, timeoutMs());
    if (answer.kind !== "page") return answer;
    const { rows, hasNextLink } = answer;
    const { length } = rows;
    const first = keyOf(rows[0]);
    const whole = { kind: "rows", rows: all, isCut: false } as const;
    if (length === 0 || first === lastFirst) return whole;
    for (const row of rows) all.push(row);
    const isFull = length === pageRows || length % roundRows === 0;
    if (!(isFull || hasNextLink)) return whole;
    lastFirst = first;
    skip += stepRows(length, pageRows);
  }
  return { kind: "rows", rows: all, isCut: true };
}

/** A set that seldom changes. */
export function readSet(
  rest: Rest,
  limits: Limits,
  set: string,
  options = "",
): Promise<RowsAnswer> {
  return readPages(rest, limits, standing, { ...ofSet(limits, set), options });
}

/** A list of the moment. A row may be there twice, the later one is the younger. */
export function readMovingSet(rest: Rest, limits: Limits, set: string): Promise<RowsAnswer> {
  return readPages(rest, limits, moving, ofSet(limits, set));
}

function ofSet({ pagesMax, requestTimeoutMs }: Limits, set: string): Reading {
  return { of: set, pagesMax, timeoutMs: () => requestTimeoutMs };
}

/** `report`: the function with all its parameters. `timeLeftMs` ends the reading as a whole. */
export function readReport(
  rest: Rest,
  limits: Limits,
  report: string,
  timeLeftMs: () => number,
): Promise<RowsAnswer> {
  const { logPagesMax: pagesMax, requestTimeoutMs } = limits;
  const timeoutMs = () => Math.max(1, Math.min(requestTimeoutMs, timeLeftMs()));
  return readPages(rest, limits, reported, { of: report, pagesMax, timeoutMs });
}
