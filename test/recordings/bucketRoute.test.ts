/** A recording that lies in a bucket, handed out by the route: whole, in parts, removed, and not to be had. */
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBucketFiles } from "../../src/recordings/files/bucket.ts";
import { steadyClock } from "../../src/util/clock.ts";
import { ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, startBucket } from "../support/bucket.ts";
import { type ServedRecordings, serveRecordings } from "../support/servedRecordings.ts";

const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

let bucket: Awaited<ReturnType<typeof startBucket>>;
let dispatcher: Agent;
let served: ServedRecordings;

beforeAll(async () => {
  bucket = await startBucket();
  dispatcher = new Agent();
  const keeper = openBucketFiles({
    endpoint: bucket.endpoint,
    bucket: BUCKET,
    prefix: "kept",
    region: "us-east-1",
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: { reveal: () => SECRET_ACCESS_KEY },
    addressing: "path",
    dispatcher,
    clock: { ...steadyClock(), after: (_, run) => steadyClock().after(0, run) },
  });
  served = await serveRecordings({ keeper });
});
afterAll(async () => {
  await served.stop();
  await dispatcher.destroy();
});

async function ask(
  url: string,
  headers: Record<string, string> = {},
  method: "GET" | "HEAD" = "GET",
) {
  const answer = await request(url, { method, headers });
  return { ...answer, bytes: Buffer.from(await answer.body.arrayBuffer()) };
}

it("is served whole and in parts, with a tag that holds", async () => {
  const url = await served.add(1, content);
  const whole = await ask(url);
  expect(whole.statusCode).toBe(200);
  expect(whole.headers["content-type"]).toBe("audio/mpeg");
  expect(whole.bytes.equals(content)).toBe(true);
  const part = await ask(url, { range: "bytes=1000-1999", "if-range": String(whole.headers.etag) });
  expect(part.statusCode).toBe(206);
  expect(part.bytes.equals(content.subarray(1000, 2000))).toBe(true);
  const known = await ask(url, { "if-none-match": String(whole.headers.etag) });
  expect(known.statusCode).toBe(304);
  const head = await ask(url, {}, "HEAD");
  expect([head.statusCode, head.headers["content-length"]]).toEqual([200, "100000"]);
});

it("is gone from the bucket when it is removed", async () => {
  const url = await served.add(2, content);
  expect((await ask(url)).statusCode).toBe(200);
  await served.remove(2);
  expect((await ask(url)).statusCode).toBe(410);
});

it("is told not to be had at the moment while the bucket is away, and nothing of the bucket", async () => {
  const url = await served.add(3, content);
  await bucket.stop();
  const answer = await ask(url);
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "30"]);
  expect(answer.bytes.toString()).toBe('{"error":"The recording cannot be had at the moment."}');
  expect(answer.headers).not.toHaveProperty("etag");
});
