/** What every keeper of recordings must do: one suite, run over each of them. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RecordingFiles, StoredFile } from "../../src/recordings/files/files.ts";

export interface KeeperUnderTest {
  readonly files: RecordingFiles;
  close(): Promise<void>;
}

export async function listed(files: RecordingFiles): Promise<StoredFile[]> {
  const all: StoredFile[] = [];
  for await (const file of files.list()) all.push(file);
  return all;
}

const key = (day: string, n = 1) => `2027/01/${day}/270115121143_9-1-${n}.mp3`;

export function recordingFilesConformance(name: string, make: () => Promise<KeeperUnderTest>) {
  describe(`${name}: keeper of recordings`, () => {
    let folder: string;
    let keeper: KeeperUnderTest;
    let files: RecordingFiles;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "offhook-keep-"));
      keeper = await make();
      files = keeper.files;
    });
    afterEach(async () => {
      await files.close();
      await keeper.close();
      await rm(folder, { recursive: true });
    });

    async function put(at: string, content: string | Buffer): Promise<StoredFile> {
      const path = join(folder, "made.mp3");
      await writeFile(path, content);
      return files.put(at, path);
    }

    async function read(at: string, first?: number, last?: number): Promise<string> {
      const file = await files.open(at);
      if (!file) throw new Error(`Expected ${at} to be there.`);
      const range = first === undefined || last === undefined ? null : { first, last };
      return (await buffer(await file.read(range))).toString();
    }

    it("takes a file away and gives it back, whole and in parts", async () => {
      const before = Date.now();
      const stored = await put(key("15"), "0123456789");
      expect(stored).toMatchObject({ key: key("15"), bytes: 10 });
      expect(Math.abs(stored.storedAt - before)).toBeLessThan(60_000);
      expect(stored.etag).toMatch(/^"[^"]+"$/);
      expect(await readdir(folder)).toEqual([]);
      expect(await files.stat(key("15"))).toEqual(stored);
      expect(await read(key("15"))).toBe("0123456789");
      expect(await read(key("15"), 0, 1)).toBe("01");
      expect(await read(key("15"), 3, 5)).toBe("345");
      expect(await read(key("15"), 9, 9)).toBe("9");
    });

    it("tells tag and size when it opens, and may be closed unread", async () => {
      const stored = await put(key("15"), "abc");
      const file = await files.open(key("15"));
      expect(file).toMatchObject(stored);
      await file?.close();
    });

    it("keeps large files whole", async () => {
      const large = Buffer.alloc(5_000_000, "0123456");
      await put(key("15"), large);
      const file = await files.open(key("15"));
      const stream = await file?.read(null);
      expect(stream && large.equals(await buffer(stream))).toBe(true);
    });

    it("stops reading when the reader goes", async () => {
      await put(key("15"), Buffer.alloc(5_000_000));
      const stream = await (await files.open(key("15")))?.read(null);
      for await (const piece of stream ?? []) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      expect(stream?.destroyed).toBe(true);
      expect(await files.remove(key("15"))).toBe(true);
    });

    it("replaces a file, with another tag", async () => {
      const first = await put(key("15"), "first");
      const second = await put(key("15"), "other");
      expect(second.etag).not.toBe(first.etag);
      expect(await read(key("15"))).toBe("other");
    });

    it("says null of what is not there, and false when it is to be removed", async () => {
      expect(await files.stat(key("15"))).toBeNull();
      expect(await files.open(key("15"))).toBeNull();
      expect(await files.remove(key("15"))).toBe(false);
      await put(key("15"), "a");
      expect(await files.stat(key("15", 2))).toBeNull();
    });

    it("removes: gone to every question, others stay", async () => {
      await put(key("15"), "a");
      await put(key("15", 2), "b");
      expect(await files.remove(key("15"))).toBe(true);
      expect(await files.stat(key("15"))).toBeNull();
      expect(await files.open(key("15"))).toBeNull();
      const names = (await listed(files)).map((file) => file.key);
      expect(names).toEqual([key("15", 2)]);
      await put(key("15"), "again");
      expect(await read(key("15"))).toBe("again");
    });

    it("may be emptied while it is listed", async () => {
      for (const at of [key("15"), key("15", 2), key("16"), key("16", 2), key("17")]) {
        await put(at, at);
      }
      let removed = 0;
      for await (const file of files.list()) if (await files.remove(file.key)) removed += 1;
      expect(removed).toBe(5);
      expect(await listed(files)).toEqual([]);
    });

    it("lists all, the oldest day first, as stat tells them", async () => {
      expect(await listed(files)).toEqual([]);
      const stored = [];
      for (const at of [key("16"), "2026/12/31/a.original", key("15"), key("15", 2)]) {
        stored.push(await put(at, at));
      }
      const [sixteenth, oldest, fifteenth, second] = stored;
      const all = await listed(files);
      expect(all.map((file) => file.key)).toEqual(
        [oldest, fifteenth, second, sixteenth].map((file) => file?.key),
      );
      for (const file of all) {
        const known = await files.stat(file.key);
        expect({ ...file, storedAt: 0 }).toEqual({ ...known, storedAt: 0 });
      }
    });

    it.each([
      "",
      "a.mp3",
      "2027/01/15/../../../../etc/passwd",
      "2027/01/15/..",
      "2027/01/15/.mp3",
      "2027/13/15/a.mp3",
      "2027/01/15/a b.mp3",
      "2027/01/15/a.mp3/",
      "/2027/01/15/a.mp3",
      "2027/01/15/a.mp3\0",
      "2027/01/15/a.mp3\n",
      "2027/01/15/a.wav",
      "2027\\01\\15\\a.mp3",
      `2027/01/15/${"a".repeat(121)}.mp3`,
    ])("refuses the key %j, whatever is asked", async (bad) => {
      const path = join(folder, "made.mp3");
      await writeFile(path, "x");
      const refused = /Expected a recording's key/;
      await expect(files.put(bad, path)).rejects.toThrow(refused);
      await expect(files.stat(bad)).rejects.toThrow(refused);
      await expect(files.open(bad)).rejects.toThrow(refused);
      await expect(files.remove(bad)).rejects.toThrow(refused);
      expect(await readdir(folder)).toEqual(["made.mp3"]);
    });

    it("rejects a file that is not there, and keeps nothing", async () => {
      await expect(files.put(key("15"), join(folder, "none"))).rejects.toThrow("ENOENT");
      expect(await files.stat(key("15"))).toBeNull();
    });
  });
}
