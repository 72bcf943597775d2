/** TLS with a private authority and client certificates, proxies of an endpoint, packed answers. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  callerName,
  type TlsFixture,
  tlsFixture,
  tlsReceiver,
} from "../../test/support/tlsReceiver.ts";
import { createAttemptSender } from "./attempt.ts";
import { PLAIN_WAY, type ProxyFor, type Way } from "./connections.ts";

const TIMEOUT_MS = 60_000;
let tls: TlsFixture;
let stranger: TlsFixture;

beforeAll(async () => {
  tls = await tlsFixture();
  stranger = await tlsFixture();
});

function senderFor(proxyFor?: ProxyFor) {
  const sender = createAttemptSender({ now: Date.now, proxyFor });
  onTestFinished(() => sender.close());
  return (origin: string, way: Partial<Way> = {}) => {
    const request = { method: "POST", target: "/hook", headers: {}, body: '{"n":1}' } as const;
    return sender.attempt({ ...request, origin }, TIMEOUT_MS, { ...PLAIN_WAY, ...way });
  };
}

/** Opens tunnels, and notes to where and with which credentials. */
async function tunnelProxy() {
  const asked: { readonly to: string; readonly as: string }[] = [];
  const server = createHttpServer();
  server.on("connect", (request, socket, head) => {
    asked.push({ to: request.url ?? "", as: request.headers["proxy-authorization"] ?? "" });
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [onward, socket]) each.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return { asked, port: (server.address() as AddressInfo).port };
}

describe("TLS", () => {
  test("a private authority is believed by the endpoint that names it, and by no other", async () => {
    const origin = await tlsReceiver(tls.server, (_request, response) => response.end());
    const attempt = senderFor();
    expect(await attempt(origin, { ca: tls.ca })).toMatchObject({ kind: "accepted" });
    // The connection that is open by now belongs to the other way.
    expect(await attempt(origin)).toMatchObject({ kind: "failed", stage: "tls" });
    const other = await attempt(origin, { ca: stranger.ca });
    expect(other).toMatchObject({ kind: "failed", stage: "tls" });
  });

  test("a client certificate is shown where it is asked for, and is needed", async () => {
    const names: string[] = [];
    const options = { ...tls.server, ca: tls.ca, requestCert: true, rejectUnauthorized: true };
    const origin = await tlsReceiver(options, (request, response) => {
      names.push(callerName(request.socket as TLSSocket));
      response.end();
    });
    const attempt = senderFor();
    const { ca, client } = tls;
    expect(await attempt(origin, { ca, client })).toMatchObject({ kind: "accepted" });
    expect(await attempt(origin, { ca })).toMatchObject({ kind: "failed" });
    expect(await attempt(origin, { ca, client: stranger.client })).toMatchObject({
      kind: "failed",
    });
    expect(names).toEqual(["offhook.test"]);
  });

  test("a name that the certificate does not bear is refused", async () => {
    const origin = await tlsReceiver(tls.server, (_request, response) => response.end());
    const named = origin.replace("127.0.0.1", "localhost");
    const outcome = await senderFor()(named, { ca: tls.ca });
    expect(outcome).toMatchObject({ kind: "failed", stage: "tls" });
  });

  test("nothing below TLS 1.2 is spoken", async () => {
    const old = { ...tls.server, minVersion: "TLSv1", maxVersion: "TLSv1.1" } as const;
    const ciphers = "DEFAULT:@SECLEVEL=0";
    const origin = await tlsReceiver({ ...old, ciphers }, (_request, response) => response.end());
    const outcome = await senderFor()(origin, { ca: tls.ca });
    expect(outcome).toMatchObject({ kind: "failed", stage: "tls" });
  });
});

describe("an endpoint's proxy", () => {
  test("leads to it with TLS from end to end, before that of the environment", async () => {
    const names: string[] = [];
    const options = { ...tls.server, ca: tls.ca, requestCert: true, rejectUnauthorized: true };
    const origin = await tlsReceiver(options, (request, response) => {
      names.push(callerName(request.socket as TLSSocket));
      response.end();
    });
    const { asked, port } = await tunnelProxy();
    const attempt = senderFor(() => "http://127.0.0.1:9");
    const { ca, client } = tls;
    const proxy = `http://user:p%40ss@127.0.0.1:${port}`;
    expect(await attempt(origin, { ca, client, proxy })).toMatchObject({ kind: "accepted" });
    expect(asked).toEqual([
      { to: new URL(origin).host, as: `Basic ${Buffer.from("user:p@ss").toString("base64")}` },
    ]);
    expect(names).toEqual(["offhook.test"]);
    expect(await attempt(origin, { ca, proxy })).toMatchObject({ kind: "failed" });
  });

  test("can be none, where the environment names one", async () => {
    const origin = await tlsReceiver(tls.server, (_request, response) => response.end());
    const attempt = senderFor(() => "http://127.0.0.1:9");
    expect(await attempt(origin, { ca: tls.ca })).toMatchObject({ stage: "local" });
    const straight = await attempt(origin, { ca: tls.ca, proxy: "none" });
    expect(straight).toMatchObject({ kind: "accepted" });
  });

  test.each([403, 407, 502])(
    "that answers %i is our fault, and the log can say which",
    async (status) => {
      const server = createHttpServer();
      server.on("connect", (_request, socket) => {
        socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => {
        server.close();
      });
      const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const outcome = await senderFor()("https://192.0.2.1", { proxy });
      const message = expect.stringMatching(new RegExp(`proxy.*${status}`, "i"));
      expect(outcome).toEqual({ kind: "failed", stage: "local", message });
    },
  );

  test("that hangs up is asked once, not over and over until the deadline", async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      connections += 1;
      socket.on("error", () => {});
      socket.once("data", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
    });
    const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outcome = await senderFor()("http://192.0.2.1", { proxy });
    expect(outcome).toMatchObject({ kind: "failed", stage: "local" });
    expect(connections).toBe(1);
  });
});

test("a packed answer is not unpacked: a few bytes may stand for gigabytes", async () => {
  const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const origin = await tlsReceiver(tls.server, (_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
  });
  const before = process.memoryUsage().arrayBuffers;
  expect(await senderFor()(origin, { ca: tls.ca })).toEqual({
    kind: "accepted",
    status: 200,
    responseHead: "(an answer packed as gzip, not shown)",
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
});
