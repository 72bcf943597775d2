import { afterEach, describe, expect, it } from "vitest";
import { type HttpServer, startHttp, type Unready } from "./server.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

async function start(unready: () => Promise<readonly Unready[]>, port = 0) {
  const server = await startHttp({ host: "127.0.0.1", port, version: "1.2.3", unready });
  open.push(server);
  return server;
}

describe("our HTTP server", () => {
  it("is healthy as long as it answers, ready only when nothing is amiss", async () => {
    let amiss: Unready[] = [{ part: "pbx.main", reason: "connecting, attempt 2" }];
    const { url } = await start(async () => amiss);
    const health = await fetch(`${url}/healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({ status: "ok", version: "1.2.3" });
    const before = await fetch(`${url}/readyz`);
    expect(before.status).toBe(503);
    expect(before.headers.get("cache-control")).toBe("no-store");
    expect(await before.json()).toEqual({ status: "not ready", reasons: amiss });
    amiss = [];
    const after = await fetch(`${url}/readyz`);
    expect(after.status).toBe(200);
    expect(await after.json()).toEqual({ status: "ready", reasons: [] });
  });

  it.each(["/", "/readyz/x", "/webapi/recording/1.mp3"])("has nothing at %s", async (path) => {
    const { url } = await start(async () => []);
    expect((await fetch(url + path)).status).toBe(404);
  });

  it("says in a sentence why it cannot have its address", async () => {
    const { url } = await start(async () => []);
    const port = Number(new URL(url).port);
    await expect(start(async () => [], port)).rejects.toThrow(
      `Expected LISTEN = 127.0.0.1:${port} for our HTTP server, but another program listens there.`,
    );
    const elsewhere = startHttp({
      host: "192.0.2.1",
      port: 0,
      version: "1",
      unready: async () => [],
    });
    await expect(elsewhere).rejects.toThrow(
      /EADDRNOTAVAIL.*Set LISTEN to an address of this machine/,
    );
  });
});
