/** The recordings' route over real sockets. */
import { Readable } from "node:stream";
import fastify from "fastify";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/deliveryWorld.ts";
import { addressOf, fileNameOf, type RecordingName, signingKey } from "./address.ts";
import { FORGIVEN_AFTER_MS, MISSES_MAX } from "./misses.ts";
import { type RecordingRoutes, recordingRoutes, STREAMS_MAX } from "./routes.ts";

const content = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251));
const name: RecordingName = { callId: "230115121143_9", link: 1, n: 1 };
const key = signingKey("k".repeat(32));

const AWAY = "the bucket at an inner address is away";

let app = fastify();
let base = "";
let world: {
  lookups: string[];
  lines: object[];
  open: number;
  clock: TestClock;
  endless: boolean;
  isOpen: boolean;
};

beforeEach(async () => {
  world = {
    lookups: [],
    lines: [],
    open: 0,
    clock: new TestClock(),
    endless: false,
    isOpen: false,
  };
  const line = (fields: object) => world.lines.push(fields);
  const options: RecordingRoutes = {
    keys: () => [key],
    isOpen: () => world.isOpen,
    now: () => world.clock.now(),
    clock: world.clock,
    log: { debug: line, info: line, warn: line, error: line },
    async find(asked) {
      const text = fileNameOf(asked);
      world.lookups.push(text);
      if (asked.n === 3) return { kind: "removed" };
      if (asked.n === 4) throw new Error(AWAY);
      if (asked.n !== 1 && asked.n !== 5) return { kind: "none" };
      world.open += 1;
      const file = {
        bytes: content.length,
        etag: '"abc"',
        storedAt: Date.UTC(2026, 4, 4),
        read: async (first: number, last: number) => {
          if (asked.n === 5) throw new Error(AWAY);
          return world.endless
            ? startedReadable()
            : Readable.from([content.subarray(first, last + 1)]);
        },
        close: async () => {
          world.open -= 1;
        },
      };
      return { kind: "found", file };
    },
  };
  app = fastify({ forceCloseConnections: true });
  await app.register(recordingRoutes(options));
  base = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await app.close();
});

/** Begins and never ends. */
function startedReadable(): Readable {
  const readable = new Readable({ read() {} });
  readable.push("a");
  return readable;
}

const address = (n = 1) => addressOf(base, { ...name, n }, key, null);
async function ask(
  url: string,
  headers: Record<string, string> = {},
  method: "GET" | "HEAD" = "GET",
) {
  const answer = await request(url, { method, headers });
  return { ...answer, bytes: Buffer.from(await answer.body.arrayBuffer()) };
}

