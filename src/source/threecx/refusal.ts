/**
 * Why a PBX refuses us, in plain words with the way out. The status alone is ambiguous (builds
 * answer an unticked box with 401 or 403), so the place where it was said and its words decide
 * together.
 */
import { errorCodeOf, saidBy, type TlsFaultKind, tlsFaultOf } from "../../util/tlsFault.ts";
import type { Refusal } from "../source.ts";
import { parseErrorText } from "./parse.ts";

export interface Refused {
  readonly refusal: Refusal;
  readonly reason: string;
}

/** Which part of the PBX said no. */
export type Part = "token" | "callcontrol" | "socket" | "xapi";

const paths: Readonly<Record<Part, string>> = {
  token: "/connect/token",
  callcontrol: "/callcontrol",
  socket: "/callcontrol/ws",
  xapi: "/xapi/v1",
};

const place = "the PBX's admin console, Integrations → API";

const reasons: Readonly<Record<Refusal, (clientId: string, said: string) => string>> = {
  "wrong-secret": (clientId, said) =>
    `The PBX does not accept client id "${clientId}" with its secret (${said}). ` +
    `Compare PBX_CLIENT_ID with ${place}, or make a new API key there and set PBX_CLIENT_SECRET.`,
  "call-control-off": (clientId, said) =>
    `The PBX does not let client "${clientId}" use the Call Control API (${said}). ` +
    `Tick "3CX Call Control API Access" in ${place}; it needs an 8SC+ Enterprise (AI) licence.`,
  licence: (clientId, said) =>
    `The PBX's licence does not include what client "${clientId}" asks for (${said}). ` +
    "The Call Control API needs an Enterprise (AI) licence of 8SC or more.",
  "address-not-allowed": (_clientId, said) =>
    `The PBX does not take API calls from this machine's address (${said}). ` +
    "Allow the address in the PBX's admin console, Advanced → Console Restrictions.",
  "not-found": (_clientId, said) =>
    `No 3CX V20 API answers at this address (${said}). ` +
    "Expected the PBX's own web address, such as https://pbx.example.com:5001. Check PBX_URL.",
  other: (clientId, said) =>
    `The PBX refuses client "${clientId}" (${said}). Check the client in ${place}.`,
};

export function makeRefused(refusal: Refusal, clientId: string, said: string): Refused {
  return { refusal, reason: reasons[refusal](clientId, said) };
}

function refusalOf(part: Part, status: number, words: string): Refusal | null {
  // The API answers by itself: who sends us elsewhere is a proxy, a portal, or another address of the PBX.
  if (status >= 300 && status < 400) return "not-found";
  const isNo = status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!isNo) return null;
  if (status === 402 || /licen[cs]e/i.test(words)) return "licence";
  if (status === 404 || status === 405) return "not-found";
  if (status === 403 && /\bip\b|address|restrict/i.test(words)) return "address-not-allowed";
  if (part === "token") {
    if (status === 403) return "address-not-allowed";
    return status === 400 || status === 401 ? "wrong-secret" : "other";
  }
  if ((part === "callcontrol" || part === "socket") && (status === 401 || status === 403))
    return "call-control-off";
  return "other";
}

/** What nginx, Apache and Go say, with 400, to who speaks http at their port for https. */
const HTTP_AT_HTTPS = /plain HTTP|HTTP request to an HTTPS/i;

/** Null if the status is no refusal but a failure that may pass. */
export function refusedBy(
  part: Part,
  status: number,
  body: string,
  clientId: string,
): Refused | null {
  if (status === 400 && HTTP_AT_HTTPS.test(body)) {
    const said = `${paths[part]} answered 400: this port speaks https, not http`;
    return makeRefused("not-found", clientId, said);
  }
  const words = parseErrorText(body);
  const refusal = refusalOf(part, status, words === "" ? body.slice(0, 500) : words);
  if (refusal === null) return null;
  const said = `${paths[part]} answered ${status}${words === "" ? "" : `: ${words}`}`;
  const refused = makeRefused(refusal, clientId, said);
  if (part !== "socket") return refused;
  const proxies = "If a proxy stands in between, it must pass on WebSockets (Upgrade).";
  return { ...refused, reason: `${refused.reason} ${proxies}` };
}

/** The call log is for owners alone; it is read after an interruption. */
export function callLogReason(clientId: string, said: string): string {
  return (
    `The call log is not open to client "${clientId}" (${said}). What happens while Offhook is not ` +
    `connected is told with less. Give it the role System Owner in ${place}.`
  );
}

/** XAPI is a bonus: what is poorer without it, and the way out. */
export function xapiReason(clientId: string, said: string): string {
  return (
    `The Configuration API is not open to client "${clientId}" (${said}). Calls are watched all ` +
    "the same, with less knowledge of names, kinds of numbers, DIDs and ends of calls. " +
    `Tick "3CX Configuration API Access" in ${place}, with a department and the role System Owner.`
  );
}

/** What follows from the PBX's certificate. */
const tlsWaysOut: Readonly<Record<TlsFaultKind, string>> = {
  untrusted:
    "Set PBX_CA_FILE to a file with the certificate of its authority (or its own, if it is self-signed).",
  otherName: "Expected the name in PBX_URL; set PBX_URL to a name that the certificate has.",
  notValidNow: "Renew it at the PBX, or set this machine's clock.",
  plain:
    "Check PBX_URL: its port (5001 is usual for https). http:// sends the client secret in clear and " +
    "needs PBX_ALLOW_HTTP = 1.",
};

/** A failed connection as a sentence for the operator. */
export function failureReason(error: unknown, host: string): string {
  const fault = tlsFaultOf(error, host);
  if (fault !== null) return `${fault.says} ${tlsWaysOut[fault.kind]}`;
  const code = errorCodeOf(error);
  if (code === "ENOTFOUND") return `The name ${host} is not known to DNS (${code}). Check PBX_URL.`;
  if (code === "EAI_AGAIN") {
    return `No name server answers for ${host} (${code}). Check the DNS of this machine, and its network.`;
  }
  const reason = saidBy(error) || "no reason given";
  const way = "If that lasts, check PBX_URL and its port, and whether this machine may go there.";
  return `No connection to ${host} (${reason}). ${way}`;
}
