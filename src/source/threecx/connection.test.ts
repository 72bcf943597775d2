/** Log-in, tokens, refusals, TLS and proxies, over real sockets. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import { pbxConfig, pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant, type Reply, type WirePbx } from "../../../test/support/wirePbx.ts";
import { steadyClock } from "../../util/clock.ts";
import { type Connection, makeConnection } from "./connection.ts";
import { inspectPbx } from "./inspect.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { backOffMs } from "./threecxSource.ts";

const { pbx, watch, cleanUpFirst } = pbxRig();

function connectTo(server: WirePbx, limits: Partial<Limits> = {}) {
  let nowMs = 1_000_000;
  const clock = { now: () => nowMs, after: steadyClock().after };
  const connection: Connection = makeConnection({
    config: pbxConfig(server.url),
    proxyEnv: {},
    clock,
    limits: { ...defaultLimits, ...limits },
    onTokenFetched: () => {},
  });
  cleanUpFirst(() => connection.http.close());
  const get = () =>
    connection.rest.get({ part: "callcontrol", path: "/callcontrol", bytesMax: 100_000 });
  const getXapi = () =>
    connection.rest.get({ part: "xapi", path: "/xapi/v1/Users?$top=1&$skip=0", bytesMax: 1_000 });
  return { ...connection, get, getXapi, pass: (ms: number) => (nowMs += ms) };
}

describe("the token", () => {
  it("is fetched once, however many ask at once", async () => {
    const server = await pbx();
    const { get } = connectTo(server);
    const answers = await Promise.all(Array.from({ length: 20 }, get));
    expect(answers.every(({ kind }) => kind === "ok")).toBe(true);
    expect(server.tokensGiven).toBe(1);
  });

  it.each([
    [60, "minutes"],
    [3600, "seconds"],
  ])("lasts an hour when expires_in is %i (%s), and is renewed ahead of its end", async (n) => {
    const server = await pbx();
    server.expiresIn = n;
    const { get, pass } = connectTo(server);
    await get();
    pass(50 * 60_000);
    await get();
    expect(server.tokensGiven).toBe(1);
    pass(6 * 60_000);
    await get();
    expect(server.tokensGiven).toBe(2);
  });

  it("is used to its end when a renewal fails", async () => {
    const server = await pbx();
    const { get, pass } = connectTo(server);
    await get();
    server.intercept = (path) => (path === "/connect/token" ? { status: 503 } : undefined);
    pass(56 * 60_000);
    expect(await get()).toMatchObject({ kind: "ok" });
    expect(await get()).toMatchObject({ kind: "ok" });
    expect(server.count("POST /connect/token")).toBe(2);
    pass(5 * 60_000);
    expect(await get()).toMatchObject({ kind: "failed" });
  });

  it("is fetched anew once for all that were told 401", async () => {
    const server = await pbx();
    const { get } = connectTo(server);
    await get();
    server.token = "ended by somebody";
    const answers = await Promise.all(Array.from({ length: 10 }, get));
    expect(answers.map(({ kind }) => kind)).toEqual(Array(10).fill("ok"));
    expect(server.tokensGiven).toBe(2);
  });

  it("is not wasted on a part of the API that always says 401", async () => {
    const server = await pbx();
    const { get, getXapi } = connectTo(server);
    server.intercept = (path) => (path.startsWith("/xapi") ? { status: 401 } : undefined);
    for (let n = 0; n < 5; n += 1) expect(await getXapi()).toMatchObject({ kind: "denied" });
    expect(await get()).toMatchObject({ kind: "ok" });
    expect(server.tokensGiven).toBe(2);
  });
});

describe("answers", () => {
  it.each<[string, Reply, object]>([
    ["no JSON", { status: 200, text: "<html>" }, { kind: "notUnderstood" }],
    ["too large", { status: 200, text: `"${"x".repeat(200_000)}"` }, { kind: "notUnderstood" }],
    ["a failure", { status: 502, text: "<html>" }, { kind: "failed", status: 502 }],
    ["forbidden", { status: 403 }, { kind: "denied", status: 403 }],
    ["missing", { status: 404 }, { kind: "missing" }],
  ])("%s", async (_name, reply, expected) => {
    const server = await pbx();
    server.intercept = (path) => (path === "/callcontrol" ? reply : undefined);
    expect(await connectTo(server).get()).toMatchObject(expected);
  });

  it("are not waited for beyond the limit", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === "/callcontrol" ? new Promise(() => {}) : undefined);
    const answer = await connectTo(server, { requestTimeoutMs: 30 }).get();
    expect(answer).toMatchObject({ kind: "failed", reason: expect.stringContaining("30 ms") });
  });
});

describe("refusals", () => {
  it.each<[string, string, Reply, string, string]>([
    ["secret", "/connect/token", { status: 401 }, "wrong-secret", "PBX_CLIENT_SECRET"],
    ["client", "/connect/token", { status: 400 }, "wrong-secret", "Integrations → API"],
    ["address", "/connect/token", { status: 403 }, "address-not-allowed", "Console Restrictions"],
    ["place", "/connect/token", { status: 404 }, "not-found", "PBX_URL"],
    ["way elsewhere", "/connect/token", { status: 301 }, "not-found", "answered 301"],
    [
      "http at a port for https",
      "/connect/token",
      { status: 400, text: "<html>400 The plain HTTP request was sent to HTTPS port</html>" },
      "not-found",
      "speaks https, not http",
    ],
    ["web page", "/connect/token", { status: 200, text: "<html>" }, "not-found", "PBX_URL"],
    ["box", "WS /callcontrol/ws", { status: 403 }, "call-control-off", "Call Control API Access"],
    ["box as 401", "WS /callcontrol/ws", { status: 401 }, "call-control-off", "Tick"],
    ["list", "/callcontrol", { status: 403 }, "call-control-off", "Integrations → API"],
    ["payment", "/callcontrol", { status: 402 }, "licence", "Enterprise"],
    [
      "licence",
      "/callcontrol",
      { status: 403, body: { error: { message: "License does not allow it" } } },
      "licence",
      "Enterprise",
    ],
  ])("%s", async (_name, where, reply, refusal, words) => {
    const server = await pbx();
    server.intercept = (path) => (path === where ? reply : undefined);
    const watched = watch(server.url, { limits: { refusedRetryMs: 30 } });
    await watched.until(() => watched.source.status().state === "refused");
    const status = watched.source.status();
    expect(status).toMatchObject({ state: "refused", refusal });
    expect(status.state === "refused" && status.reason).toContain(words);
    expect(server.tokensGiven).toBeLessThanOrEqual(2);
    server.intercept = () => undefined;
    await watched.live();
  });

  it("of a PBX that took us before are tried again soon: it may be starting", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { refusedRetryMs: 60_000 } });
    await watched.live();
    server.intercept = (path) => (path.startsWith("WS") ? { status: 404 } : undefined);
    for (const ws of server.sockets) ws.terminate();
    await watched.until(() => watched.source.status().state === "refused");
    server.intercept = () => undefined;
    await watched.live();
  });

  it("are not waited for when we are told that they may be over", async () => {
    const server = await pbx();
    let asked = 0;
    server.intercept = (path) => {
      if (path !== "/connect/token") return undefined;
      asked += 1;
      return { status: 401 };
    };
    const watched = watch(server.url, { limits: { refusedRetryMs: 3_600_000 } });
    await watched.until(() => watched.source.status().state === "refused");
    const before = asked;
    watched.source.connectNow();
    await watched.until(() => asked > before);
    await watched.until(() => watched.source.status().state === "refused");
    server.intercept = () => undefined;
    watched.source.connectNow();
    await watched.live();
  });

  it("are told from failures", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === "/connect/token" ? { status: 503 } : undefined);
    const watched = watch(server.url);
    await watched.until(() => watched.source.status().state === "waiting");
    server.intercept = () => undefined;
    await watched.live();
  });
});

describe("back-off", () => {
  it("grows from the least to the most, never outside of them", () => {
    const pbxTimes = { reconnectMinMs: 1_000, reconnectMaxMs: 60_000 };
    const at = (random: number) =>
      [0, 1, 2, 6, 7, 1_000].map((failures) => backOffMs(failures, pbxTimes, () => random));
    expect(at(0)).toEqual([1_000, 1_000, 2_000, 30_000, 30_000, 30_000]);
    expect(at(0.999999)).toEqual([1_000, 2_000, 4_000, 60_000, 60_000, 60_000]);
  });
});

describe("TLS", () => {
  it("trusts the authority that it is given, and says what to do about another", async () => {
    const made = await generate([{ name: "commonName", value: "localhost" }], {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    const server = await pbx({ tls: { key: made.private, cert: made.cert } });
    const stranger = watch(server.url);
    await stranger.until(() => stranger.source.status().state === "waiting");
    expect(stranger.lines.join()).toContain("PBX_CA_FILE");
    await watch(server.url, { pbx: { ca: made.cert } }).live();
    await watch(server.url, { pbx: { tlsVerify: false } }).live();
  });

  const failure = async (url: string, ca: string | null = null) => {
    const inspection = inspectPbx({ pbx: { ...pbxConfig(url), ca }, clock: steadyClock() });
    cleanUpFirst(() => inspection.close());
    const login = await inspection.logIn();
    return login.kind === "found" ? "" : login.reason.replaceAll(new URL(url).host, "HOST");
  };
  const certified = (altNames: readonly object[]) =>
    generate([{ name: "commonName", value: "pbx" }], {
      extensions: [{ name: "subjectAltName", altNames: [...altNames] as never }],
    });

  it("of an unknown authority fails with our way out, not Node's", async () => {
    const made = await certified([{ type: 7, ip: "127.0.0.1" }]);
    const server = await pbx({ tls: { key: made.private, cert: made.cert } });
    expect(await failure(server.url)).toBe(
      "The certificate of HOST is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate). " +
        "Set PBX_CA_FILE to a file with the certificate of its authority (or its own, if it is self-signed).",
    );
  });

  it("for another name says for which ones the certificate is", async () => {
    const names = ["pbx.example.com", "*.example.net"].map((value) => ({ type: 2, value }));
    const made = await certified([...names, { type: 7, ip: "10.1.2.3" }]);
    const server = await pbx({ tls: { key: made.private, cert: made.cert } });
    expect(await failure(server.url, made.cert)).toBe(
      "The certificate of HOST is for another name: it was made for pbx.example.com, *.example.net, " +
        "10.1.2.3. Expected the name in PBX_URL; set PBX_URL to a name that the certificate has.",
    );
  });

  it("for a crowd of other names says the first of them, and how many more there are", async () => {
    const long = `${"x".repeat(400)}.example.net`;
    const crowd = Array.from({ length: 199 }, (_, index) => `pbx${index}.example.com`);
    const made = await certified([long, ...crowd].map((value) => ({ type: 2, value })));
    const server = await pbx({ tls: { key: made.private, cert: made.cert } });
    expect(await failure(server.url, made.cert)).toBe(
      `The certificate of HOST is for another name: it was made for ${"x".repeat(253)}, pbx0.example.com, ` +
        "pbx1.example.com, pbx2.example.com, pbx3.example.com and 195 more. " +
        "Expected the name in PBX_URL; set PBX_URL to a name that the certificate has.",
    );
  });

  it("asked of a port for http says so, in one line", async () => {
    const { url } = await pbx();
    expect(await failure(url.replace("http:", "https:"))).toBe(
      "No TLS is spoken at HOST (ERR_SSL_WRONG_VERSION_NUMBER: wrong version number), as at a port for http. " +
        "Check PBX_URL: its port (5001 is usual for https). http:// sends the client secret in clear and " +
        "needs PBX_ALLOW_HTTP = 1.",
    );
  });
});

describe("proxies", () => {
  async function proxy() {
    const tunnels: string[] = [];
    const server = createServer().on("connect", (request, socket) => {
      tunnels.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
      const { hostname, port } = new URL(`http://${request.url}`);
      const onward = connect(Number(port), hostname, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on("error", () => onward.destroy());
      cleanUpFirst(async () => {
        onward.destroy();
        socket.destroy();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUpFirst(async () => {
      server.close();
    });
    return { tunnels, port: (server.address() as AddressInfo).port };
  }

  it.each([false, true])("lead REST and WebSocket the same way (TLS %s)", async (secure) => {
    const made = await generate([{ name: "commonName", value: "localhost" }], {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    const server = await pbx(secure ? { tls: { key: made.private, cert: made.cert } } : {});
    const { tunnels, port } = await proxy();
    const env = { httpProxy: `http://me:pass%20word@127.0.0.1:${port}` };
    const watched = watch(server.url, { env, pbx: { ca: secure ? made.cert : null } });
    await watched.live();
    server.upsert(participant("101", 9005));
    await watched.until(() => watched.of("legChanged").length === 1);
    const { host } = new URL(server.url);
    expect(tunnels.length).toBeGreaterThanOrEqual(2);
    expect(new Set(tunnels)).toEqual(new Set([`${host} Basic bWU6cGFzcyB3b3Jk`]));
  });
});

describe("the operator's check", () => {
  const inspect = (server: WirePbx) => {
    const inspection = inspectPbx({ pbx: pbxConfig(server.url), clock: steadyClock() });
    cleanUpFirst(() => inspection.close());
    return inspection;
  };

  it("lists what is visible and what is there", async () => {
    const server = await pbx();
    server.xapi.set("Peers", [
      { Number: "10007", Name: "Trunk", Type: "ExternalLine" },
      { Number: "820", Name: "Night", Type: "RingGroup" },
    ]);
    server.xapi.set(
      "Users",
      Array.from({ length: 205 }, (_, n) => ({
        Number: String(n + 100),
        FirstName: "U",
        LastName: n,
      })),
    );
    server.xapi.set("Queues", 403);
    const inspection = inspect(server);
    expect(await inspection.logIn()).toEqual({ kind: "found", value: null });
    expect(await inspection.visibleDns()).toMatchObject({
      value: [{ dn: "100", kind: "extension" }, {}, {}, { dn: "800", kind: "queue" }],
    });
    const all = await inspection.pbxDns();
    expect(all.kind === "found" && all.value).toHaveLength(206);
    const first = all.kind === "found" ? all.value[0] : null;
    expect(first).toEqual({ number: "100", name: "U 0", kind: "extension" });
  });

  it("opens the WebSocket, or says what may keep it shut", async () => {
    const server = await pbx();
    const inspection = inspect(server);
    expect(await inspection.feed()).toEqual({ kind: "found", value: null });
    server.intercept = (path) => (path === "WS /callcontrol/ws" ? { status: 404 } : undefined);
    expect(await inspection.feed()).toMatchObject({
      refusal: "not-found",
      reason: expect.stringMatching(/\/callcontrol\/ws answered 404.* pass on WebSockets/),
    });
    server.intercept = (path) => (path === "WS /callcontrol/ws" ? { status: 502 } : undefined);
    expect(await inspection.feed()).toMatchObject({ kind: "failed" });
  });

  it("fails each question with its own reason", async () => {
    const server = await pbx();
    server.intercept = (path) =>
      path.startsWith("/xapi") || path === "/callcontrol" ? { status: 403 } : undefined;
    const inspection = inspect(server);
    expect(await inspection.logIn()).toMatchObject({ kind: "found" });
    expect(await inspection.visibleDns()).toMatchObject({ refusal: "call-control-off" });
    expect(await inspection.pbxDns()).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("Configuration API Access"),
    });
    expect(await inspection.activeCalls()).toMatchObject({ kind: "refused" });
    expect(await inspection.callLog()).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("System Owner"),
    });
    server.intercept = () => ({ status: 401 });
    expect(await inspect(server).logIn()).toMatchObject({ refusal: "wrong-secret" });
  });
});
