/** The recordings of a puppet PBX: rows read whatever their shape, files fetched whole or not at all. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { pbxRig } from "../../../test/support/watchedPbx.ts";

const { pbx, watch } = pbxRig();
const T = Date.UTC(2026, 4, 4, 8, 0, 0);
const never = new AbortController().signal;

const row = {
  Id: 63214,
  RecordingUrl: "100/[Novak]_420777000001-100_20260504080000(7).wav",
  StartTime: "2026-05-04T08:00:01.5Z",
  EndTime: "2026-05-04T08:01:00Z",
  FromDn: "10000",
  FromDnType: 1,
  FromCallerNumber: "+420777000001",
  ToDn: "100",
  ToDnType: 0,
  ToCallerNumber: "100",
};

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offhook-recordings-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the list", () => {
  it("is read with all that is told, and asks the call log only for lookalikes", async () => {
    const server = await pbx();
    server.xapi.set("Recordings", [row, null, { Id: 5 }, { ...row, Id: "x" }]);
    const { source } = watch(server.url);
    expect(await source.recordings.list(T, T + 60_000, ["100"])).toEqual({
      kind: "listed",
      found: [
        {
          id: "63214",
          startedAt: T + 1_500,
          endedAt: T + 60_000,
          from: { dn: "10000", number: "+420777000001", isQueue: false },
          to: { dn: "100", number: "100", isQueue: false },
          call: null,
          transcript: null,
        },
      ],
    });
    expect(server.count("GET /xapi/v1/Recordings?$top=100&$skip=0&$filter=StartTime%20ge")).toBe(1);
    expect(server.count("GET /xapi/v1/ReportCallLogData")).toBe(0);
  });

  it("takes from the call log whose recordings two lookalikes are", async () => {
    const server = await pbx();
    server.xapi.set("Recordings", [row, { ...row, Id: 63215, StartTime: "2026-05-04T08:00:02Z" }]);
    const CallHistoryId = "00000000-01dc-db9c-e74a-a80000000007";
    server.xapi.set("ReportCallLogData", [
      { CallHistoryId, SrcRecId: 0, DstRecId: 63214 },
      { CallHistoryId, Recordings: [{ Id: 63215 }, null, { Id: "x" }] },
      { CallHistoryId: "", DstRecId: 1 },
      7,
    ]);
    const { source } = watch(server.url);
    const listing = await source.recordings.list(T, T + 60_000, ["100"]);
    const calls = listing.kind === "listed" ? listing.found.map(({ call }) => call?.number) : [];
    expect(calls).toEqual([7, 7]);
  });

  it.each([
    [0, false],
    [1, false],
    [2, true],
    [4, true],
  ])("has a queue or ring group at a side of DnType %i: %s", async (ToDnType, isQueue) => {
    const server = await pbx();
    server.xapi.set("Recordings", [{ ...row, ToDn: "800", ToDnType }]);
    const listing = await watch(server.url).source.recordings.list(T, T, []);
    const found = listing.kind === "listed" ? listing.found : [];
    expect(found.map(({ to }) => to)).toEqual([{ dn: "800", number: "100", isQueue }]);
  });

  it("brings transcripts, bounded", async () => {
    const server = await pbx();
    const long = "a".repeat(1_500_000);
    const told = { Summary: "s", Transcription: long, SentimentScore: 4 };
    server.xapi.set("Recordings", [{ ...row, ...told }]);
    const listing = await watch(server.url).source.recordings.list(T, T, []);
    const transcript = listing.kind === "listed" ? listing.found[0]?.transcript : null;
    expect(transcript).toMatchObject({ summary: "s", sentimentScore: "4" });
    expect(transcript?.transcription).toHaveLength(1_000_000);
  });

  it.each([
    [403, "denied"],
    [404, "denied"],
    [500, "failed"],
  ])("that is answered with %i is %s", async (status, kind) => {
    const server = await pbx();
    server.xapi.set("Recordings", status);
    const listing = await watch(server.url).source.recordings.list(T, T, []);
    expect(listing).toMatchObject({ kind, reason: expect.any(String) });
  });

  it("that is no list has failed", async () => {
    const server = await pbx();
    server.intercept = (path) =>
      path.includes("Recordings") ? { status: 200, body: { value: 5 } } : undefined;
    const listing = await watch(server.url).source.recordings.list(T, T, []);
    expect(listing.kind).toBe("failed");
  });
});

/** As the PBX itself would have it. */
async function forward(url: string, request: IncomingMessage, response: ServerResponse) {
  const { method = "GET", headers } = request;
  const asked = { authorization: headers.authorization ?? "" };
  const type = { "content-type": headers["content-type"] ?? "text/plain" };
  const body = Buffer.concat(await request.toArray());
  const init = { method, headers: { ...asked, ...type }, body: method === "GET" ? null : body };
  const answer = await fetch(`${url}${request.url}`, init);
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(await answer.text());
}

