/** A recording in a browser, from the route that hands it out: played, sought, and opened by its address. */
import { readFile } from "node:fs/promises";
import type { Browser, Page, Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { startBrowser } from "../support/browser.ts";
import { factMsMax } from "../support/facts.ts";
import { mp3Of, type ServedRecordings, serveRecordings } from "../support/servedRecordings.ts";
import { wav, wavOf } from "../support/sound.ts";

const SECONDS = 180;
/** Several times as fast as it plays, and far too slow to have all of it before it is sought. */
const BYTES_PER_S = 30_000;
const [FIRST_HZ, SECOND_HZ] = [440, 1500];

let served: ServedRecordings;
let browser: Browser;
let stop: () => Promise<void>;
let page: Page;
let address: string;
let bytes: number;

beforeAll(async () => {
  served = await serveRecordings({ bytesPerS: BYTES_PER_S });
  ({ browser, stop } = await startBrowser());
  const half = (toneHz: number) => {
    const second = wav({ seconds: 1, toneHz }).subarray(44);
    return Buffer.concat(Array(SECONDS / 2).fill(second));
  };
  const mp3 = await mp3Of(wavOf({}, Buffer.concat([half(FIRST_HZ), half(SECOND_HZ)])));
  bytes = mp3.length;
  address = await served.add(1, mp3);
});
afterAll(async () => {
  await stop();
  await served.stop();
});
beforeEach(async () => {
  page = await browser.newPage();
  page.setDefaultTimeout(factMsMax);
});
afterEach(() => page.close());

interface Played {
  readonly duration: number;
  /** For each seek: where it came to, how far it played, and the loudest frequency (0 if the page may not know). */
  readonly heard: readonly {
    readonly sought: number;
    readonly reached: number;
    readonly hz: number;
  }[];
}

/** What is done in the page is in playing.js. */
async function play(options: { url: string; seeks: number[]; listens: boolean }): Promise<Played> {
  const source = await readFile(new URL("./playing.js", import.meta.url), "utf8");
  return page.evaluate(`${source}\nplay(${JSON.stringify(options)})`);
}

it("plays, is as long as the sound, and plays on from where it is sought", async () => {
  served.asked.length = 0;
  await page.goto(`${served.url}/healthz`);
  const seeks = [SECONDS / 2 + 20, 10, SECONDS - 30];
  const { duration, heard } = await play({ url: address, seeks, listens: true });
  expect(Math.abs(duration - SECONDS)).toBeLessThan(0.1);
  for (const [index, { sought, reached, hz }] of heard.entries()) {
    const at = seeks[index] ?? 0;
    expect(sought).toBeCloseTo(at, 1);
    expect(reached).toBeGreaterThan(at + 0.5);
    // A bin of the analysis is 6 Hz wide.
    expect(Math.abs(hz - (at < SECONDS / 2 ? FIRST_HZ : SECOND_HZ))).toBeLessThan(12);
  }
  // Sought by asking for another part, not by taking all before it; or known by its tag from the part before.
  for (const { status } of served.asked) expect([206, 304]).toContain(status);
  expect(served.asked.some(({ first = 0 }) => first > bytes / 2)).toBe(true);
});

it("plays in another site's page, which may not read it", async () => {
  const other = `http://localhost:${new URL(served.url).port}`;
  await page.goto(`${other}/healthz`);
  const { duration, heard } = await play({ url: address, seeks: [90], listens: false });
  expect(Math.abs(duration - SECONDS)).toBeLessThan(0.1);
  expect(heard[0]?.reached).toBeGreaterThan(90);
  const read = page.evaluate((url) => fetch(url).then(() => "read"), address);
  await expect(read).rejects.toThrow("Failed to fetch");
});

it("plays when its address is opened", async () => {
  const requests: Request[] = [];
  page.on("request", (request) => requests.push(request));
  await page.goto(address);
  const source = await readFile(new URL("./playing.js", import.meta.url), "utf8");
  const shown = await page.evaluate<number>(`${source}\ndurationShown()`);
  expect(Math.abs(shown - SECONDS)).toBeLessThan(0.1);
  expect(new Set(requests.map((request) => new URL(request.url()).pathname)).size).toBeLessThan(3);
});

it("does not play without its signature", async () => {
  await page.goto(`${served.url}/healthz`);
  const url = address.slice(0, address.indexOf("?"));
  await expect(play({ url, seeks: [1], listens: false })).rejects.toThrow("MEDIA_ELEMENT_ERROR");
});
