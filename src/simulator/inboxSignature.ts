/**
 * Verifies a webhook's signature as a customer would who has read Standard Webhooks 1.0 and
 * docs/contract.md §8, and shares no code with the sender on purpose.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type SignatureCheck =
  | { readonly state: "ok" }
  | { readonly state: "bad"; readonly reason: string }
  /** The webhook carries no signature. */
  | { readonly state: "absent" }
  /** It carries one, but the inbox was given no secret to check it with. */
  | { readonly state: "unchecked" };

export interface SignedRequest {
  readonly method: "POST" | "GET";
  /** Path and query as they stood in the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Standard Webhooks: older or newer than this is a replay, or a clock that is wrong. */
const toleranceMs = 5 * 60_000;
const secretBytesMin = 24;
const secretBytesMax = 64;

/** The key in `whsec_<base64>`; throws a sentence that does not hold the secret. */
export function readSecret(secret: string): Buffer {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(base64 ?? "", "base64");
  if (key.length < secretBytesMin || key.length > secretBytesMax) {
    throw new Error(
      `Expected a secret of the form whsec_… (${secretBytesMin} to ${secretBytesMax} bytes in ` +
        `base64), got ${secret.length} characters that are not one. ` +
        "Make one with: echo whsec_$(openssl rand -base64 32)",
    );
  }
  return key;
}

export function checkSignature(
  request: SignedRequest,
  key: Buffer | null,
  nowMs: number,
): SignatureCheck {
  const { headers } = request;
  const signatures = headers["webhook-signature"];
  if (signatures === undefined) return { state: "absent" };
  if (key === null) return { state: "unchecked" };
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (id === "") return { state: "bad", reason: "webhook-id is missing" };
  if (!/^\d{1,12}$/.test(timestamp)) {
    return { state: "bad", reason: `webhook-timestamp "${timestamp}" is not in whole seconds` };
  }
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) {
    return { state: "bad", reason: "webhook-timestamp is more than 5 minutes from our clock" };
  }
  const bare = request.body.length === 0;
  if (bare && headers["webhook-signed"] !== "target") {
    return { state: "bad", reason: "signed without a body, it must say webhook-signed: target" };
  }
  const content = bare ? Buffer.from(`"${request.target}"`) : request.body;
  const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(content).digest();
  const fits = signatures.split(" ").some((signature) => {
    const [version, base64 = ""] = signature.split(",", 2);
    const given = Buffer.from(base64, "base64");
    return version === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
  return fits ? { state: "ok" } : { state: "bad", reason: "no signature fits the secret" };
}
