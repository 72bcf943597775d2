/**
 * Bytes of Users.csv → the extensions that go elsewhere than the first pair of URLs. Pure, never
 * throws.
 * One extension a line, `#` comments, optionally a second column that names an endpoint; `,` or
 * `;` (or a tab) between them; a header line is tolerated (docs/contract.md §5).
 * The format has no quoting beyond what a spreadsheet puts around a plain cell, and all problems
 * are wanted at once; a CSV library stops at the first, so lines are split here.
 */
import { decodeUtf8 } from "./utf8.ts";

export const USERS_BYTES_MAX = 4 * 1024 * 1024;
export const USERS_MAX = 50_000;

export interface UserLine {
  readonly line: number;
  readonly user: string;
  /** As written; "" = no second column. */
  readonly endpoint: string;
}

export interface UsersProblem {
  readonly severity: "error" | "warning";
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

export interface UsersFile {
  readonly users: readonly UserLine[];
  readonly problems: readonly UsersProblem[];
}

const USER_SHAPE = /^[0-9*][0-9A-Za-z*#_.-]{0,31}$/;
/** What the PBX can have; the rest matches nobody, such as a range or a number made `101.0` by a spreadsheet. */
const NUMBER_SHAPE = /^[0-9*#]+$/;
const COMMENT = /(^|\s)#.*$/;

export function parseUsers(bytes: Uint8Array): UsersFile {
  const decoded = decodeUtf8(bytes, USERS_BYTES_MAX);
  if (decoded.kind === "bad") {
    return { users: [], problems: [{ severity: "error", ...decoded.problem }] };
  }
  const users = new Map<string, UserLine>();
  const problems: UsersProblem[] = [];
  let headerPossible = true;
  for (const [index, raw] of decoded.lines.entries()) {
    const text = raw.replace(COMMENT, "").trim();
    if (text === "") continue;
    const [user = "", endpoint = "", ...rest] = text.split(/[,;\t]/).map(cell);
    const line = index + 1;
    if (headerPossible && !/\d/.test(user)) {
      headerPossible = false;
      continue;
    }
    headerPossible = false;
    if (rest.some((more) => more !== "")) {
      const found = `${rest.length + 2} columns`;
      const expected = "an extension and at most one endpoint; the rest is ignored";
      problems.push({ severity: "warning", line, found, expected });
    }
    addUser({ line, user, endpoint }, users, problems);
    if (users.size > USERS_MAX) {
      const expected = `at most ${USERS_MAX}; the lines from here on were not read`;
      problems.push({ severity: "error", line, found: "too many extensions", expected });
      break;
    }
  }
  return { users: [...users.values()], problems };
}

function addUser(added: UserLine, users: Map<string, UserLine>, problems: UsersProblem[]): void {
  const { line, user, endpoint } = added;
  if (!USER_SHAPE.test(user)) {
    const expected = "an extension's number, e.g. 101, or a # in front of a comment";
    problems.push({ severity: "error", line, found: JSON.stringify(user.slice(0, 40)), expected });
    return;
  }
  if (!NUMBER_SHAPE.test(user)) {
    const expected = "one extension's number a line; this matches only a user called exactly so";
    problems.push({ severity: "warning", line, found: JSON.stringify(user), expected });
  }
  const earlier = users.get(user);
  if (earlier === undefined) users.set(user, added);
  else if (earlier.endpoint.toLowerCase() !== endpoint.toLowerCase()) {
    const found = `${user} a second time, with another endpoint`;
    const expected = `each extension once; it stands on line ${earlier.line} already`;
    problems.push({ severity: "error", line, found, expected });
  }
}

function cell(text: string): string {
  return text
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .trim();
}
