/** The conformance suite of recordings' keepers over the folder and over a bucket; then what is of one alone. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { Agent } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BucketOptions, openBucketFiles } from "../../src/recordings/files/bucket.ts";
import { listedPage } from "../../src/recordings/files/bucketList.ts";
import { type BucketAccess, BucketRequests } from "../../src/recordings/files/bucketRequests.ts";
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

  it("shows a file whole or not at all, whoever looks while it is put or replaced", async () => {
    const bytes = 300_000;
    let isOver = false;
    const seen = new Set<string>();
    async function look(): Promise<void> {
      while (!isOver) {
        const file = await files.open(KEY);
        const content = file ? await buffer(await file.read(null)) : Buffer.alloc(0);
        const letters = new Set(content);
        expect([0, bytes]).toContain(content.length);
        expect(letters.size).toBeLessThan(2);
        seen.add(content.subarray(0, 1).toString());
      }
    }
    const looking = [look(), look()];
    for (const letter of "abcdefghijklmnop") {
      await writeFile(join(outside, "made"), Buffer.alloc(bytes, letter));
      await files.put(KEY, join(outside, "made"));
    }
    isOver = true;
    await Promise.all(looking);
    expect(seen.size).toBeGreaterThan(2);
  });

  it("keeps what is put into a day just as its last file goes", async () => {
    const other = KEY.replace("-1.mp3", "-2.mp3");
    for (let turn = 0; turn < 50; turn += 1) {
      await Promise.all(["a", "b"].map((name) => writeFile(join(outside, name), name)));
      await files.put(KEY, join(outside, "a"));
      await Promise.all([files.remove(KEY), files.put(other, join(outside, "b"))]);
      expect((await listed(files)).map(({ key }) => key)).toEqual([other]);
      await files.remove(other);
    }
  });

  it("takes a file from another disk, by way of a name that is no recording's", async () => {
    const memory = await mkdtemp("/dev/shm/offhook-");
    const [here, there] = [await stat(folder), await stat(memory)];
    expect(here.dev, "two file systems").not.toBe(there.dev);
    await writeFile(join(memory, "made"), "whole");
    await files.put(KEY, join(memory, "made"));
    expect(await readdir(memory)).toEqual([]);
    expect(await readdir(join(folder, "2027/01/15"))).toEqual(["270115121143_9-1-1.mp3"]);
    await mkdir(join(folder, "2027/01/16/a.mp3"), { recursive: true });
    await writeFile(join(memory, "made"), "whole");
    await expect(files.put("2027/01/16/a.mp3", join(memory, "made"))).rejects.toThrow("EISDIR");
    expect(await readdir(join(folder, "2027/01/16"))).toEqual(["a.mp3"]);
    await rm(memory, { recursive: true });
  });

  it("tells the way out when the disk is in the way", async () => {
    await writeFile(join(folder, "2027"), "");
    await expect(files.put(KEY, join(outside, "a.mp3"))).rejects.toThrow(
      /^Expected to keep .*2027.01.15.*: (ENOTDIR|EEXIST).* move it away\.$/,
    );
    await expect(openDiskFiles(join(outside, "a.mp3"))).rejects.toThrow(
      /^Expected to keep recordings in .* move it away\.$/,
    );
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
    const prefix = `recordings/of-${turn}`;
    return openBucketFiles({ ...access(), prefix, dispatcher, clock, ...options });
  }
  const access = (): BucketAccess => ({
    endpoint: bucket.endpoint,
    bucket: BUCKET,
    region: "eu-central-1",
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: reveal(SECRET_ACCESS_KEY),
    addressing: "path",
  });

  recordingFilesConformance("bucket", async () => ({ files: open(), close: async () => {} }));
  recordingFilesConformance("bucket without a prefix", async () => {
    const files = open({ prefix: "" });
    for await (const { key } of files.list()) await files.remove(key);
    return { files, close: async () => {} };
  });

  recordingFilesConformance("bucket with short lists", async () => ({
    files: open({ pageFiles: 2 }),
    close: async () => {},
  }));

  it("says what is wrong with the key, and not the key", async () => {
    const message = await listed(open({ secretAccessKey: reveal("verysecret") })).catch(String);
    expect(message).toContain("answered 403 (SignatureDoesNotMatch)");
    expect(message).not.toContain("verysecret");
    const unknown = await listed(open({ accessKeyId: "NOBODY" })).catch(String);
    expect(unknown).toContain("answered 403 (InvalidAccessKeyId)");
    expect(unknown).not.toContain("NOBODY");
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

  it("signs what it sends: other bytes are refused, and nothing is kept", async () => {
    const requests = new BucketRequests(access(), dispatcher, clock);
    const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
    const put = {
      method: "PUT",
      name: "signed.mp3",
      body: () => Readable.from(["other"]),
    } as const;
    const refused = await requests.send({ ...put, bodySha256: hashOf("first") });
    expect([refused.status, await text(refused.body)]).toEqual([
      400,
      "<Error><Code>XAmzContentSHA256Mismatch</Code></Error>",
    ]);
    expect(await requests.send({ method: "HEAD", name: "signed.mp3" })).toMatchObject({
      status: 404,
    });
    expect(await requests.send({ ...put, bodySha256: hashOf("other") })).toMatchObject({
      status: 200,
    });
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
