/**
 * A bucket that is busy, slow, cut off, or keeps versions: a server of this machine that answers by a script. What
 * is asked of a bucket that is well is tried on a real one (recordingFiles.test.ts).
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { inspect } from "node:util";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BucketOptions, openBucketFiles } from "../../src/recordings/files/bucket.ts";
import { steadyClock } from "../../src/util/clock.ts";
import { listed } from "./recordingFiles.ts";

const KEY = "2027/01/15/270115121143_9-1-1.mp3";
const KEY_ID = "AKIDISTINCT";
const SECRET = "verysecretindeed";
const TELLS = {
  "last-modified": "Fri, 15 Jan 2027 12:00:00 GMT",
  "content-length": "5",
  etag: '"a"',
};
const TRIES = 4;
/** For what never comes. */
const SOON_MS = 300;

type Script = (asked: IncomingMessage, response: ServerResponse, body: string) => unknown;

let server: Server;
let dispatcher: Agent;
let script: Script;
let seen: string[];
let folder: string;

beforeEach(async () => {
  seen = [];
  folder = await mkdtemp(join(tmpdir(), "offhook-troubles-"));
  server = createServer(async (asked, response) => {
    seen.push(`${asked.method} ${asked.headers.host}${asked.url}`);
    // What is given up in the middle asks for nothing.
    const body = await text(asked).catch(() => null);
    if (body !== null) script(asked, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Every name is this machine.
  const lookup: LookupFunction = (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  dispatcher = new Agent({ connect: { lookup } });
});
afterEach(async () => {
  await dispatcher.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

/** Pauses between two tries take no time. */
const clock = {
  ...steadyClock(),
  after: (_: number, run: () => void) => steadyClock().after(0, run),
};

const endpoint = () => `http://localhost:${(server.address() as AddressInfo).port}`;

function open(options: Partial<BucketOptions> = {}) {
  return openBucketFiles({
    endpoint: endpoint(),
    bucket: "calls",
    prefix: "a",
    region: "eu-central-1",
    accessKeyId: KEY_ID,
    secretAccessKey: { reveal: () => SECRET },
    addressing: "path",
    dispatcher,
    clock,
    answerTimeoutMs: 60_000,
    ...options,
  });
}

/** The error's message, after a look whether all that prints of it tells no secret. */
async function troubleOf(promise: Promise<unknown> | undefined): Promise<string> {
  const error = await promise?.then(
    () => new Error("Expected it to fail."),
    (thrown: unknown) => thrown,
  );
  const shown = inspect(error, { depth: 10, showHidden: true });
  for (const hidden of [KEY_ID, SECRET, "AWS4-HMAC", "Signature="]) {
    expect(shown).not.toContain(hidden);
  }
  return error instanceof Error ? error.message : String(error);
}

async function made(content = "whole"): Promise<string> {
  await writeFile(join(folder, "made"), content);
  return join(folder, "made");
}

describe("a bucket that is busy", () => {
  it.each([429, 500, 502, 503, 504])("with %d is asked again, the whole of it", async (status) => {
    const bodies: string[] = [];
    script = (asked, response, body) => {
      if (asked.method === "PUT") bodies.push(body);
      const isBusy = asked.method === "PUT" && bodies.length < TRIES;
      response.writeHead(isBusy ? status : 200, isBusy ? {} : TELLS).end(isBusy ? "" : "     ");
    };
    expect(await open().put(KEY, await made())).toMatchObject({ bytes: 5, etag: '"a"' });
    expect(bodies).toEqual(Array(TRIES).fill("whole"));
  });

  it("for long is told of, and the file stays where it was", async () => {
    script = (_, response) =>
      response.writeHead(503).end("<Error><Code>SlowDown</Code><Message>x</Message></Error>");
    const path = await made();
    const found = await troubleOf(open().put(KEY, path));
    expect(found).toMatch(
      /^Expected the bucket to keep .*, but it answered 503 \(SlowDown\)\. Check/,
    );
    expect(seen).toHaveLength(TRIES);
    expect(await troubleOf(rm(path).then(() => "there"))).toBe("Expected it to fail.");
  });

  it("is not asked again for what it refuses", async () => {
    const refuse = (code: string) => {
      script = (_, response) => response.writeHead(403).end(`<Error><Code>${code}</Code></Error>`);
    };
    refuse("AccessDenied");
    expect(await troubleOf(listed(open()))).toContain("(AccessDenied). Check RECORDINGS_URL");
    refuse("RequestTimeTooSkewed");
    expect(await troubleOf(listed(open()))).toContain("Check this machine's clock.");
    expect(seen).toHaveLength(2);
  });
});

describe("a bucket that cannot be reached", () => {
  it("by its own name is asked again, and then told of", async () => {
    let turn = 0;
    script = (_, response) => {
      turn += 1;
      if (turn < 3) response.socket?.destroy();
      else response.writeHead(200, TELLS).end();
    };
    const files = open({ addressing: "host" });
    expect(await files.stat(KEY)).toMatchObject({ etag: '"a"', bytes: 5 });
    const host = endpoint().slice("http://".length);
    expect(seen).toEqual(Array(3).fill(`HEAD calls.${host}/a/${KEY}`));
    script = (_, response) => response.socket?.destroy();
    expect(await troubleOf(files.stat(KEY))).toMatch(/Check RECORDINGS_URL and the network\.$/);
  });

  it("because it never answers is given up", async () => {
    script = () => {};
    const files = open({ answerTimeoutMs: SOON_MS });
    expect(await troubleOf(files.stat(KEY))).toContain("Headers Timeout");
    expect(await troubleOf(files.put(KEY, await made()))).toContain("Headers Timeout");
    await expect.poll(() => seen).toHaveLength(2 * TRIES);
  });

  it("any more in the middle of a file ends the file with an error, not early", async () => {
    for (const isCut of [true, false]) {
      script = (asked, response) => {
        response.writeHead(200, TELLS);
        if (asked.method === "HEAD") return response.end();
        response.write("who");
        return isCut && setImmediate(() => response.destroy());
      };
      const file = await open(isCut ? {} : { answerTimeoutMs: SOON_MS }).open(KEY);
      const stream = await file?.read(null);
      expect(await troubleOf(stream && buffer(stream))).toMatch(
        isCut ? /terminated|closed|aborted/ : /Timeout/,
      );
    }
  });

  it("any more in the middle of a list is told of", async () => {
    script = (_, response) => {
      response.writeHead(200).write("<ListBucketResult>");
      setImmediate(() => response.destroy());
    };
    expect(await troubleOf(listed(open()))).toMatch(/^Expected the whole answer .* the network\.$/);
    script = (_, response) => response.writeHead(200).end(Buffer.alloc(5_000_000, "x"));
    expect(await troubleOf(listed(open()))).toContain("longer than");
  });
});

describe("a bucket that says odd things", () => {
  it("of the kept file is not believed", async () => {
    script = (asked, response) => {
      const bytes = asked.method === "HEAD" ? "4" : "0";
      response.writeHead(200, { ...TELLS, "content-length": bytes }).end();
    };
    expect(await troubleOf(open().put(KEY, await made()))).toContain("got one of 4");
    script = (_, response) => response.writeHead(200, { "content-length": "5" }).end("whole");
    expect(await troubleOf(open().stat(KEY))).toContain("length, date and ETag");
  });

  it("of a range is not believed", async () => {
    let answers = 0;
    script = (asked, response) => {
      if (asked.method === "HEAD") return response.writeHead(200, TELLS).end();
      answers += 1;
      const of = { ...TELLS, "content-length": answers === 1 ? "3" : "5" };
      return response
        .writeHead(answers === 1 ? 206 : 200, of)
        .end("whole".slice(0, Number(of["content-length"])));
    };
    for (const words of ["got other bytes", "answered 200"]) {
      const file = await open().open(KEY);
      expect(await troubleOf(file?.read({ first: 1, last: 2 }))).toContain(words);
    }
  });
});

describe("a bucket that keeps versions", () => {
  function keeping(versions: string[], isLocked = false): void {
    script = (asked, response) => {
      const [first] = versions;
      if (asked.method === "HEAD") {
        const told = first === undefined ? {} : { ...TELLS, "x-amz-version-id": first };
        return response.writeHead(first === undefined ? 404 : 200, told).end();
      }
      const named = new URL(asked.url ?? "", endpoint()).searchParams.get("versionId") ?? "";
      const at = versions.indexOf(named);
      if (at >= 0 && !isLocked) versions.splice(at, 1);
      return response.writeHead(204).end();
    };
  }

  it("loses them all", async () => {
    const versions = ["3/L4kq+tJl", "null", "1"];
    keeping(versions);
    expect(await open().remove(KEY)).toBe(true);
    expect(versions).toEqual([]);
    expect(await open().remove(KEY)).toBe(false);
  });

  it("and does not let go of them is told of", async () => {
    keeping(["1"], true);
    expect(await troubleOf(open().remove(KEY))).toMatch(
      /still has it .* whether the bucket is locked\.$/,
    );
  });
});
