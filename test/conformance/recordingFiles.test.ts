/** The conformance suite of recordings' keepers over the folder and over a bucket; then what is of one alone. */

import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BucketOptions, openBucketFiles } from "../../src/recordings/files/bucket.ts";
import { listedPage } from "../../src/recordings/files/bucketList.ts";
import { openDiskFiles } from "../../src/recordings/files/disk.ts";
import type { RecordingFiles } from "../../src/recordings/files/files.ts";
import { steadyClock } from "../../src/util/clock.ts";
import { ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, startBucket } from "../support/bucket.ts";
import { listed, recordingFilesConformance } from "./recordingFiles.ts";

const KEY = "2027/01/15/270115121143_9-1-1.mp3";

recordingFilesConformance("folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "offhook-recordings-"));
  const close = () => rm(folder, { recursive: true });
  return { files: await openDiskFiles(join(folder, "recordings")), close };
});

describe("folder", () => {
  let outside: string;
  let folder: string;
  let files: RecordingFiles;
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), "offhook-outside-"));
    folder = join(outside, "recordings");
    files = await openDiskFiles(folder);
    await writeFile(join(outside, "a.mp3"), "secret");
  });
  afterEach(() => rm(outside, { recursive: true }));

  it("follows no link, of a file or of a folder, and lists none", async () => {
    await mkdir(join(folder, "2027/01/15"), { recursive: true });
    await symlink(join(outside, "a.mp3"), join(folder, KEY));
    await symlink(outside, join(folder, "2027/01/16"));
    for (const key of [KEY, "2027/01/16/a.mp3"]) {
      await expect(files.open(key)).rejects.toThrow("a link, folder or device lies on the way");
      await expect(files.stat(key)).rejects.toThrow("a link");
    }
    await expect(files.remove("2027/01/16/a.mp3")).rejects.toThrow("a link");
    await writeFile(join(outside, "new"), "x");
    await expect(files.put("2027/01/16/b.mp3", join(outside, "new"))).rejects.toThrow("a link");
    await expect(files.put(KEY.replace("15", "17"), join(folder, KEY))).rejects.toThrow("ELOOP");
    expect(await listed(files)).toEqual([]);
    expect((await readdir(outside)).sort()).toEqual(["a.mp3", "new", "recordings"]);
  });

  it("opens no folder that has a file's name", async () => {
    await mkdir(join(folder, KEY), { recursive: true });
    await expect(files.open(KEY)).rejects.toThrow("a link, folder or device");
    expect(await listed(files)).toEqual([]);
  });

  it("is for its owner alone, and leaves no empty folder", async () => {
    await files.put(KEY, join(outside, "a.mp3"));
    expect((await stat(join(folder, KEY))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "2027/01"))).mode & 0o777).toBe(0o700);
    await files.remove(KEY);
    expect(await readdir(folder)).toEqual([]);
  });

  it("clears away at its start what a crash left half-written", async () => {
    await files.put(KEY, join(outside, "a.mp3"));
    await writeFile(join(folder, `${KEY}.part`), "half");
    const again = await openDiskFiles(folder);
    expect(await readdir(join(folder, "2027/01/15"))).toEqual(["270115121143_9-1-1.mp3"]);
    expect(await again.stat(KEY)).toMatchObject({ bytes: 6 });
  });
});

const clock = {
  ...steadyClock(),
  after: (_: number, run: () => void) => steadyClock().after(0, run),
};
const reveal = (value: string) => ({ reveal: () => value });

