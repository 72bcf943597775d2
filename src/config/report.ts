/**
 * What is said about a configuration: its problems as text, and what is in force as a plain object
 * to log.
 */
import type { Config, EndpointConfig, PbxConfig, Problem } from "./config.ts";
import { MASK } from "./secret.ts";
import { maskUrl } from "./urls.ts";

export const PROBLEMS_SHOWN_MAX = 200;

/**
 * One line for each problem, in columns, errors first; ends without a line feed. "" if there is
 * none.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const sorted = problems.toSorted(
    (a, b) => rank(a) - rank(b) || compare(a.file, b.file) || a.line - b.line,
  );
  const rows = sorted.slice(0, PROBLEMS_SHOWN_MAX).map((problem) => ({
    severity: problem.severity,
    place: problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file,
    key: problem.key,
    says: `found ${problem.found}, expected ${problem.expected}`,
  }));
  const severityWidth = Math.max(0, ...rows.map((row) => row.severity.length));
  const placeWidth = Math.max(0, ...rows.map((row) => row.place.length));
  const keyWidth = Math.max(0, ...rows.map((row) => row.key.length));
  const lines = rows.map((row) => {
    const severity = row.severity.padEnd(severityWidth);
    const columns = [severity, row.place.padEnd(placeWidth)];
    if (keyWidth > 0) columns.push(row.key.padEnd(keyWidth));
    return printable([...columns, row.says].join("  "));
  });
  const left = problems.length - rows.length;
  if (left > 0) lines.push(`… and ${left} more`);
  return lines.join("\n");
}

/** "2 errors, 1 warning". */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const parts = [
    errors > 0 ? `${errors} error${errors === 1 ? "" : "s"}` : "",
    warnings > 0 ? `${warnings} warning${warnings === 1 ? "" : "s"}` : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || "no problems";
}

/** The effective configuration, every default filled in and every secret masked; safe to log. */
export function describeConfig(config: Config): Record<string, unknown> {
  return {
    ...config,
    pbxs: config.pbxs.map(describePbx),
    endpoints: config.endpoints.map(describeEndpoint),
    userEndpoints: countByEndpoint(config.userEndpoints),
    listen: `${config.listen.host}:${config.listen.port}`,
    adminToken: config.adminToken === null ? null : MASK,
  };
}

function describePbx(pbx: PbxConfig): Record<string, unknown> {
  return { ...pbx, clientSecret: MASK, ca: pbx.ca === null ? "the system's" : "private" };
}

function describeEndpoint(endpoint: EndpointConfig): Record<string, unknown> {
  return {
    ...endpoint,
    url: endpoint.url === null ? null : maskUrl(endpoint.url),
    recordingUrl: endpoint.recordingUrl === null ? null : maskUrl(endpoint.recordingUrl),
    secrets: endpoint.secrets.map(() => MASK),
    headers: endpoint.headers.map(({ name }) => `${name}: ${MASK}`),
    authorization: endpoint.authorization === null ? null : MASK,
    ca: endpoint.ca === null ? "the system's" : "private",
    client: endpoint.client === null ? null : MASK,
    proxy: endpoint.proxy instanceof Object ? MASK : endpoint.proxy,
    template: endpoint.template === null ? null : `${endpoint.template.length} characters`,
  };
}

function countByEndpoint(users: ReadonlyMap<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of users.values()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function rank(problem: Problem): number {
  return problem.severity === "error" ? 0 : 1;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A report goes to a terminal: nothing in it may move the cursor or break the line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd").trimEnd();
}
