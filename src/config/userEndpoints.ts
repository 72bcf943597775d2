/** What Users.csv says: which endpoint gets the events of which extension. */
import type { EndpointConfig, Problem } from "./config.ts";
import { keys } from "./keys.ts";
import type { Gathered, SectionReader } from "./reader.ts";
import { parseUsers, type UserLine } from "./usersCsv.ts";

const DEFAULT_USERS_FILE = "Users.csv";

export interface Routed {
  readonly endpoints: readonly EndpointConfig[];
  readonly userEndpoints: ReadonlyMap<string, string>;
}

export async function routeUsers(
  top: SectionReader,
  endpoints: readonly EndpointConfig[],
  gathered: Gathered,
): Promise<Routed> {
  const lines = await readUsers(top, gathered);
  const byName = new Map(endpoints.map((endpoint) => [endpoint.name.toLowerCase(), endpoint.name]));
  const userEndpoints = new Map<string, string>();
  for (const { file, line, user, endpoint: named } of lines) {
    const wanted = named === "" ? "second" : named.toLowerCase();
    if (wanted === "default") continue;
    const name = byName.get(wanted);
    if (name !== undefined && name !== "monitor") userEndpoints.set(user, name);
    else if (named !== "" || wanted !== "second") {
      const possible = [...byName.values()].filter((each) => each !== "monitor");
      const found = name === "monitor" ? "monitor, which gets everything" : JSON.stringify(named);
      const expected = `an endpoint of the ini: ${possible.join(", ") || "there is none"}`;
      gathered.problems.push({ severity: "error", file, line, key: user, found, expected });
    }
  }
  warnOfSecondPair(top, lines, byName.has("second"), gathered.problems);
  const named = new Set(userEndpoints.values());
  return {
    userEndpoints,
    endpoints: endpoints.map((endpoint) =>
      named.has(endpoint.name) ? { ...endpoint, receives: "listed" } : endpoint,
    ),
  };
}

interface PlacedUser extends UserLine {
  readonly file: string;
}

async function readUsers(top: SectionReader, gathered: Gathered): Promise<readonly PlacedUser[]> {
  const key = keys.top.usersFile;
  const named = top.get(key);
  const file = top.path(named ?? DEFAULT_USERS_FILE);
  const read = await top.file(file);
  if (read.kind === "unread") {
    if (named !== null || !read.missing) {
      top.error(key, `${file}: ${read.why}`, "a file with one extension a line");
    }
    return [];
  }
  const { users, problems } = parseUsers(read.bytes);
  gathered.problems.push(...problems.map((problem) => ({ file, key: "", ...problem })));
  return users.map((user) => ({ ...user, file }));
}

function warnOfSecondPair(
  top: SectionReader,
  lines: readonly PlacedUser[],
  hasSecond: boolean,
  problems: Problem[],
): void {
  const forSecond = lines.filter(({ endpoint }) => ["", "second"].includes(endpoint.toLowerCase()));
  const [first] = forSecond;
  if (hasSecond && first === undefined) {
    const key = top.has(keys.second.url) ? keys.second.url : keys.second.recordingUrl;
    const found = "an address to which nothing is ever sent";
    top.warning(key, found, "extensions in Users.csv, whose calls it is to get");
  } else if (!hasSecond && first !== undefined && first.endpoint === "") {
    const found = `${forSecond.length} extensions without an endpoint`;
    const expected =
      "WEBHOOK_URL_2 in the ini, or an endpoint in the second column; until then they stay";
    const { file, line } = first;
    problems.push({ severity: "warning", file, line, key: "", found, expected });
  }
}
