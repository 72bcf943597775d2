/**
 * The PBXs of the configuration: the top-level `PBX_…` keys ("main") and the `[pbx.NAME]` sections.
 */
import type { PbxConfig } from "./config.ts";
import { keys } from "./keys.ts";
import { readCa } from "./pem.ts";
import type { SectionReader } from "./reader.ts";
import { secret } from "./secret.ts";
import { isLoopback } from "./urls.ts";

const PBXS_MAX = 20;

type PbxKeys = typeof keys.main | typeof keys.pbx;
type Pace = Pick<PbxConfig, "reconnectMinMs" | "reconnectMaxMs" | "activeCallsPollMs">;

export async function readPbxs(
  top: SectionReader,
  sections: readonly SectionReader[],
): Promise<readonly PbxConfig[]> {
  const pace = readPace(top);
  const mainIsMeant = sections.length === 0 || Object.values(keys.main).some((key) => top.has(key));
  const pbxs = mainIsMeant ? [await readPbx("main", top, keys.main, pace)] : [];
  const envNames = new Map<string, SectionReader>();
  for (const [index, reader] of sections.entries()) {
    if (index === PBXS_MAX) reader.error(keys.pbx.url, "one PBX too many", `at most ${PBXS_MAX}`);
    const envName = reader.envName(keys.pbx.clientSecret);
    const twin = envNames.get(envName);
    if (twin !== undefined) {
      const found = `a name that is read like [pbx.${twin.section.name}] in ${envName}`;
      reader.error(keys.pbx.clientSecret, found, "names that differ in more than - and _");
    }
    envNames.set(envName, reader);
    pbxs.push(await readPbx(reader.section.name, reader, keys.pbx, readPace(reader, pace)));
  }
  return pbxs;
}

async function readPbx(
  name: string,
  reader: SectionReader,
  names: PbxKeys,
  pace: Pace,
): Promise<PbxConfig> {
  const clientSecret = await reader.secret(names.clientSecret);
  const url = reader.get(names.url);
  const clientId = reader.get(names.clientId);
  requirePresent(reader, names.url, "https://fqdn[:port] of the PBX");
  requirePresent(reader, names.clientId, "the client id that the PBX shows for its API client");
  if (clientSecret === null && !reader.has(names.clientSecret) && !hasFile(reader, names)) {
    const way = `the key, ${names.clientSecret.name}_FILE or ${reader.envName(names.clientSecret)}`;
    reader.error(names.clientSecret, "nothing", `the API key of the client, by ${way}`);
  }
  if (clientSecret !== null && /\s|^(["']).*\1$/.test(clientSecret)) {
    const found = "*** with a blank, a line end or quotes";
    reader.warning(names.clientSecret, found, "the API key alone, as it is sent as it stands");
  }
  checkTransport(reader, names, url);
  return {
    name,
    url: url ?? "",
    clientId: clientId ?? "",
    clientSecret: secret(clientSecret ?? ""),
    ca: await readCa(reader, names.caFile),
    tlsVerify: reader.get(names.tlsVerify),
    timezone: reader.get(names.timezone) ?? machineZone(),
    ...pace,
  };
}

function hasFile(reader: SectionReader, names: PbxKeys): boolean {
  return reader.section.entries.has(`${names.clientSecret.name}_FILE`);
}

function requirePresent(
  reader: SectionReader,
  key: PbxKeys["url"] | PbxKeys["clientId"],
  expected: string,
): void {
  if (!reader.has(key)) reader.error(key, "nothing", expected);
}

function checkTransport(reader: SectionReader, names: PbxKeys, url: string | null): void {
  const allowHttp = reader.get(names.allowHttp);
  if (!reader.get(names.tlsVerify)) {
    const expected = "1, with a private CA in CA_FILE: nobody proves to be the PBX now";
    reader.warning(names.tlsVerify, "0, the PBX's certificate is not verified", expected);
  }
  if (url === null) return;
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || isLoopback(hostname)) return;
  if (allowHttp) {
    reader.warning(names.url, url, "https://, as the API key crosses the network in clear text");
  } else {
    const allow = `${names.allowHttp.name}=1`;
    const expected = `https://, as http:// is only for this machine (or with ${allow})`;
    reader.error(names.url, url, expected);
  }
}

function readPace(reader: SectionReader, inherited?: Pace): Pace {
  const names = inherited === undefined ? keys.pace : keys.pbxPace;
  const pace = {
    reconnectMinMs: reader.get(names.reconnectMinMs) ?? inherited?.reconnectMinMs ?? 0,
    reconnectMaxMs: reader.get(names.reconnectMaxMs) ?? inherited?.reconnectMaxMs ?? 0,
    activeCallsPollMs: reader.get(names.activeCallsPollMs) ?? inherited?.activeCallsPollMs ?? 0,
  };
  if (pace.reconnectMinMs > pace.reconnectMaxMs) {
    const key = reader.has(names.reconnectMinMs) ? names.reconnectMinMs : names.reconnectMaxMs;
    const found = `${pace.reconnectMinMs} to ${pace.reconnectMaxMs} ms`;
    const expected = `${names.reconnectMinMs.name} not above ${names.reconnectMaxMs.name}`;
    reader.error(key, found, expected);
  }
  return pace;
}

function machineZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
