/** Why a connection failed, in plain words: most of all, what is wrong with the other end's certificate. Pure. */
import { messageOf } from "./messageOf.ts";

export type TlsFaultKind = "untrusted" | "otherName" | "notValidNow" | "plain";

export interface TlsFault {
  readonly kind: TlsFaultKind;
  /** A sentence; the way out is the caller's to add. */
  readonly says: string;
}

const kinds: Readonly<Record<string, TlsFaultKind>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "otherName",
  CERT_HAS_EXPIRED: "notValidNow",
  CERT_NOT_YET_VALID: "notValidNow",
  // What OpenSSL says of a peer that does not speak TLS.
  ERR_SSL_WRONG_VERSION_NUMBER: "plain",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "plain",
};

/** Null if it did not fail for TLS. */
export function tlsFaultOf(error: unknown, host: string): TlsFault | null {
  const kind = kinds[errorCodeOf(error)];
  if (kind === undefined) return null;
  const says: Readonly<Record<TlsFaultKind, () => string>> = {
    untrusted: () => `The certificate of ${host} is not trusted (${saidBy(error)}).`,
    otherName: () => `The certificate of ${host} is for another name: ${certifiedNames(error)}.`,
    notValidNow: () => `The certificate of ${host} is not valid now (${saidBy(error)}).`,
    plain: () => `No TLS is spoken at ${host} (${saidBy(error)}), as at a port for http.`,
  };
  return { kind, says: says[kind]() };
}

export function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const own = (error as NodeJS.ErrnoException).code;
  if (typeof own === "string") return own;
  return errorCodeOf(error.cause);
}

/** Its code and words, without Node's own advice, which does not fit a service, nor OpenSSL's places in its source. */
export function saidBy(error: unknown): string {
  const code = errorCodeOf(error);
  const isOfOpenSsl = code.startsWith("ERR_SSL_") && error instanceof Error && "reason" in error;
  const [words = ""] = messageOf(isOfOpenSsl ? error.reason : error).split("; if the root CA");
  const said = words.replace(/\s+/g, " ").trim();
  return code === "" || said.includes(code) ? said : `${code}: ${said}`;
}

/** A shared host's certificate names hundreds; DNS has none longer than this. */
const certifiedNamesMax = 5;
const certifiedNameCharsMax = 253;

/** The names in what Node tells of a certificate that is another's: "DNS:pbx.example.com, IP Address:10.0.0.1". */
function certifiedNames(error: unknown): string {
  const { cert } = error as Error & { readonly cert?: { readonly subjectaltname?: string } };
  const all = (cert?.subjectaltname ?? "").replace(/\b(DNS|IP Address):/g, "");
  if (all === "") return "it names none";
  const names = all.split(", ");
  const shown = names
    .slice(0, certifiedNamesMax)
    .map((name) => name.slice(0, certifiedNameCharsMax));
  const more = names.length - shown.length;
  return `it was made for ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
