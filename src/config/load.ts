/**
 * TCXWebAPI.ini, Users.csv, secret files and the environment → the configuration, or everything
 * that is wrong with it at once (docs/contract.md §5, docs/configuration.md).
 * What must hold: never throws over what a file holds; `config` is null exactly if there is an
 * error; no secret is in a problem.
 */
import { dirname, resolve } from "node:path";
import type { Config, EndpointConfig, PbxConfig, Problem } from "./config.ts";
import { readEndpoints } from "./endpoints.ts";
import { INI_BYTES_MAX, type IniFile, type IniSection, parseIni } from "./ini.ts";
import { keys } from "./keys.ts";
import { readPbxs } from "./pbxs.ts";
import {
  type Env,
  fingerprint,
  type Gathered,
  type ReadFile,
  readBytes,
  SectionReader,
} from "./reader.ts";
import { readBucket, readRecordings } from "./recordings.ts";
import { secret } from "./secret.ts";
import { unknownKeys } from "./unknownKeys.ts";
import { type Routed, routeUsers } from "./userEndpoints.ts";
import { hostInUrl } from "./values.ts";

export const FILE_NAME = "TCXWebAPI.ini";
const SYSTEM_FILE = `/etc/offhook/${FILE_NAME}`;
const ADMIN_TOKEN_CHARS_MIN = 16;
const RESERVED_NAMES = new Set(["main", "default", "second", "monitor"]);

export interface LoadOptions {
  /** What `--config` says; relative to `cwd`. */
  readonly file?: string | undefined;
  readonly env: Env;
  readonly cwd: string;
  /** Where to look last; tests bring their own. */
  readonly systemFile?: string;
  /** `aside`: nothing will be routed, so whatever is wrong with Users.csv is a warning. */
  readonly users?: "needed" | "aside";
}

export interface Loaded {
  /** null exactly if a problem is an error. */
  readonly config: Config | null;
  readonly problems: readonly Problem[];
  /** The ini that was read or sought. */
  readonly file: string;
  /** Every other file on which the outcome depends; for `watchConfig`. */
  readonly alsoFiles: readonly string[];
  /** What each of these files held, as fingerprints. */
  readonly contents: ReadonlyMap<string, string>;
}

export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  const { file, read } = await findFile(options);
  const contents = new Map([[file, fingerprint(read)]]);
  const problems: Problem[] = [];
  const gathered: Gathered = { file, dir: dirname(file), env: options.env, problems, contents };
  const config =
    read.kind === "read"
      ? await readAll(read.bytes, gathered, options)
      : noteUnread(read, gathered, options);
  const failed = problems.some((problem) => problem.severity === "error");
  const alsoFiles = [...contents.keys()].filter((path) => path !== file);
  return { config: failed ? null : config, problems, file, alsoFiles, contents };
}

interface Found {
  readonly file: string;
  readonly read: ReadFile;
}

/** The first place that holds a file, be it readable or not; else the first place. */
async function findFile({ file, cwd, systemFile = SYSTEM_FILE }: LoadOptions): Promise<Found> {
  const first = resolve(cwd, file ?? FILE_NAME);
  const read = await readBytes(first);
  if (file !== undefined || read.kind === "read" || !read.missing) return { file: first, read };
  const second = await readBytes(systemFile);
  const none = second.kind === "unread" && second.missing;
  return none ? { file: first, read } : { file: systemFile, read: second };
}

function noteUnread(
  { why, missing }: Extract<ReadFile, { kind: "unread" }>,
  gathered: Gathered,
  { file, systemFile = SYSTEM_FILE }: LoadOptions,
): null {
  const found = missing && file === undefined ? `${why}, nor ${systemFile}` : why;
  const expected = missing
    ? "an ini there, or its path by --config FILE"
    : `a text file of at most ${INI_BYTES_MAX} bytes that this user may read`;
  note(gathered, { key: "", found, expected });
  return null;
}

