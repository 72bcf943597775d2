/** What may be sent to and what not, through real connections and a resolver of the test's. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAttemptSender } from "./attempt.ts";
import { type ConnectionsOptions, PLAIN_WAY, type Way } from "./connections.ts";
import type { Resolve } from "./guard.ts";

const TIMEOUT_MS = 60_000;
const NO_PRIVATE: Way = { ...PLAIN_WAY, allowPrivate: false };

async function receiver() {
  const seen: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(204).end();
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, seen, connections: () => connections };
}

function attempt(url: string, way: Way, options: ConnectionsOptions = {}) {
  const sender = createAttemptSender({ now: Date.now, ...options });
  onTestFinished(() => sender.close());
  const request = { method: "POST", target: "/", headers: {}, body: "{}" } as const;
  return sender.attempt({ ...request, origin: new URL(url).origin }, TIMEOUT_MS, way);
}

/** Answers with these addresses, whatever is asked. */
const resolving =
  (...addresses: readonly string[]): Resolve =>
  (_hostname, _options, done) => {
    const family = (address: string) => (address.includes(":") ? 6 : 4);
    done(
      null,
      addresses.map((address) => ({ address, family: family(address) })),
    );
  };

const refused = (words: string) => ({
  kind: "failed",
  stage: "address",
  message: expect.stringContaining(words),
});

describe("never, whatever the configuration", () => {
  test.each([
    "http://169.254.169.254",
    "http://2852039166",
    "http://0xa9.0xfe.0xa9.0xfe",
    "http://0251.0376.0251.0376",
    "http://[::ffff:169.254.169.254]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[2002:a9fe:a9fe::]",
    "http://[fe80::1]",
    "http://[fd00:ec2::254]",
    "http://0.0.0.0",
    "http://0",
    "http://100.100.100.200",
    "http://metadata.google.internal",
    "https://①⑥⑨.254.169.254",
  ])("%s", async (url) => {
    expect(await attempt(url, PLAIN_WAY)).toMatchObject(refused("Set another URL"));
  });

  test.each([
    [["169.254.169.254"]],
    [["127.0.0.1", "169.254.169.254"]],
    [["::1", "fd00:ec2::254"]],
    [["fe80::1"]],
    [[]],
  ])("a name with the addresses %j", async (addresses) => {
    const { port, connections } = await receiver();
    const resolve = resolving(...addresses);
    const outcome = await attempt(`http://crm.test:${port}`, PLAIN_WAY, { resolve });
    expect(outcome).toMatchObject({ kind: "failed", stage: "address" });
    expect(connections()).toBe(0);
  });

  test("our own server, by loopback, by an address of this machine, and by name", async () => {
    const { port, seen } = await receiver();
    const ownPort = () => port;
    const own = Object.values(networkInterfaces()).flatMap((those) =>
      (those ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => address),
    );
    for (const host of ["127.0.0.1", "[::1]", ...own, "localhost"]) {
      const outcome = await attempt(`http://${host}:${port}`, PLAIN_WAY, { ownPort });
      expect(outcome, host).toMatchObject(refused("our own server"));
    }
    expect(seen).toEqual([]);
  });
});

describe("private addresses", () => {
  test.each([
    "http://127.0.0.1",
    "http://2130706433",
    "http://0x7f.1",
    "http://017700000001",
    "http://127.1",
    "http://①②⑦.0.0.1",
    "http://[::ffff:127.0.0.1]",
    "http://[::1]",
    "http://192.168.1.2",
    "http://100.64.0.1",
    "http://[fd12::1]",
  ])("%s: only where they are allowed", async (url) => {
    const { port, connections } = await receiver();
    const outcome = await attempt(`${url}:${port}`, NO_PRIVATE);
    expect(outcome).toMatchObject(refused("Set ALLOW_PRIVATE = 1"));
    expect(connections()).toBe(0);
  });

  test("by name: the addresses count", async () => {
    const { port, seen } = await receiver();
    const resolve = resolving("127.0.0.1");
    const url = `http://crm.test:${port}`;
    expect(await attempt(url, NO_PRIVATE, { resolve })).toMatchObject(
      refused("crm.test at 127.0.0.1, a loopback address"),
    );
    expect(await attempt(url, PLAIN_WAY, { resolve })).toMatchObject({ kind: "accepted" });
    expect(seen).toEqual(["/"]);
  });

  test("the machine's resolver is asked too", async () => {
    const { port } = await receiver();
    const url = `http://localhost:${port}`;
    expect(await attempt(url, NO_PRIVATE)).toMatchObject(refused("localhost at "));
    expect(await attempt(url, PLAIN_WAY)).toMatchObject({ kind: "accepted" });
  });
});

test("the connected socket is looked at before anything is sent", async () => {
  const { port, seen } = await receiver();
  let looks = 0;
  // The first two looks are at the literal; ours it becomes only then.
  const ownPort = () => {
    looks += 1;
    return looks > 2 ? port : null;
  };
  const outcome = await attempt(`http://127.0.0.1:${port}`, PLAIN_WAY, { ownPort });
  expect(outcome).toMatchObject(refused("our own server"));
  expect({ looks, seen }).toEqual({ looks: 3, seen: [] });
});

describe("through a proxy", () => {
  test("the proxy's own address is exempt, what stands behind it is not", async () => {
    const { port, connections } = await receiver();
    const proxy = `http://127.0.0.1:${port}`;
    const way = { ...NO_PRIVATE, proxy };
    expect(await attempt("http://8.8.8.8", way)).toMatchObject({ kind: "failed", stage: "local" });
    // One for the tunnel, which this receiver does not open; not a storm of them.
    expect(connections()).toBe(1);
    for (const url of ["http://169.254.169.254", "http://10.0.0.1", "http://metadata"]) {
      expect(await attempt(url, way)).toMatchObject({ kind: "failed", stage: "address" });
    }
    expect(connections()).toBe(1);
  });
});
