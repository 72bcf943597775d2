/** One exchange with the PBX, against a server that packs its answers unasked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { steadyClock } from "../../util/clock.ts";
import { makeHttp } from "./http.ts";
import { defaultLimits } from "./limits.ts";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serving(encoding: string, body: Buffer) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers["accept-encoding"]?.toString());
    response.setHeader("content-encoding", encoding);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const tls = { rejectUnauthorized: true };
  const http = makeHttp({ url, tls, proxy: null, clock: steadyClock(), limits: defaultLimits });
  closing.push(
    () => http.close(),
    () => server.close(),
  );
  const exchange = (bytesMax: number) =>
    http.exchange({ method: "GET", path: "/", headers: {}, bytesMax, timeoutMs: 60_000 });
  return { asked, exchange };
}

const text = JSON.stringify({ long: "a".repeat(2_000) });

describe("a packed answer", () => {
  it.each([
    ["gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
    ["identity", Buffer.from(text)],
  ])("in %s is read, though we ask for none", async (encoding, body) => {
    const { asked, exchange } = await serving(encoding, body);
    expect(await exchange(10_000)).toEqual({ kind: "answer", status: 200, text });
    expect(asked).toEqual(["identity"]);
  });

  it("counts as it is unpacked, and is refused if it is broken", async () => {
    const large = await serving("gzip", gzipSync(text));
    expect(await large.exchange(1_000)).toEqual({ kind: "tooLarge", status: 200 });
    const broken = await serving("gzip", Buffer.from("no gzip at all"));
    expect(await broken.exchange(1_000)).toMatchObject({ kind: "failed" });
  });
});
