/** Exchanges against real servers on loopback, well and badly behaved. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AttemptSender, createAttemptSender, RESPONSE_HEAD_BYTES_MAX } from "./attempt.ts";
import type { Outcome } from "./outcome.ts";
import type { HttpRequest } from "./request.ts";

const TIMEOUT_MS = 60_000;
/** For receivers that never finish. */
const SHORT_TIMEOUT_MS = 1000;
/** For one whose answer has begun by then, also on a machine that stalls. */
const DRIP_TIMEOUT_MS = 5000;

let sender: AttemptSender;
const servers: Server[] = [];
const sockets = new Set<Socket>();

beforeEach(() => {
  sender = createAttemptSender({ now: Date.now });
});

afterEach(async () => {
  await sender.close();
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const http = async (listener: RequestListener) => `http://${await listen(createServer(listener))}`;
const tcp = async (onData: (socket: Socket) => void) =>
  `http://${await listen(createTcpServer((socket) => socket.on("data", () => onData(socket))))}`;

function requestTo(origin: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: "POST",
    origin,
    target: "/hook",
    headers: { "content-type": "application/json" },
    body: '{"n":1}',
    ...changes,
  };
}

const attempt = (origin: string, timeoutMs = TIMEOUT_MS): Promise<Outcome> =>
  sender.attempt(requestTo(origin), timeoutMs);

/** The client lets a turn of the event loop go by before it uses a connection again. */
async function attemptAndRest(origin: string): Promise<Outcome> {
  const outcome = await attempt(origin);
  await nextTurn();
  await nextTurn();
  return outcome;
}

describe("a well-behaved receiver", () => {
  test("gets method, target, headers and body as they were built", async () => {
    const seen: object[] = [];
    const origin = await http(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      const { method, url, headers } = request;
      seen.push({
        method,
        url,
        id: headers["webhook-id"],
        length: headers["content-length"],
        body,
      });
      response.writeHead(204).end();
    });
    const headers = { "webhook-id": "evt_1" };
    const body = '{"name":"Zoë ☎"}';
    await sender.attempt(requestTo(origin, { headers, body }), TIMEOUT_MS);
    const get = requestTo(origin, { method: "GET", target: "/a%20b?q=%5C'", headers, body: null });
    expect(await sender.attempt(get, TIMEOUT_MS)).toEqual({
      kind: "accepted",
      status: 204,
      responseHead: "",
    });
    expect(seen).toEqual([
      { method: "POST", url: "/hook", id: "evt_1", length: "19", body },
      { method: "GET", url: "/a%20b?q=%5C'", id: "evt_1", length: undefined, body: "" },
    ]);
  });

  test("a refusal carries status, head and Retry-After", async () => {
    const origin = await http((_request, response) => {
      response.writeHead(503, { "retry-after": "7" }).end("closed for lunch");
    });
    const before = Date.now();
    const outcome = await attempt(origin);
    expect(outcome).toMatchObject({
      kind: "refused",
      status: 503,
      responseHead: "closed for lunch",
    });
    const asked = outcome.kind === "refused" ? (outcome.retryAfterAt ?? 0) : 0;
    expect(asked).toBeGreaterThanOrEqual(before + 7000);
    expect(asked).toBeLessThanOrEqual(Date.now() + 7000);
  });

  test("redirects are not followed", async () => {
    const seen: (string | undefined)[] = [];
    const origin = await http((request, response) => {
      seen.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await attempt(origin)).toMatchObject({ kind: "refused", status: 307 });
    expect(seen).toEqual(["/hook"]);
  });

  test("its connection is used again", async () => {
    let connections = 0;
    const keepAliveTimeout = 60_000;
    const server = createServer({ keepAliveTimeout }, (_request, response) => response.end());
    server.on("connection", () => {
      connections += 1;
    });
    const origin = `http://${await listen(server)}`;
    for (let n = 0; n < 5; n += 1) await attemptAndRest(origin);
    expect(connections).toBe(1);
  });
});

describe("a badly behaved receiver", () => {
  test("one that never answers ends at the deadline", async () => {
    const origin = await http(() => {});
    const before = performance.now();
    expect(await attempt(origin, SHORT_TIMEOUT_MS)).toEqual({
      kind: "failed",
      stage: "timeout",
      message: "no answer within 1000 ms",
    });
    expect(performance.now() - before).toBeGreaterThanOrEqual(SHORT_TIMEOUT_MS - 5);
  });

  test("one that drips its header ends at the deadline", async () => {
    const origin = await tcp((socket) => {
      const drip = setInterval(() => socket.write("H"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    const outcome = await attempt(origin, SHORT_TIMEOUT_MS);
    expect(outcome).toMatchObject({ kind: "failed" });
  });

  test("one that drips the body for ever has answered all the same", async () => {
    const origin = await http((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    expect(await attempt(origin, DRIP_TIMEOUT_MS)).toMatchObject({
      kind: "accepted",
      status: 200,
    });
  });

  test("of a huge body only the head is kept, and the rest is cut", async () => {
    let sent = 0;
    const origin = await http((_request, response) => {
      const more = () => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write("y".repeat(65_536), more);
      };
      more();
    });
    const outcome = await attempt(origin);
    expect(outcome).toMatchObject({ kind: "accepted", status: 200 });
    const head = outcome.kind === "accepted" ? outcome.responseHead : "";
    expect(head).toBe("y".repeat(RESPONSE_HEAD_BYTES_MAX));
    expect(sent).toBeLessThan(50_000_000);
  });

  test.each([
    ["garbage", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a broken status line", "HTTP/1.1 abc Nope\r\n\r\n"],
    ["headers without end", `HTTP/1.1 200 OK\r\nx: ${"z".repeat(100_000)}\r\n`],
  ])("%s is a protocol failure", async (_name, bytes) => {
    const origin = await tcp((socket) => socket.end(bytes));
    expect(await attempt(origin)).toMatchObject({ kind: "failed", stage: "protocol" });
  });

  test("a reset is a failure, and on a fresh connection not repeated", async () => {
    let requests = 0;
    const origin = await tcp((socket) => {
      requests += 1;
      socket.resetAndDestroy();
    });
    expect(await attempt(origin)).toMatchObject({ kind: "failed", stage: "reset" });
    expect(requests).toBe(1);
  });

  test("interim answers are passed over, an upgrade is none", async () => {
    const interim = await tcp((socket) =>
      socket.end("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Yes\r\ncontent-length: 0\r\n\r\n"),
    );
    expect(await attempt(interim)).toMatchObject({ kind: "accepted", status: 202 });
    const upgrade = await tcp((socket) =>
      socket.end("HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    );
    expect(await attempt(upgrade)).toMatchObject({ kind: "failed" });
  });
});

describe("no way there", () => {
  test("nobody listens", async () => {
    const server = createTcpServer();
    const address = await listen(server);
    server.close();
    await once(server, "close");
    const outcome = await attempt(`http://${address}`);
    expect(outcome).toMatchObject({ kind: "failed", stage: "connect" });
    expect(outcome.kind === "failed" && outcome.message).toContain("ECONNREFUSED");
  });

  test("a certificate that nobody vouches for", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "127.0.0.1" }]);
    const address = await listen(createTlsServer({ cert, key }));
    // Without Node's advice on how to start it, which is none for who runs a service.
    expect(await attempt(`https://${address}`)).toEqual({
      kind: "failed",
      stage: "tls",
      message: "DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate",
    });
  });

  test("no TLS where https was asked for", async () => {
    const address = await listen(
      createTcpServer((socket) => socket.end("HTTP/1.1 400 No\r\n\r\n")),
    );
    expect(await attempt(`https://${address}`)).toEqual({
      kind: "failed",
      stage: "tls",
      message: expect.stringMatching(/^ERR_SSL_[A-Z_]+: [a-z ]+$/),
    });
  });

  test("an interim 100 that nobody asked for is named, and the request not sent a second time", async () => {
    let requests = 0;
    const origin = await tcp((socket) => {
      requests += 1;
      const final = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
      socket.write(requests === 1 ? final : `HTTP/1.1 100 Continue\r\n\r\n${final}`);
    });
    await attemptAndRest(origin);
    expect(await attempt(origin)).toEqual({
      kind: "failed",
      stage: "protocol",
      message: "expected one final answer, got an interim 100 Continue that nobody asked for",
    });
    expect(requests).toBe(2);
  });

  test("a request that cannot be built is our fault", async () => {
    const broken = requestTo("http://127.0.0.1:9", { headers: { a: "x\r\ny: z" } });
    expect(await sender.attempt(broken, TIMEOUT_MS)).toMatchObject({ stage: "request" });
  });
});

describe("a kept connection that has died", () => {
  test("gets the request once more at once, the same one, on a new connection", async () => {
    const seen: string[] = [];
    let connection = 0;
    const server = createTcpServer((socket) => {
      connection += 1;
      const own = connection;
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        seen.push(`${own}.${requests}`);
        if (own === 1 && requests === 2) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
    });
    const origin = `http://${await listen(server)}`;
    expect(await attemptAndRest(origin)).toMatchObject({ kind: "accepted" });
    expect(await attempt(origin)).toMatchObject({ kind: "accepted" });
    expect(seen).toEqual(["1.1", "1.2", "2.1"]);
  });

  test("is not tried a third time", async () => {
    let requests = 0;
    const origin = await tcp((socket) => {
      requests += 1;
      if (requests === 1) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      else socket.resetAndDestroy();
    });
    await attemptAndRest(origin);
    expect(await attempt(origin)).toMatchObject({ kind: "failed", stage: "reset" });
    expect(requests).toBe(3);
  });
});

describe("through a proxy", () => {
  test("a proxy that cannot be reached or refuses is nobody's fault", async () => {
    const refusing = await tcp((socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    for (const proxy of [refusing, "http://127.0.0.1:9"]) {
      const proxied = createAttemptSender({ now: Date.now, proxyFor: () => proxy });
      const outcome = await proxied.attempt(requestTo("http://192.0.2.1"), TIMEOUT_MS);
      expect(outcome).toMatchObject({ kind: "failed", stage: "local" });
      await proxied.close();
    }
  });
});
