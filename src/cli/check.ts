/**
 * `offhook check`: is everything right before it matters? Configuration, data directory, log-in at each PBX, which of its DNs
 * this API client does not monitor, and whether the endpoints can be reached. Sends no webhook.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Command } from "commander";
import type { Config, EndpointConfig, PbxConfig } from "../config/config.ts";
import { readProxyEnv } from "../config/proxyEnv.ts";
import { countProblems } from "../config/report.ts";
import { createGuard, type Guard } from "../delivery/guard.ts";
import {
  type DirectoryEntry,
  type Found,
  type Inspection,
  inspectPbx,
} from "../source/threecx/index.ts";
import type { DnKind } from "../tracker/activity.ts";
import { steadyClock } from "../util/clock.ts";
import { hostOf, type ProxyEnv, portOf, proxyFor } from "../util/proxy.ts";
import { type TlsFaultKind, tlsFaultOf } from "../util/tlsFault.ts";
import { checkDataDir } from "./checkDataDir.ts";
import { checkKeeping, checkListing, wantsRecordings } from "./checkRecordings.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";
import type { Finding } from "./finding.ts";

const reachTimeoutMs = 5_000;
/** More DNs than this are counted, not named. */
const namedDnsMax = 40;

export function checkCommand(context: CliContext): Command {
  return new Command("check")
    .description("check configuration, PBX log-in, monitored DNs and endpoints; send nothing")
    .option(...CONFIG_OPTION)
    .addHelpText(
      "after",
      `
A PBX has one valid token for each API client: while the service runs with the same
client, this check takes its token, and the service fetches a new one at once.
Ends with 0 if nothing failed (warnings are no failures), 1 if something did, 2 if the
configuration is wrong.`,
    )
    .action((said: { config?: string }) => check(context, said.config));
}

async function check(context: CliContext, file: string | undefined): Promise<void> {
  const loaded = await configured(context, file);
  if (loaded === null) return;
  const { config, problems } = loaded;
  const odd = problems.length > 0;
  const says = odd ? `${countProblems(problems)}, see above` : "no problems";
  const findings: Finding[] = [
    { mark: odd ? "warn" : "ok", what: "configuration", says: `${loaded.file}: ${says}` },
    await checkDataDir(config),
  ];
  const proxyEnv = readProxyEnv(context.env);
  for (const pbx of config.pbxs) findings.push(...(await checkPbx(pbx, config, proxyEnv)));
  if (config.pbxs.some(({ name }) => wantsRecordings(config, name))) {
    findings.push(await checkKeeping(config, proxyEnv));
  }
  const reached = config.endpoints.map((endpoint) => checkEndpoint(endpoint, proxyEnv));
  findings.push(...(await Promise.all(reached)).flat());
  print(...table(findings.map(({ mark, what, says }) => [mark, what, says])));
  const checks = findings.filter(({ isDetail }) => !isDetail);
  const failed = checks.filter(({ mark }) => mark === "FAIL").length;
  print("", failed === 0 ? "Nothing failed." : `${failed} of ${checks.length} checks failed.`);
  context.exitCode = failed === 0 ? 0 : 1;
}

async function checkPbx(pbx: PbxConfig, config: Config, proxyEnv: ProxyEnv): Promise<Finding[]> {
  const what = `pbx ${pbx.name}`;
  const inspection = inspectPbx({ pbx, clock: steadyClock(), proxyEnv });
  try {
    const login = await inspection.logIn();
    if (login.kind !== "found") return [{ mark: "FAIL", what, says: login.reason }];
    const findings: Finding[] = [{ mark: "ok", what, says: `log-in accepted at ${pbx.url}` }];
    const visible = await inspection.visibleDns();
    if (visible.kind !== "found") {
      return [...findings, { mark: "FAIL", what: `${what} call control`, says: visible.reason }];
    }
    const seen = new Set(visible.value.map(({ dn }) => dn));
    const monitored = new Set([...seen].filter((dn) => dn !== pbx.clientId)).size;
    findings.push({
      mark: monitored > 0 ? "ok" : "FAIL",
      what: `${what} call control`,
      says:
        monitored > 0
          ? `${monitored === 1 ? "1 DN is" : `${monitored} DNs are`} monitored`
          : "No extension is monitored, so nothing would be told. Select them in the admin console: " +
            "Integrations → API → the client → Select Extensions.",
    });
    const feed = await inspection.feed();
    findings.push(
      feed.kind === "found"
        ? { mark: "ok", what: `${what} events`, says: "the WebSocket opens" }
        : { mark: "FAIL", what: `${what} events`, says: feed.reason },
    );
    const directory = await inspection.pbxDns();
    findings.push(...silentDns(what, directory, seen));
    // What is closed altogether is said once.
    if (directory.kind === "found") findings.push(...(await checkLists(what, pbx, inspection)));
    if (!wantsRecordings(config, pbx.name)) return findings;
    return [...findings, await checkListing(config, pbx.name, inspection.recordings)];
  } finally {
    await inspection.close();
  }
}

async function checkLists(
  what: string,
  { activeCallsPollMs }: PbxConfig,
  inspection: Inspection,
): Promise<Finding[]> {
  const findingOf = (list: string, found: Found<null>): Finding =>
    found.kind === "found"
      ? { mark: "ok", what: `${what} ${list}`, says: "can be read" }
      : { mark: "warn", what: `${what} ${list}`, says: found.reason };
  return [
    ...(activeCallsPollMs === 0 ? [] : [findingOf("active calls", await inspection.activeCalls())]),
    findingOf("call log", await inspection.callLog()),
  ];
}