describe("a file", () => {
  const address = "/xapi/v1/Recordings/Pbx.DownloadRecording(recId=7)";
  const fetching = async (reply: object, limits = {}) => {
    const server = await pbx();
    server.intercept = (path) => (path === address ? (reply as { status: number }) : undefined);
    const { source } = watch(server.url, { limits });
    const file = join(folder, "7.wav");
    return { file, fetched: await source.recordings.download("7", file, never) };
  };

  it("is fetched whole", async () => {
    const { file, fetched } = await fetching({ status: 200, text: "RIFF…" });
    expect(fetched).toEqual({ kind: "fetched", bytes: 7 });
    expect(readFileSync(file, "utf8")).toBe("RIFF…");
  });

  it.each([
    [{ status: 404 }, "failed"],
    [{ status: 403, text: "no" }, "failed"],
    [{ status: 500, text: "no" }, "failed"],
  ])("answered with %j: %s, and nothing is left", async (reply, kind) => {
    const { file, fetched } = await fetching(reply);
    expect(fetched).toMatchObject({ kind, reason: expect.any(String) });
    expect(existsSync(file)).toBe(false);
  });

  it("beyond the limit is refused, and nothing is left", async () => {
    const reply = { status: 200, text: "x".repeat(2_000) };
    const { file, fetched } = await fetching(reply, { recordingBytesMax: 1_000 });
    expect(fetched).toMatchObject({ kind: "refused", reason: expect.stringContaining("larger") });
    expect(existsSync(file)).toBe(false);
  });

  it("that stops coming has failed, and nothing is left", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === address ? new Promise(() => {}) : undefined);
    const { source } = watch(server.url, { limits: { downloadIdleMs: 30 } });
    const file = join(folder, "7.wav");
    expect(await source.recordings.download("7", file, never)).toMatchObject({ kind: "failed" });
    expect(existsSync(file)).toBe(false);
  });

  it("that drips without end has failed, and nothing is left", async () => {
    const server = await pbx();
    const dripping = createServer((request, response) => {
      if (!request.url?.includes("Download")) return void forward(server.url, request, response);
      response.writeHead(200);
      const drip = setInterval(() => response.write("x"), 5);
      response.once("close", () => clearInterval(drip));
    });
    await once(dripping.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void dripping.close());
    const { port } = dripping.address() as AddressInfo;
    const { source } = watch(`http://127.0.0.1:${port}`, { limits: { downloadMsMax: 300 } });
    const file = join(folder, "7.wav");
    const fetched = await source.recordings.download("7", file, never);
    expect(fetched).toMatchObject({ kind: "failed", reason: expect.stringContaining("300 ms") });
    expect(existsSync(file)).toBe(false);
  });

  it("is given up when told so, and an id that is none is never asked for", async () => {
    const server = await pbx();
    server.intercept = (path) => (path === address ? new Promise(() => {}) : undefined);
    const { source } = watch(server.url);
    const stop = AbortSignal.timeout(20);
    const file = join(folder, "7.wav");
    expect(await source.recordings.download("7", file, stop)).toMatchObject({ kind: "failed" });
    const found = await source.recordings.download("7)/../x", file, never);
    expect(found.kind).toBe("refused");
    expect(server.requests.some((request) => request.includes(".."))).toBe(false);
  });
});
