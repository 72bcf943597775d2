/**
 * A program: an S3-compatible server (s3rver) on a free port of this machine, which it prints; ends with its input.
 * s3rver checks every signature, yet not that a body is the one whose hash was signed, nor `If-Match`: Amazon does,
 * so a front does it here. It runs apart, as its lists need a cipher that OpenSSL keeps for old programs
 * (`--openssl-legacy-provider`).
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

type S3rverClass = new (options: Record<string, unknown>) => { run(): Promise<AddressInfo> };

const directory = mkdtempSync(join(tmpdir(), "offhook-bucket-"));
const S3rver = createRequire(import.meta.url)("@20minutes/s3rver") as S3rverClass;
const behind = await new S3rver({
  port: 0,
  address: "127.0.0.1",
  silent: true,
  directory,
  configureBuckets: [{ name: process.argv[2], configs: [] }],
}).run();

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<Error><Code>${code}</Code></Error>`);
}

async function pass(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(asked);
  const hash = createHash("sha256").update(body).digest("hex");
  if (asked.headers["x-amz-content-sha256"] !== hash) {
    return refuse(response, 400, "XAmzContentSHA256Mismatch");
  }
  const { url, method, headers } = asked;
  const onward = { host: "127.0.0.1", port: behind.port, path: url, method, headers };
  const passed = requestOf({ ...onward, setHost: false }, (answer) => {
    const wanted = headers["if-match"];
    if (answer.statusCode !== 404 && wanted !== undefined && wanted !== answer.headers.etag) {
      answer.destroy();
      return refuse(response, 412, "PreconditionFailed");
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response).on("close", () => answer.destroy());
    return answer;
  });
  passed.on("error", () => response.destroy());
  passed.end(body);
}

const front = createServer((asked, response) => void pass(asked, response));
front.listen(0, "127.0.0.1", () => console.log((front.address() as AddressInfo).port));
process.stdin.resume().on("end", () => {
  rmSync(directory, { recursive: true });
  process.exit();
});