describe("bucket", () => {
  let bucket: Awaited<ReturnType<typeof startBucket>>;
  let dispatcher: Agent;
  let turn = 0;
  beforeAll(async () => {
    bucket = await startBucket();
    dispatcher = new Agent();
  });
  afterAll(async () => {
    await dispatcher.destroy();
    await bucket.stop();
  });

  function open(options: Partial<BucketOptions> = {}): RecordingFiles {
    turn += 1;
    return openBucketFiles({
      endpoint: bucket.endpoint,
      bucket: BUCKET,
      prefix: `recordings/of-${turn}`,
      region: "eu-central-1",
      accessKeyId: ACCESS_KEY_ID,
      secretAccessKey: reveal(SECRET_ACCESS_KEY),
      addressing: "path",
      dispatcher,
      clock,
      ...options,
    });
  }

  recordingFilesConformance("bucket", async () => ({ files: open(), close: async () => {} }));
  recordingFilesConformance("bucket without a prefix", async () => {
    const files = open({ prefix: "" });
    for await (const { key } of files.list()) await files.remove(key);
    return { files, close: async () => {} };
  });

  it("says what is wrong with the key, and not the key", async () => {
    const message = await listed(open({ secretAccessKey: reveal("verysecret") })).catch(String);
    expect(message).toContain("answered 403 (SignatureDoesNotMatch)");
    expect(message).not.toContain("verysecret");
    await expect(open({ bucket: "none" }).stat(KEY)).resolves.toBeNull();
    await expect(listed(open({ bucket: "none" }))).rejects.toThrow("NoSuchBucket");
  });

  it("lists more than a page holds", async () => {
    const files = open({ pageFiles: 2 });
    const path = join(tmpdir(), `offhook-page-${process.pid}`);
    for (let n = 1; n <= 5; n += 1) {
      await writeFile(path, "x");
      await files.put(KEY.replace("-1.mp3", `-${n}.mp3`), path);
    }
    expect(await listed(files)).toHaveLength(5);
  });

  it("does not read on in a file that was replaced meanwhile", async () => {
    const files = open();
    const path = join(tmpdir(), `offhook-replaced-${process.pid}`);
    await writeFile(path, "first");
    await files.put(KEY, path);
    const file = await files.open(KEY);
    await writeFile(path, "other");
    await files.put(KEY, path);
    await expect(file?.read(null)).rejects.toThrow("another, which replaced it");
  });

  it("tries again when the bucket is busy or gone for a moment, and then says so", async () => {
    const seen: string[] = [];
    let failures = 2;
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.host}${request.url}`);
      failures -= 1;
      if (failures === 1) return response.socket?.destroy();
      response.writeHead(failures >= 0 ? 503 : 200, {
        "last-modified": "Fri, 15 Jan 2027 12:00:00 GMT",
        "content-length": "0",
        etag: '"a"',
      });
      return response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
    // Every name is this machine.
    const lookup: LookupFunction = (_, __, done) =>
      done(null, [{ address: "127.0.0.1", family: 4 }]);
    const local = new Agent({ connect: { lookup } });
    const files = open({ endpoint, addressing: "host", prefix: "a", dispatcher: local });
    expect(await files.stat(KEY)).toMatchObject({ etag: '"a"', bytes: 0 });
    const host = endpoint.slice("http://".length);
    expect(seen).toEqual(Array(3).fill(`HEAD ${BUCKET}.${host}/a/${KEY}`));
    failures = 99;
    await expect(files.stat(KEY)).rejects.toThrow("answered 503");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(files.stat(KEY)).rejects.toThrow("Check RECORDINGS_URL and the network");
    await local.destroy();
  });

  it.each(["/a", "a/", "a//b", "a/../b", ".", "a b", "a&b", "ä", "a".repeat(201)])(
    "takes no prefix %j",
    (prefix) => expect(() => open({ prefix })).toThrow("Expected the path of RECORDINGS_URL"),
  );

  it("reads a list with anything in it", () => {
    const entry = "<Contents><Key>a%2Fb+c</Key><Size>3</Size><ETag>&quot;e&quot;</ETag>";
    const when = "<LastModified>2027-01-15T12:00:00Z</LastModified><Owner><ID>x</ID></Owner>";
    const odd = "<Contents><Key>%</Key></Contents><Contents/><Contents></Contents>";
    const page = listedPage(
      `<L><EncodingType>url</EncodingType>${odd}${entry}${when}</Contents><IsTruncated>true</IsTruncated></L>`,
    );
    const storedAt = Date.UTC(2027, 0, 15, 12);
    expect(page).toEqual({
      files: [{ name: "a/b c", bytes: 3, etag: '"e"', storedAt }],
      next: null,
    });
  });
});
