/**
 * Recordings as the configuration wants them: where they are found (the PBX's API, or its folder), where they
 * are kept (a folder, or a bucket), and who may fetch them.
 */
import { Agent, ProxyAgent } from "undici";
import type { BucketConfig, Config } from "./config/config.ts";
import { openBucketFiles } from "./recordings/files/bucket.ts";
import { openDiskFiles } from "./recordings/files/disk.ts";
import type { RecordingFiles } from "./recordings/files/files.ts";
import { folderSource } from "./recordings/find/folder.ts";
import type { RecordingSource } from "./recordings/find/recordingSource.ts";
import {
  openRecordings,
  type Recordings,
  type RecordingsOptions,
  recordingFolders,
} from "./recordings/recordings.ts";
import { ownSigningKey, type SigningKey, signingKey } from "./recordings/serve/address.ts";
import type { Clock } from "./util/clock.ts";
import { type ProxyEnv, proxyFor } from "./util/proxy.ts";

export interface RecordingWatchOptions
  extends Pick<RecordingsOptions, "ledger" | "route" | "owed" | "clock" | "log"> {
  /** In force at the moment. */
  readonly config: () => Config;
  /** A PBX's recordings over its API; null if it is not watched. */
  readonly overApi: (pbx: string) => RecordingSource | null;
  readonly proxyEnv: ProxyEnv;
}

/** The PBX on whose machine RECORDINGS_DIR lies: the one of the first section. */
const FIRST_PBX = "main";
const RECORDING_BYTES_MAX = 1024 ** 3;

/** Rejects with the reason if the place of recordings cannot be had. */
export async function watchRecordings(options: RecordingWatchOptions): Promise<Recordings> {
  const { config, overApi, proxyEnv, ...rest } = options;
  const { temp } = recordingFolders(config().dataDir);
  const files = await openFiles(config(), rest.clock, proxyEnv);
  const keys = keysOf(config);
  // Files are dated by the machine's clock, which may be set; calls are timed by one that runs on steadily.
  const aheadMs = () => Date.now() - rest.clock.now();
  return openRecordings({
    ...rest,
    files,
    tempDir: temp,
    wallNow: Date.now,
    source: (pbx) => folderFor(pbx, config(), aheadMs) ?? overApi(pbx),
    settings: () => {
      const { recordings, publicUrl, retentionDays: forgetDays } = config();
      return { ...recordings, publicUrl, forgetDays, keys: keys() };
    },
  });
}

/** Where recordings are kept. */
export async function openFiles(
  { dataDir, bucket }: Config,
  clock: Clock,
  proxyEnv: ProxyEnv,
): Promise<RecordingFiles> {
  if (bucket !== null) return bucketFiles(bucket, clock, proxyEnv);
  return openDiskFiles(recordingFolders(dataDir).kept);
}

/** The PBX's own folder, if recordings of this PBX are found there. */
export function folderFor(
  pbx: string,
  { recordings: { dir: folder }, pbxs }: Config,
  aheadMs = () => 0,
): RecordingSource | null {
  if (pbx !== FIRST_PBX || folder === null) return null;
  const timezone = pbxs.find(({ name }) => name === FIRST_PBX)?.timezone;
  if (timezone === undefined) return null;
  return folderSource({ folder, timezone, now: Date.now, aheadMs, bytesMax: RECORDING_BYTES_MAX });
}

function bucketFiles(bucket: BucketConfig, clock: Clock, proxyEnv: ProxyEnv): RecordingFiles {
  const { endpoint, region, keyId: accessKeyId, secretKey: secretAccessKey, prefix } = bucket;
  const proxy = proxyFor(endpoint, proxyEnv);
  const dispatcher = proxy === null ? new Agent() : new ProxyAgent(proxy.href);
  const access = { endpoint, bucket: bucket.bucket, region, accessKeyId, secretAccessKey };
  return openBucketFiles({ ...access, addressing: "path", prefix, dispatcher, clock });
}

/** Those of the configuration in force, read once each time it changes; or one of our own. */
function keysOf(config: () => Config): () => readonly SigningKey[] {
  let readFrom: Config | null = null;
  let keys: readonly SigningKey[] = [];
  return () => {
    const now = config();
    if (now === readFrom) return keys;
    const { urlKeys } = now.recordings;
    keys = urlKeys?.map((key) => signingKey(key.reveal())) ?? [ownSigningKey(now.dataDir)];
    readFrom = now;
    return keys;
  };
}