const kindNames: Partial<Record<DnKind, string>> = { ivr: "IVR", ringgroup: "ring group" };

/** Which DNs of the PBX this API client does not see, by name. */
function silentDns(
  what: string,
  all: Found<readonly DirectoryEntry[]>,
  seen: ReadonlySet<string>,
): Finding[] {
  const directory = `${what} directory`;
  if (all.kind !== "found") {
    const says = `${all.reason} So this check cannot tell which DNs are not monitored.`;
    return [{ mark: "warn", what: directory, says }];
  }
  const silent = all.value.filter(({ number }) => !seen.has(number));
  const counted = `${all.value.length} extensions, queues, IVRs and ring groups`;
  if (silent.length === 0) {
    return [{ mark: "ok", what: directory, says: `${counted}, all monitored` }];
  }
  const says =
    `Not monitored: ${silent.length} of ${counted}. What rings or is dialled there is not told; ` +
    "that it answered a call told of before, and through which queue, IVR or ring group a call comes, is told " +
    "late, from the list of active calls. To monitor them: the PBX's admin console, Integrations → API, " +
    "Select Extensions.";
  const detail = (of: string, line: string): Finding => {
    return { mark: "warn", what: `  ${of}`, says: line, isDetail: true };
  };
  const named = silent
    .slice(0, namedDnsMax)
    .map(({ number, name, kind }) => detail(number, `${kindNames[kind] ?? kind} ${name}`.trim()));
  const left = silent.length - named.length;
  const more = left > 0 ? [detail("…", `${left} more`)] : [];
  return [{ mark: "warn", what: directory, says }, ...named, ...more];
}

async function checkEndpoint(endpoint: EndpointConfig, proxyEnv: ProxyEnv): Promise<Finding[]> {
  const targets = new Set([endpoint.url, endpoint.recordingUrl].filter((url) => url !== null));
  const origins = new Set([...targets].map((url) => new URL(url).origin));
  const findings = [...origins].map(async (origin): Promise<Finding> => {
    const what = `endpoint ${endpoint.name}`;
    const proxy = proxyOf(endpoint, origin, proxyEnv);
    const target = proxy ?? new URL(origin);
    const via = proxy === null ? "" : `its proxy ${proxy.host} `;
    const guard = createGuard({ ...endpoint, ownPort: () => null });
    const { host, port } = placeOf(new URL(origin));
    // Behind a proxy, what the URL itself says is all that we can refuse.
    const fault =
      guard.checkHost(host, port)?.message ??
      (await reach(target, proxy === null ? { endpoint, guard } : null));
    return fault === null
      ? { mark: "ok", what, says: `${origin}: ${via}can be reached` }
      : { mark: "FAIL", what, says: `${origin}: ${via}cannot be reached: ${fault}` };
  });
  return Promise.all(findings);
}

function proxyOf({ proxy }: EndpointConfig, origin: string, proxyEnv: ProxyEnv): URL | null {
  if (proxy === null) return proxyFor(origin, proxyEnv);
  return proxy === "none" ? null : new URL(proxy.reveal());
}

/**
 * Opens a connection (with TLS for https) and closes it; null if that works, else why not. As the endpoint's
 * requests do it, null = to a proxy.
 */
function reach(
  target: URL,
  as: { readonly endpoint: EndpointConfig; readonly guard: Guard } | null,
): Promise<string | null> {
  const tls = target.protocol === "https:";
  const { host, port } = placeOf(target);
  const to = { host, port, ...(as && { lookup: as.guard.lookup(port) }) };
  return new Promise((resolve) => {
    let socket: Socket;
    const done = (fault: string | null): void => {
      socket.destroy();
      resolve(fault);
    };
    if (tls) {
      const servername = /^[\d.]+$|:/.test(host) ? "" : host;
      socket = connectTls({ ...to, ...(as && tlsOf(as.endpoint)), servername }, () => done(null));
    } else {
      socket = connectTcp(to, () => done(null));
    }
    socket.setTimeout(reachTimeoutMs, () => done(`no answer within ${reachTimeoutMs / 1000} s`));
    socket.on("error", (error) => done(faultOf(error, target.host)));
  });
}

const placeOf = (url: URL) => ({ host: hostOf(url), port: Number(portOf(url)) });

function tlsOf({ ca, client }: EndpointConfig) {
  return {
    ...(ca === null ? {} : { ca }),
    ...(client === null ? {} : { cert: client.cert, key: client.key.reveal() }),
  };
}

/** What follows from a receiver's certificate. */
const tlsWaysOut: Readonly<Record<TlsFaultKind, string>> = {
  untrusted: "Set WEBHOOK_CA_FILE (CA_FILE in a section) to a file with the receiver's authority.",
  otherName: "Set the URL to a name that the certificate has.",
  notValidNow: "Have it renewed at the receiver, or set this machine's clock.",
  plain: "Check the URL's port, or use http:// within your own network.",
};

function faultOf(error: Error, host: string): string {
  const fault = tlsFaultOf(error, host);
  return fault === null ? error.message : `${fault.says} ${tlsWaysOut[fault.kind]}`;
}