describe("a signed address", () => {
  test("gives the whole, to be played and kept private", async () => {
    const { statusCode, headers, bytes } = await ask(address());
    expect(statusCode).toBe(200);
    expect(bytes.equals(content)).toBe(true);
    expect(headers).toMatchObject({
      "content-type": "audio/mpeg",
      "content-length": "1000",
      "accept-ranges": "bytes",
      etag: '"abc"',
      "last-modified": "Mon, 04 May 2026 00:00:00 GMT",
      "content-disposition": 'inline; filename="230115121143_9-1-1.mp3"',
      "cache-control": "private, no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    expect(world.lines).toContainEqual(
      expect.objectContaining({
        recording: "230115121143_9-1-1.mp3",
        client: "127.0.0.1",
        status: 200,
      }),
    );
    expect(JSON.stringify(world.lines)).not.toContain("sig=");
  });

  test("HEAD tells the same without the sound", async () => {
    const { statusCode, headers, bytes } = await ask(address(), {}, "HEAD");
    expect([statusCode, headers["content-length"], bytes.length]).toEqual([200, "1000", 0]);
    // RFC 9110 §14.2: ranges are of GET alone.
    const part = await ask(address(), { range: "bytes=0-9" }, "HEAD");
    expect([part.statusCode, part.headers["content-length"]]).toEqual([200, "1000"]);
    expect(world.open).toBe(0);
  });

  test("gives parts, what is missing of it, and nothing to who has it", async () => {
    const part = await ask(address(), { range: "bytes=990-" });
    expect([part.statusCode, part.headers["content-range"]]).toEqual([206, "bytes 990-999/1000"]);
    expect(part.bytes.equals(content.subarray(990))).toBe(true);
    const changed = await ask(address(), { range: "bytes=990-", "if-range": '"old"' });
    expect([changed.statusCode, changed.bytes.length]).toEqual([200, 1000]);
    const beyond = await ask(address(), { range: "bytes=1000-" });
    expect([beyond.statusCode, beyond.headers["content-range"]]).toEqual([416, "bytes */1000"]);
    const known = await ask(address(), { "if-none-match": '"abc"' });
    expect([known.statusCode, known.bytes.length, known.headers.etag]).toEqual([304, 0, '"abc"']);
    expect(world.open).toBe(0);
  });

  test("says 404 for what never was and 410 for what was removed", async () => {
    expect((await ask(address(2))).statusCode).toBe(404);
    expect((await ask(address(3))).statusCode).toBe(410);
  });

  test("says 503 for what cannot be had at the moment, and why to the operator alone", async () => {
    for (const n of [4, 5]) {
      const { statusCode, headers, bytes } = await ask(address(n), { range: "bytes=0-9" });
      expect([statusCode, headers["retry-after"]]).toEqual([503, "30"]);
      expect(bytes.toString()).toBe('{"error":"The recording cannot be had at the moment."}');
      expect(headers.etag ?? headers["content-range"]).toBeUndefined();
      const recording = `230115121143_9-1-${n}.mp3`;
      expect(world.lines).toContainEqual({ recording, reason: AWAY });
      expect(world.lines).toContainEqual(expect.objectContaining({ recording, status: 503 }));
    }
    expect(world.open).toBe(0);
  });
});

describe("without a signature", () => {
  test.each([
    ["none", (url: string) => url.replace(/\?.*/, "")],
    ["a wrong one", (url: string) => url.replace(/sig=\w\w/, "sig=zz")],
    ["two", (url: string) => `${url}&sig=x`],
    ["another's", (url: string) => url.replace("_9-1-1", "_9-1-2")],
    ["an expiry of one's own", (url: string) => `${url}&exp=9999999999`],
  ])("nothing is looked up: %s", async (_what, spoil) => {
    expect((await ask(spoil(address()))).statusCode).toBe(403);
    expect(world.lookups).toEqual([]);
  });

  test.each(["x.mp3", "%2e%2e%2fadmin.token", "..%5c..%5cetc", "%00", "230115121143_9-1-1.mp3%00"])(
    "no path gets out: %s",
    async (path) => {
      const { statusCode } = await ask(`${base}/webapi/recording/${path}?sig=a.b`);
      expect([400, 403, 404]).toContain(statusCode);
      expect(world.lookups).toEqual([]);
    },
  );

  test("anyone may fetch where the operator says so, but only what there is", async () => {
    world.isOpen = true;
    expect((await ask(address().replace(/\?.*/, ""))).statusCode).toBe(200);
    expect((await ask(`${base}/webapi/recording/x.mp3`)).statusCode).toBe(404);
    expect((await ask(address(2).replace(/\?.*/, ""))).statusCode).toBe(404);
  });

  test("who guesses is slowed down, and forgiven in time", async () => {
    const wrong = address().replace(/sig=\w\w/, "sig=zz");
    for (let count = 0; count < MISSES_MAX; count += 1) await ask(wrong);
    const refused = await ask(wrong);
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "2"]);
    await world.clock.pass(FORGIVEN_AFTER_MS);
    expect((await ask(wrong)).statusCode).toBe(403);
  });

  test("who guesses locks nobody out who has a signature, be it from the same address", async () => {
    const wrong = address().replace(/sig=\w\w/, "sig=zz");
    for (let count = 0; count <= MISSES_MAX; count += 1) await ask(wrong);
    expect((await ask(address())).statusCode).toBe(200);
  });

  test("where anyone may fetch, who guesses waits for everything", async () => {
    world.isOpen = true;
    for (let count = 0; count < MISSES_MAX; count += 1) await ask(address(2));
    expect((await ask(address())).statusCode).toBe(429);
    await world.clock.pass(FORGIVEN_AFTER_MS);
    expect((await ask(address())).statusCode).toBe(200);
  });
});

describe("streams", () => {
  test("end with the client, and one client holds only so many", async () => {
    world.endless = true;
    const stop = new AbortController();
    const held = Array.from({ length: STREAMS_MAX }, () =>
      request(address(), { signal: stop.signal }),
    );
    await Promise.all(held);
    expect((await ask(address())).statusCode).toBe(429);
    stop.abort();
    while (world.open > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    world.endless = false;
    expect((await ask(address())).statusCode).toBe(200);
  });
});
