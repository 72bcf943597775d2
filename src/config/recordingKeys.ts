/** The keys of recordings: where they are found, kept and fetched (docs/contract.md §6). */
import { flag, key, number, secretText, text } from "./key.ts";
import * as values from "./values.ts";

const DEFAULT_SEARCH = "1,2,5,10,30,60,120,300";
const DEFAULT_TRANSCRIPT_SEARCH = "30,120,300,900,3600,10800";
const KEYS_MAX = 10;
const KEY_CHARS_MIN = 16;

export const recordingKeys = {
  searchAtMs: key("top", "RECORDING_SEARCH_S", {
    ...searches(DEFAULT_SEARCH),
    doc: "Seconds after the end of a link at which its recording is looked for",
  }),
  transcriptAtMs: key("top", "TRANSCRIPT_SEARCH_S", {
    ...searches(DEFAULT_TRANSCRIPT_SEARCH),
    doc: "Seconds after a recording was stored at which its transcript is looked for, if anybody wants `ai`",
  }),
  dir: text(
    "top",
    "RECORDINGS_DIR",
    "The PBX's own folder of recordings, where this program runs on the PBX's machine; instead of its API",
  ),
  url: key("top", "RECORDINGS_URL", {
    parse: s3Url,
    fallback: null,
    defaultText: "none: `DATA_DIR/recordings`",
    limits: "`s3://BUCKET` or `s3://BUCKET/PREFIX`",
    doc: "An S3-compatible bucket in which recordings are kept instead",
  }),
  s3Endpoint: key("top", "S3_ENDPOINT", {
    parse: values.originUrl,
    fallback: null,
    defaultText: "that of AWS in `S3_REGION`",
    limits: "scheme, host and port alone",
    doc: "Address of the S3-compatible service",
  }),
  s3Region: {
    ...text("top", "S3_REGION", "Region of the bucket"),
    fallback: "us-east-1",
    defaultText: "us-east-1",
  },
  s3KeyId: text("top", "S3_ACCESS_KEY_ID", "Access key of the bucket"),
  s3Secret: secretText("top", "S3_SECRET_ACCESS_KEY", "Secret of that key"),
  keepDays: number(
    "top",
    "RECORDINGS_KEEP_DAYS",
    0,
    { min: 0, max: 36_500, unit: "days" },
    "How long recordings are kept; `0` = for ever. Afterwards their addresses answer 410",
  ),
  keepMb: number(
    "top",
    "RECORDINGS_KEEP_MB",
    0,
    { min: 0, max: 1_000_000_000, unit: "megabytes" },
    "Size of all recordings above which the oldest go; `0` = no limit",
  ),
  urlKeys: key("top", "RECORDING_URL_KEYS", {
    parse: signingKeys,
    fallback: null,
    defaultText: "one of our own, made at first use, kept in `DATA_DIR`",
    limits: `up to ${KEYS_MAX}, separated by blanks or commas, each of ${KEY_CHARS_MIN} characters or more`,
    doc: "Keys that sign recording addresses: the first signs, all open. One that is taken out closes what it has signed",
    secret: true,
  }),
  urlTtlMs: key("top", "RECORDING_URL_TTL", {
    parse: values.seconds(10 * 366 * 86_400),
    fallback: 0,
    defaultText: "0",
    limits: "0 to 316224000 seconds",
    doc: "How long a recording URL is valid; `0` = for ever",
  }),
  isOpen: flag(
    "top",
    "RECORDING_OPEN",
    false,
    "`1` = recording URLs without signature, for anyone",
  ),
  trustedProxies: key("top", "TRUSTED_PROXIES", {
    parse: proxies,
    fallback: [],
    defaultText: "none",
    limits: "up to 100 addresses or ranges (`10.0.0.0/8`), or `loopback`",
    doc: "Reverse proxies whose `X-Forwarded-For` is believed, so that guessing is slowed down by client, not for all",
  }),
} as const;

function searches(defaultText: string) {
  return {
    parse: values.retrySchedule,
    fallback: defaultText.split(",").map((each) => Number(each) * 1000),
    defaultText,
    limits: `${values.RETRIES_MAX} times of 0 to ${values.RETRY_DELAY_S_MAX} s, rising`,
  };
}

/** Names that every server writes alike, in signatures and in lists. */
const S3_URL =
  /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w-][\w.-]*(?:\/[\w-][\w.-]*)*)?\/?)?$/;
const PREFIX_CHARS_MAX = 200;

function s3Url(text: string): values.Parsed<{ bucket: string; prefix: string }> {
  const [, bucket, prefix = ""] = S3_URL.exec(text) ?? [];
  return bucket === undefined || prefix.length > PREFIX_CHARS_MAX
    ? values.no(
        `s3://BUCKET or s3://BUCKET/PREFIX, a prefix of at most ${PREFIX_CHARS_MAX} letters, digits, dots, dashes, ` +
          "underscores and single slashes",
      )
    : values.ok({ bucket, prefix });
}

function signingKeys(text: string): values.Parsed<readonly string[]> {
  const found = text.split(/[\s,]+/).filter((each) => each !== "");
  const expected = `1 to ${KEYS_MAX} keys of ${KEY_CHARS_MIN} to 256 characters`;
  if (found.length === 0 || found.length > KEYS_MAX) {
    return values.no(expected, `${found.length} keys`);
  }
  const bad = found.find(({ length }) => length < KEY_CHARS_MIN || length > 256);
  if (bad !== undefined) return values.no(expected, `one of ${bad.length} characters`);
  return values.ok([...new Set(found)]);
}

function proxies(text: string): values.Parsed<readonly string[]> {
  const found = text.split(/[\s,]+/).filter((each) => each !== "");
  const odd = found.find(
    (each) => !/^(loopback|linklocal|uniquelocal|[\da-f.:]+(\/\d{1,3})?)$/i.test(each),
  );
  return odd !== undefined || found.length > 100
    ? values.no("up to 100 IP addresses or ranges, comma-separated", odd ?? `${found.length}`)
    : values.ok(found);
}
