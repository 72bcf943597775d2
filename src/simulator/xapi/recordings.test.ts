/** What the switches make of recordings, and how their files come. */
import { afterEach, expect, it } from "vitest";
import { XapiBench } from "../../../test/support/xapiBench.ts";
import { defaultDirectory } from "../directory.ts";
import { createSimulator, type Simulator } from "../server.ts";
import type { SettingsPatch } from "../settings.ts";
import { toneOf } from "./wav.ts";

const T = Date.parse("2026-05-04T08:00:00Z");
const iso = (ms: number) => new Date(T + ms).toISOString();

/** 150 talks for a minute and hands the call to 103, who talks for ten seconds. */
function handedOn(settings: SettingsPatch): XapiBench {
  const bench = new XapiBench(defaultDirectory(), settings);
  bench.pbx.incoming({ from: "420777000001", did: "420222000150" });
  bench.clock.advance(1000);
  bench.pbx.answer("150");
  bench.clock.advance(60_000);
  bench.pbx.blindTransfer("150", "103");
  bench.clock.advance(3000);
  bench.pbx.answer("103");
  bench.clock.advance(10_000);
  return bench;
}

const log =
  "/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-05-04T00:00:00Z,periodTo=2026-05-05T00:00:00Z," +
  "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0," +
  "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)";
const partiesOf = async (bench: XapiBench) =>
  (await bench.rows("/Recordings")).map(({ FromDn, ToDn }) => `${FromDn} ${ToDn}`);

it("are listed when the call is over, or each with its leg", async () => {
  const late = handedOn({});
  expect(await partiesOf(late)).toEqual([]);
  late.pbx.hangUp("103");
  late.clock.advance(100);
  expect(await partiesOf(late)).toEqual(["10007 150", "10007 103"]);
  const early = handedOn({ recordingListed: "legEnd" });
  expect(await partiesOf(early)).toEqual(["10007 150"]);
});

it("are listed late, and the log names them then, or never", async () => {
  for (const recordingInLog of [true, false]) {
    const bench = handedOn({ recordingDelayMs: 5000, recordingInLog });
    bench.pbx.hangUp("103");
    bench.clock.advance(4900);
    const named = async () => (await bench.rows(log)).filter((row) => "DstRecId" in row).length;
    expect([(await partiesOf(bench)).length, await named()]).toEqual([0, 0]);
    bench.clock.advance(200);
    expect([(await partiesOf(bench)).length, await named()]).toEqual([2, recordingInLog ? 2 : 0]);
  }
});

it("of a leg are several where recording was paused", async () => {
  const bench = handedOn({ recordingParts: 2 });
  bench.pbx.hangUp("103");
  bench.clock.advance(100);
  const rows = await bench.rows("/Recordings?$filter=ToDn eq '150'&$orderby=StartTime");
  expect(rows.map(({ StartTime, EndTime }) => [StartTime, EndTime])).toEqual([
    [iso(1000), iso(21_000)],
    [iso(41_000), iso(61_000)],
  ]);
  expect(new Set((await bench.rows("/Recordings")).map(({ Id }) => Id)).size).toBe(4);
});

it("of a leg that an attended transfer moved are named once", async () => {
  const bench = new XapiBench(defaultDirectory(), { attendedTransfer: "keepX" });
  bench.pbx.incoming({ from: "420777000001", did: "420222000150" });
  bench.clock.advance(1000);
  bench.pbx.answer("150");
  bench.clock.advance(1000);
  const { id } = bench.pbx.dial("150", "103");
  bench.clock.advance(1000);
  bench.pbx.answer("103", id);
  bench.clock.advance(1000);
  bench.pbx.completeTransfer("150");
  bench.clock.advance(1000);
  bench.pbx.hangUp("103");
  bench.clock.advance(1000);
  const ids = (await bench.rows("/Recordings")).map(({ Id }) => Id);
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(ids.length);
});

it("have no transcript, or a late one", async () => {
  const bench = handedOn({ transcriptDelayMs: 60_000 });
  bench.pbx.hangUp("103");
  const transcribed = async () =>
    (await bench.rows("/Recordings?$filter=ToDn eq '103'")).map((row) => row.IsTranscribed);
  bench.clock.advance(59_000);
  expect(await transcribed()).toEqual([false]);
  bench.clock.advance(1100);
  expect(await transcribed()).toEqual([true]);
  const [row] = await bench.rows("/Recordings?$filter=ToDn eq '103'");
  expect(row?.Transcription).toContain(String(row?.Id));
  expect(row?.Summary).toContain(String(row?.Id));
  expect(row?.SentimentScore).toBeGreaterThan(0);
});

it("may be listed by an owner only, and downloaded by anybody", async () => {
  const bench = handedOn({ recordingList: "forbidden" });
  bench.pbx.hangUp("103");
  bench.clock.advance(100);
  expect((await bench.ask("GET", "/Recordings")).status).toBe(403);
  const [row] = (await bench.rows(log)).filter((each) => "DstRecId" in each);
  const address = `/Recordings/Pbx.DownloadRecording(recId=${row?.DstRecId})`;
  expect((await bench.ask("GET", address)).status).toBe(200);
});

it("have another tone each, 60 in a row", () => {
  const tones = Array.from({ length: 60 }, (_, at) => toneOf(63_214 + at));
  expect(new Set(tones).size).toBe(60);
  expect(Math.max(...tones)).toBeLessThan(3000);
});

let simulator: Simulator | null = null;
afterEach(() => simulator?.close());

it("come late, in pieces, or break off, as often as is said", async () => {
  simulator = await createSimulator({ settings: { downloadFails: 1, downloadBreaks: 1 } });
  const { url, pbx, client } = simulator;
  pbx.incoming({ from: "420777000001", did: "420222000150" });
  await expect.poll(() => pbx.legsOf("150").length).toBe(1);
  pbx.answer("150");
  // The conversation's own length, not a wait for anything.
  await new Promise((resolve) => setTimeout(resolve, 250));
  pbx.hangUp("150");
  const { clientId: client_id, clientSecret: client_secret } = client;
  const body = new URLSearchParams({ client_id, client_secret, grant_type: "client_credentials" });
  const login = await fetch(`${url}/connect/token`, { method: "POST", body });
  const { access_token } = (await login.json()) as { access_token: string };
  const ask = (path: string) => fetch(`${url}/xapi/v1/Recordings${path}`, { headers });
  const headers = { authorization: `Bearer ${access_token}` };
  const { value } = (await (await ask("")).json()) as { value: { Id: number }[] };
  const download = async () => {
    const answer = await ask(`/Pbx.DownloadRecording(recId=${value[0]?.Id})`);
    const bytes = await answer.arrayBuffer().then(
      (got) => Buffer.from(got),
      () => null,
    );
    return { status: answer.status, bytes };
  };
  expect((await download()).status).toBe(500);
  expect(await download()).toEqual({ status: 200, bytes: null });
  const whole = await download();
  expect(whole.bytes?.toString("latin1", 0, 4)).toBe("RIFF");
  simulator.change({ downloadBytesPerS: 20_000 });
  expect(await download()).toEqual(whole);
});
