/**
 * What a receiver must take and what it must refuse: the vectors of the reference libraries and of the
 * specification, and each way to be wrong. Given to our own verifier and to the snippets of docs/receiving.md,
 * in every language.
 */
export interface VectorCase {
  readonly name: string;
  readonly secrets: readonly string[];
  /** `webhook-id`, `webhook-timestamp`, `webhook-signature`; one that is missing is not sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query. */
  readonly target: string;
  readonly body: string;
  /** The receiver's clock, in seconds. */
  readonly now: number;
  readonly good: boolean;
}

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const SECOND = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
export const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
export const AT = 1_614_265_330;
export const TARGET = "/hook?callId=00000A1B&from=%2B4930123456&event=call.ringing";
const BODY = '{"test": 2432232314}';
const REFERENCE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const BY_SECOND = "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=";
const ED25519 =
  "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
/** Signs the body, the quoted target, the bare target, and nothing. */
const QUOTED_TARGET = "v1,X/zzDQfYeXx15dqKYEeoq+k067m1FiKPfj/w7ZTkwU4=";
const BARE_TARGET = "v1,ogvsM5dvA/cRvTOnn0/J7aEZwjv1mab5IklvPkrh+20=";
const EMPTY = "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=";

interface Changes {
  readonly id?: string | null;
  readonly at?: string | null;
  readonly signature?: string | null;
  readonly secrets?: readonly string[];
  readonly body?: string;
  readonly target?: string;
  readonly now?: number;
}

function make(name: string, good: boolean, changes: Changes = {}): VectorCase {
  const { id = ID, at = String(AT), signature = REFERENCE } = changes;
  const headers = Object.fromEntries(
    [
      ["webhook-id", id],
      ["webhook-timestamp", at],
      ["webhook-signature", signature],
    ].filter(([, value]) => value !== null),
  );
  const { secrets = [SECRET], body = BODY, target = "/hook", now = AT } = changes;
  return { name, secrets, headers, target, body, now, good };
}

const get = { body: "", target: TARGET };

export const VECTORS: readonly VectorCase[] = [
  make("the reference's own", true),
  make("UTF-8", true, {
    body: '{"name":"Zoë ☎","n":1}',
    signature: "v1,6GiY5p9DqWwgZI3rsXa8LCYaytzehpFDFcasHBDX2e8=",
  }),
  make("another key", true, { secrets: [SECOND], signature: BY_SECOND }),
  make("a call event", true, {
    secrets: [SECOND],
    id: "evt_01JD0000000000000000000000",
    at: "1763683200",
    now: 1_763_683_200,
    body: '{"type":"call.ringing","timestamp":"2025-11-21T00:00:00.000Z","data":{"callId":"00000A1B","from":"+4930123456","to":"100"}}',
    signature: "v1,7TMfM5BjaoQqomowsHfIsmqpOEry2pqWkSGuj4exV64=",
  }),
  make("two signatures, the old key", true, { signature: `${BY_SECOND} ${REFERENCE}` }),
  make("two signatures, the new key", true, {
    signature: `${BY_SECOND} ${REFERENCE}`,
    secrets: [SECOND],
  }),
  make("two secrets, one signature", true, { secrets: [SECOND, SECRET] }),
  make("beside signatures of other kinds", true, { signature: `v2,abc ${ED25519} ${REFERENCE}` }),
  make("a GET: the target in double quotes", true, { ...get, signature: QUOTED_TARGET }),
  make("300 s late", true, { now: AT + 300 }),
  make("300 s early", true, { now: AT - 300 }),

  make("no id", false, { id: null }),
  make("no timestamp", false, { at: null }),
  make("no signature", false, { signature: null }),
  make("a timestamp that is no number", false, { at: `${AT}x` }),
  make("a timestamp with a fraction", false, { at: `${AT}.5` }),
  make("an empty timestamp", false, { at: "" }),
  make("301 s late", false, { now: AT + 301 }),
  make("301 s early", false, { now: AT - 301 }),
  make("an empty signature", false, { signature: "v1," }),
  make("a truncated signature", false, { signature: REFERENCE.slice(0, -5) }),
  make("a signature and more", false, { signature: `${REFERENCE}A` }),
  make("only a later version", false, { signature: REFERENCE.replace("v1,", "v2,") }),
  make("only an asymmetric one", false, { signature: ED25519 }),
  make("without its version", false, { signature: REFERENCE.slice(3) }),
  make("another id", false, { id: "msg_other" }),
  make("another secret", false, { secrets: [SECOND] }),
  make("a line feed after the body", false, { body: `${BODY}\n` }),
  make("another body", false, { body: BODY.replace("4", "5") }),
  make("a GET with another query", false, {
    ...get,
    target: TARGET.replace("ringing", "ended"),
    signature: QUOTED_TARGET,
  }),
  make("a GET whose bare target is signed", false, { ...get, signature: BARE_TARGET }),
  make("a GET whose empty body is signed", false, { ...get, signature: EMPTY }),
  make("a body under the signature of a target", false, {
    target: TARGET,
    signature: QUOTED_TARGET,
  }),
];

/** Secrets that are none. */
export const BAD_SECRETS = [
  "",
  "whsec_",
  "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "whsec_AAECAwQF",
  "whsec_not base64!not base64!not base64!",
  `whsec_${Buffer.alloc(65).toString("base64")}`,
];