async function readAll(
  bytes: Uint8Array,
  gathered: Gathered,
  { users = "needed" }: LoadOptions,
): Promise<Config | null> {
  const ini = parseIni(bytes);
  for (const problem of ini.problems) note(gathered, problem);
  // What is in a file that cannot be read is not missing.
  if (ini.sections.length === 0) return null;
  for (const section of ini.sections) {
    gathered.problems.push(...unknownKeys(gathered.file, section));
  }
  const sections = readersOf(ini, gathered);
  const pbxs = await readPbxs(sections.top, sections.pbxs);
  const listen = sections.top.get(keys.top.listen);
  const endpoints = await readEndpoints(sections.top, sections.endpoints, pbxs, listen);
  if (endpoints.length === 0) {
    const expected = "WEBHOOK_URL = https://…, or an [endpoint.NAME] section with a URL";
    sections.top.error(keys.default.url, "nothing to send to", expected);
  }
  const before = gathered.problems.length;
  const routed = await routeUsers(sections.top, endpoints, gathered);
  if (users === "aside") {
    const found = gathered.problems.splice(before);
    gathered.problems.push(...found.map((each) => ({ ...each, severity: "warning" as const })));
  }
  return assemble(sections.top, pbxs, routed, listen, gathered.file);
}

function readersOf(ini: IniFile, gathered: Gathered) {
  const empty: IniSection = { kind: "top", name: "", line: 0, entries: new Map() };
  const of = (kind: "pbx" | "endpoint") =>
    ini.sections.filter((section) => {
      if (section.kind !== kind || !RESERVED_NAMES.has(section.name.toLowerCase())) {
        return section.kind === kind;
      }
      const found = `[${kind}.${section.name}]`;
      const taken = [...RESERVED_NAMES].join(", ");
      const expected = `another name; ${taken} are what the top-level keys make`;
      note(gathered, { key: "", line: section.line, found, expected });
      return false;
    });
  const reader = (section: IniSection) => new SectionReader(section, gathered);
  const top = reader(ini.sections.find((section) => section.kind === "top") ?? empty);
  return { top, pbxs: of("pbx").map(reader), endpoints: of("endpoint").map(reader) };
}

async function assemble(
  top: SectionReader,
  pbxs: readonly PbxConfig[],
  { endpoints, userEndpoints }: Routed,
  listen: Config["listen"],
  file: string,
): Promise<Config> {
  await refuseDatabase(top);
  return {
    file,
    pbxs,
    endpoints,
    userEndpoints,
    listen,
    publicUrl: readPublicUrl(top, listen, endpoints),
    recordings: await readRecordings(top, endpoints),
    bucket: await readBucket(top),
    trustedProxies: top.get(keys.recordings.trustedProxies),
    dataDir: top.path(top.get(keys.top.dataDir)),
    retentionDays: top.get(keys.top.retentionDays),
    retentionMb: top.get(keys.top.retentionMb),
    replayPerS: top.get(keys.top.replayPerS),
    adminToken: await readAdminToken(top),
    callbackHoldMs: top.get(keys.top.callbackHoldMs),
    logLevel: top.get(keys.top.logLevel),
  };
}

function readPublicUrl(
  top: SectionReader,
  listen: Config["listen"],
  endpoints: readonly EndpointConfig[],
): string {
  const key = keys.top.publicUrl;
  const url = top.get(key);
  if (url !== null) return url;
  const fallback = `http://${hostInUrl(listen.host)}:${listen.port}`;
  if (!top.has(key) && endpoints.some((endpoint) => endpoint.recordingUrl !== null)) {
    const expected =
      "the address by which receivers reach us: only this machine can fetch recordings";
    top.warning(key, `nothing, so ${fallback} is taken`, expected);
  }
  return fallback;
}

async function refuseDatabase(top: SectionReader): Promise<void> {
  const key = keys.top.databaseUrl;
  if ((await top.secret(key)) === null) return;
  const expected = "no such key: this version keeps its store in DATA_DIR alone";
  top.error(key, "a database", expected);
}

async function readAdminToken(top: SectionReader): Promise<Config["adminToken"]> {
  const key = keys.top.adminToken;
  const token = await top.secret(key);
  if (token === null) return null;
  if (token.length < ADMIN_TOKEN_CHARS_MIN) {
    const found = `a token of ${token.length} characters`;
    top.warning(key, found, `at least ${ADMIN_TOKEN_CHARS_MIN}, as whoever guesses it is let in`);
  }
  return secret(token);
}

function note(
  { file, problems }: Gathered,
  problem: Omit<Problem, "severity" | "file" | "line"> & { readonly line?: number },
): void {
  problems.push({ severity: "error", file, line: 0, ...problem });
}
