import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { steadyClock } from "../util/clock.ts";
import { loadConfig } from "./load.ts";
import { type ConfigWatch, type WatchOptions, watchConfig } from "./watch.ts";

let dir = "";
let open: ConfigWatch | null = null;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "offhook-watch-"));
});
afterEach(async () => {
  open?.close();
  open = null;
  await rm(dir, { recursive: true, force: true });
});

const HOUR_MS = 3_600_000;
const at = (name: string) => join(dir, name);

/** Whole at once: no look finds the file half written. */
async function put(name: string, text: string) {
  await writeFile(at(`${name}.tmp`), text);
  await rename(at(`${name}.tmp`), at(name));
}

/** Counts the changes told; `next` waits for one more. */
function follow(changes: Partial<WatchOptions> = {}) {
  let told = 0;
  let wake = () => {};
  const onChange = () => {
    told += 1;
    wake();
  };
  const files = { file: at("a.ini"), alsoFiles: [at("Users.csv")] };
  open = watchConfig({ ...files, onChange, settleMs: 5, pollMs: HOUR_MS, ...changes });
  return {
    async until(count: number) {
      while (told < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** What the files hold now, as the watch is to know it from the start. */
async function known() {
  const { contents } = await loadConfig({ file: at("a.ini"), env: {}, cwd: dir });
  return { contents };
}

/** A clock whose timers the test runs. */
function handClock() {
  const waiting = new Map<() => void, number>();
  return {
    clock: {
      now: () => 0,
      after(delayMs: number, run: () => void) {
        waiting.set(run, delayMs);
        return () => waiting.delete(run);
      },
    },
    run(delayMs: number) {
      for (const [run, delay] of [...waiting]) {
        if (delay === delayMs && waiting.delete(run)) run();
      }
    },
  };
}

describe("watchConfig", () => {
  it("tells of writing, of replacing by renaming, and of a file that comes and goes", async () => {
    await put("a.ini", "1");
    const watch = follow(await known());
    await put("a.ini", "2");
    await watch.until(1);
    await put("Users.csv", "101");
    await watch.until(2);
    await rm(at("Users.csv"));
    await watch.until(3);
    await writeFile(at("a.ini"), "3");
    await watch.until(4);
  });

  it("finds a change that came between the reading and the watch", async () => {
    await put("a.ini", "1");
    const before = await known();
    await put("a.ini", "2");
    await follow(before).until(1);
  });

  it("finds by polling what gave no sign: a link's target in another folder", async () => {
    const other = await mkdtemp(join(tmpdir(), "offhook-target-"));
    try {
      await writeFile(join(other, "real.ini"), "1");
      await symlink(join(other, "real.ini"), at("a.ini"));
      const watch = follow({ ...(await known()), pollMs: 20 });
      await writeFile(join(other, "real.ini"), "2");
      await watch.until(1);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it("says nothing when the content is as before", async () => {
    await put("a.ini", "1");
    const before = await known();
    const hand = handClock();
    const seen: boolean[] = [];
    const told = new Promise<void>((resolve) => {
      const onChange = () => {
        seen.push(existsSync(at("Users.csv")));
        resolve();
      };
      follow({ ...before, clock: hand.clock, pollMs: 9, onChange });
    });
    await put("a.ini", "1");
    await put("other.txt", "x");
    hand.run(9);
    await put("Users.csv", "101");
    hand.run(9);
    await told;
    expect(seen).toEqual([true]);
  });

  it("never tells while the owner is still busy", async () => {
    await put("a.ini", "1");
    const hand = handClock();
    const steps: string[] = [];
    let done = () => {};
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const before = await known();
    const busy = new Promise<void>((resolve) => {
      done = resolve;
    });
    const ended = new Promise<void>((resolve) => {
      const onChange = async () => {
        steps.push("begins");
        begun();
        await busy;
        steps.push("ends");
        if (steps.length === 4) resolve();
      };
      follow({ ...before, clock: hand.clock, settleMs: 7, pollMs: 9, onChange });
    });
    hand.run(7);
    await put("a.ini", "2");
    hand.run(9);
    await beginning;
    await put("a.ini", "3");
    hand.run(9);
    expect(steps).toEqual(["begins"]);
    done();
    await ended;
    expect(steps).toEqual(["begins", "ends", "begins", "ends"]);
  });

  it("follows other files after a reload, survives a failing owner, and ends", async () => {
    await put("a.ini", "1");
    await put("key", "1");
    let told = 0;
    let wake = () => {};
    const next = (count: number) =>
      new Promise<void>((resolve) => {
        wake = () => told >= count && resolve();
        wake();
      });
    const onChange = async () => {
      told += 1;
      wake();
      throw new Error("the owner fails");
    };
    follow({ ...(await known()), onChange, clock: steadyClock() });
    open?.follow({ file: at("a.ini"), alsoFiles: [at("key")], ...(await known()) });
    await put("a.ini", "2");
    await next(1);
    await put("a.ini", "3");
    await next(2);
    open?.close();
    await put("a.ini", "4");
    expect(told).toBe(2);
  });
});
