/** Reads what the configuration says of recordings. */
import type { BucketConfig, EndpointConfig, RecordingsConfig } from "./config.ts";
import type { Key } from "./key.ts";
import { keys } from "./keys.ts";
import type { SectionReader } from "./reader.ts";
import { secret } from "./secret.ts";

export async function readRecordings(
  top: SectionReader,
  endpoints: readonly EndpointConfig[],
): Promise<RecordingsConfig> {
  const of = keys.recordings;
  const dir = top.get(of.dir);
  const isOpen = top.get(of.isOpen);
  if (isOpen && endpoints.some(({ recordingUrl }) => recordingUrl !== null)) {
    const expected = "0, as whoever guesses the id of a call can listen to it";
    top.warning(of.isOpen, "1", expected);
  }
  const urlKeys = await top.secret(of.urlKeys);
  return {
    searchAtMs: rising(top, of.searchAtMs),
    transcriptAtMs: rising(top, of.transcriptAtMs),
    dir: dir === null ? null : top.path(dir),
    keepDays: top.get(of.keepDays),
    keepMb: top.get(of.keepMb),
    urlKeys: urlKeys?.map(secret) ?? null,
    urlTtlMs: top.get(of.urlTtlMs),
    isOpen,
  };
}

function rising(top: SectionReader, key: Key<readonly number[]>): readonly number[] {
  const times = top.get(key);
  if (times.some((at, index) => at <= (times[index - 1] ?? -1))) {
    top.error(key, times.map((ms) => ms / 1000).join(), "times that rise");
  }
  return times;
}

export async function readBucket(top: SectionReader): Promise<BucketConfig | null> {
  const of = keys.recordings;
  const url = top.get(of.url);
  const [endpoint, region] = [top.get(of.s3Endpoint), top.get(of.s3Region)];
  const [keyId, secretKey] = [top.get(of.s3KeyId), await top.secret(of.s3Secret)];
  if (url === null) return null;
  if (keyId === null || secretKey === null) {
    const key = keyId === null ? of.s3KeyId : of.s3Secret;
    top.error(key, "nothing", "the access key and its secret, as RECORDINGS_URL names a bucket");
    return null;
  }
  const origin = endpoint ?? `https://s3.${region}.amazonaws.com`;
  return { ...url, endpoint: origin, region, keyId, secretKey: secret(secretKey) };
}
