import { describe, expect, it } from "vitest";
import { callLog, listIn, XapiBench } from "../../../test/support/xapiBench.ts";
import { defaultDirectory } from "../directory.ts";
import { historyId, isoDuration } from "./reports.ts";
import { toneWav, WAV_HEADER_BYTES } from "./wav.ts";

const CALLER = "420777000001";

/** A call to extension 150 by its DID. */
function ringing(bench: XapiBench): number {
  const call = bench.pbx.incoming({ from: CALLER, name: "Novak Jan", did: "420222000150" });
  bench.clock.advance(1000);
  return call.id;
}

/** The same, answered after a second and talked for 65 seconds. */
function talked(bench: XapiBench): void {
  ringing(bench);
  bench.pbx.answer("150");
  bench.clock.advance(65_000);
  bench.pbx.hangUp("150");
  bench.clock.advance(1000);
}

const DAY = callLog("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");

describe("active calls", () => {
  it("has one row for a call while it lives, in the PBX's own words", async () => {
    const bench = new XapiBench();
    expect(await bench.rows("/ActiveCalls")).toEqual([]);
    const id = ringing(bench);
    expect(await bench.rows("/ActiveCalls")).toMatchObject([
      { Id: id, Caller: "10007 MyTrunk (420777000001)", Status: "Routing" },
    ]);
    bench.pbx.answer("150");
    bench.clock.advance(2000);
    const [row] = await bench.rows(`/ActiveCalls?$filter=Id eq ${id}`);
    expect(row).toMatchObject({ Callee: "150 Reception", Status: "Talking" });
    expect(row?.ServerNow).toBe(new Date(bench.clock.now()).toISOString());
    bench.pbx.hangUp("150");
    bench.clock.advance(1000);
    expect(await bench.rows("/ActiveCalls")).toEqual([]);
  });

  it("shows the calls as they were a while ago, if it lags", async () => {
    const bench = new XapiBench(defaultDirectory(), { listLagMs: 1_000 });
    bench.pbx.incoming({ from: CALLER, did: "420222000150" });
    bench.clock.advance(999);
    expect(await bench.rows("/ActiveCalls")).toEqual([]);
    bench.clock.advance(1_000);
    bench.pbx.answer("150");
    bench.clock.advance(999);
    const [row] = await bench.rows("/ActiveCalls");
    expect(row).toMatchObject({ Callee: "150 Reception", Status: "Routing" });
    expect(row?.ServerNow).toBe(new Date(bench.clock.now()).toISOString());
    bench.pbx.hangUp("150");
    bench.clock.advance(999);
    expect(await bench.rows("/ActiveCalls")).toMatchObject([{ Status: "Talking" }]);
    bench.clock.advance(1);
    expect(await bench.rows("/ActiveCalls")).toEqual([]);
  });

  it("drops a call, once", async () => {
    const bench = new XapiBench();
    const id = ringing(bench);
    expect((await bench.ask("POST", `/ActiveCalls(${id})/Pbx.DropCall`)).status).toBe(200);
    bench.clock.advance(1000);
    expect(await bench.rows("/ActiveCalls")).toEqual([]);
    expect((await bench.ask("POST", `/ActiveCalls(${id})/Pbx.DropCall`)).status).toBe(404);
  });

  it("makes a call and shows its first leg", async () => {
    const bench = new XapiBench();
    const { status, body } = await bench.ask("POST", "/Users/Pbx.MakeCall", {
      dn: "101",
      destination: "420777000002",
      contact: null,
      testCall: false,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      FinalStatus: "Success",
      Reason: "NotSpecified",
      Result: { DN: "101", Status: "Dialing", LegId: 1, PartyCallerId: "420777000002" },
    });
    expect(bench.pbx.calls()).toHaveLength(1);
    expect((await bench.ask("POST", "/Users/Pbx.MakeCall", { dn: "101" })).status).toBe(400);
  });
});

describe("recordings", () => {
  it("appear after the call and are found by time and number", async () => {
    const bench = new XapiBench();
    const id = ringing(bench);
    bench.pbx.answer("150");
    bench.clock.advance(5000);
    expect(await bench.rows("/Recordings")).toEqual([]);
    bench.pbx.hangUp("150");
    bench.clock.advance(1000);
    const query = "?$filter=StartTime ge 2026-05-04T00:00:00Z and ToDn eq '150'&$top=100";
    const [recording] = await bench.rows(`/Recordings${query}&$orderby=StartTime desc`);
    expect(recording).toMatchObject({
      CallType: "InboundExternal",
      FromDn: "10007",
      FromDnType: 1,
      FromCallerNumber: CALLER,
      FromDidNumber: "420222000150",
      ToDn: "150",
      StartTime: "2026-05-04T08:00:01.000Z",
      EndTime: "2026-05-04T08:00:06.000Z",
    });
    expect(recording?.RecordingUrl).toBe(`150/[Novak Jan]_${CALLER}-150_20260504080001(${id}).wav`);
  });

  it("are downloaded as a sound that can be played, and deleted for good", async () => {
    const bench = new XapiBench();
    talked(bench);
    const [recording] = await bench.rows("/Recordings");
    const id = String(recording?.Id);
    const address = `/Recordings/Pbx.DownloadRecording(recId=${id})`;
    const { headers, body } = await bench.ask("GET", address);
    expect(headers["content-type"]).toBe("audio/x-wav");
    expect(headers["content-disposition"]).toMatch(
      /^attachment; filename="\[Novak Jan\]_.*\.wav"$/,
    );
    expect((body as Buffer).subarray(0, 4).toString()).toBe("RIFF");
    await bench.ask("POST", "/Recordings/Pbx.BulkRecordingsDelete", { ids: [recording?.Id] });
    expect(await bench.rows("/Recordings")).toEqual([]);
    expect((await bench.ask("GET", address)).status).toBe(404);
    expect((await bench.ask("GET", "/Recordings/Pbx.DownloadRecording(recId=x)")).status).toBe(404);
  });

  it("are PCM of 8000 Hz, 16 bit, one channel, with sizes that agree", () => {
    const wav = toneWav(250, 440);
    expect(wav.length).toBe(WAV_HEADER_BYTES + 4000);
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
    expect(wav.subarray(8, 16).toString()).toBe("WAVEfmt ");
    expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24)]).toEqual([
      1, 1, 8000,
    ]);
    expect([wav.readUInt32LE(28), wav.readUInt16LE(32), wav.readUInt16LE(34)]).toEqual([
      16_000, 2, 16,
    ]);
    expect(wav.subarray(36, 40).toString()).toBe("data");
    expect(wav.readUInt32LE(40)).toBe(4000);
    expect(wav.subarray(WAV_HEADER_BYTES).some((byte) => byte !== 0)).toBe(true);
  });
});

describe("reports", () => {
  it("log an answered and a missed call of the period, with their recordings", async () => {
    const bench = new XapiBench();
    talked(bench);
    const missed = ringing(bench);
    bench.pbx.outsideHangsUp(missed);
    bench.clock.advance(1000);
    const [recording] = await bench.rows("/Recordings");
    const rows = await bench.rows(`${DAY}?$orderby=StartTime`);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      Answered: true,
      Direction: "Inbound",
      SourceCallerId: CALLER,
      DestinationDn: "150",
      TalkingDuration: "PT1M5S",
      DstRecId: recording?.Id,
      Recordings: [{ Id: recording?.Id }],
    });
    expect(rows[1]).toMatchObject({ Answered: false });
    expect(rows[1]).not.toHaveProperty("TalkingDuration");
    expect(rows[1]).not.toHaveProperty("DstRecId");
    const other = callLog("2026-05-05T00:00:00Z", "2026-05-06T00:00:00Z");
    expect(await bench.rows(other)).toEqual([]);
  });

  it("tell an outgoing call by who dialled, also once it was handed on", async () => {
    const bench = new XapiBench();
    const { id } = bench.pbx.dial("101", CALLER);
    bench.clock.advance(3000);
    bench.pbx.outsideAnswers(id);
    bench.clock.advance(20_000);
    bench.pbx.blindTransfer("101", "103");
    bench.clock.advance(2000);
    bench.pbx.answer("103");
    bench.clock.advance(5000);
    bench.pbx.outsideHangsUp(id);
    bench.clock.advance(1000);
    expect(await bench.rows(`${DAY}?$orderby=StartTime`)).toMatchObject([
      { SourceDn: "101", DestinationCallerId: CALLER, TalkingDuration: "PT20S" },
      { SourceCallerId: CALLER, DestinationDn: "103", TalkingDuration: "PT5S" },
    ]);
  });

  it.each([
    { settings: { attendedTransfer: "keepX", joinedCalls: "oneMain" }, ids: 1, keeps: "first" },
    { settings: { attendedTransfer: "keepY", joinedCalls: "oneMain" }, ids: 1, keeps: "second" },
    { settings: { attendedTransfer: "newLeg", joinedCalls: "apart" }, ids: 2, keeps: "first" },
  ] as const)("of joined calls: $settings", async ({ settings, ids, keeps }) => {
    const bench = new XapiBench(defaultDirectory(), settings);
    const first = ringing(bench);
    bench.pbx.answer("150");
    bench.clock.advance(10_000);
    const second = bench.pbx.dial("150", "103").id;
    bench.clock.advance(1000);
    bench.pbx.answer("103");
    bench.clock.advance(4000);
    bench.pbx.completeTransfer("150");
    bench.clock.advance(5000);
    bench.pbx.hangUp("103");
    bench.clock.advance(1000);
    const rows = await bench.rows(`${DAY}?$orderby=StartTime`);
    expect(new Set(rows.map(({ MainCallHistoryId }) => MainCallHistoryId)).size).toBe(ids);
    expect(new Set(rows.map(({ CallHistoryId }) => CallHistoryId)).size).toBe(2);
    expect(rows.slice(-2)).toMatchObject([
      { CallId: second, SourceDn: "150", DestinationDn: "103", TalkingDuration: "PT4S" },
      {
        CallId: keeps === "first" ? first : second,
        SourceCallerId: CALLER,
        DestinationDn: "103",
        TalkingDuration: "PT5S",
      },
    ]);
  });

  it("tell who was called outside as the source of what they were handed on to outside", async () => {
    const bench = new XapiBench();
    const { id } = bench.pbx.dial("101", CALLER);
    bench.clock.advance(3000);
    bench.pbx.outsideAnswers(id);
    bench.clock.advance(20_000);
    bench.pbx.blindTransfer("101", "420602000001");
    bench.clock.advance(2000);
    bench.pbx.outsideAnswers(id);
    bench.clock.advance(5000);
    bench.pbx.outsideHangsUp(id);
    bench.clock.advance(1000);
    expect(await bench.rows(`${DAY}?$orderby=StartTime`)).toMatchObject([
      { SourceDn: "101", DestinationCallerId: CALLER, TalkingDuration: "PT20S" },
      { SourceCallerId: CALLER, DestinationCallerId: "420602000001", TalkingDuration: "PT5S" },
    ]);
  });

  it.each(["101", "102"])(
    "tell a click-to-call at two phones of 101 by %s, who lifted it",
    async (by) => {
      const directory = defaultDirectory();
      const desk = { deviceId: "sip:101@127.0.0.1:5484", userAgent: "Desk", directControl: true };
      const extensions = directory.extensions.map((one) =>
        one.number === "101" ? { ...one, devices: [...one.devices, desk] } : one,
      );
      const bench = new XapiBench({ ...directory, extensions });
      bench.pbx.makeCall("101", CALLER);
      bench.clock.advance(2000);
      const [call] = bench.pbx.calls();
      if (by === "101") bench.pbx.answer("101");
      else bench.pbx.pickUp(by, "101");
      bench.clock.advance(3000);
      bench.pbx.outsideAnswers(call?.id ?? 0);
      bench.clock.advance(20_000);
      bench.pbx.outsideHangsUp(call?.id ?? 0);
      bench.clock.advance(1000);
      const rows = await bench.rows(`${DAY}?$orderby=StartTime`);
      const rung = rows.filter(({ SourceDn }) => SourceDn === "MakeCall");
      expect(
        rung.every(({ DestinationDn, Answered }) => DestinationDn === "101" && !Answered),
      ).toBe(true);
      expect(rung).toHaveLength(by === "101" ? 1 : 2);
      expect(rows.slice(rung.length)).toMatchObject([
        { SourceDn: by, DestinationCallerId: CALLER, TalkingDuration: "PT20S" },
      ]);
    },
  );

  it("part the talks of an attended transfer where the call was handed on", async () => {
    const bench = new XapiBench();
    ringing(bench);
    bench.pbx.answer("150");
    bench.clock.advance(10_000);
    bench.pbx.dial("150", "102");
    bench.clock.advance(3000);
    bench.pbx.answer("102");
    bench.clock.advance(4000);
    bench.pbx.completeTransfer("150");
    bench.clock.advance(9000);
    bench.pbx.hangUp("102");
    bench.clock.advance(1000);
    expect(await bench.rows(`${DAY}?$filter=SourceCallerId eq '${CALLER}'`)).toMatchObject([
      { DestinationDn: "102", TalkingDuration: "PT9S" },
      { DestinationDn: "150", TalkingDuration: "PT17S" },
    ]);
  });

  it("cut the page of the call log before they filter it", async () => {
    const bench = new XapiBench();
    talked(bench);
    bench.pbx.outsideHangsUp(ringing(bench));
    bench.clock.advance(1000);
    const query = "$orderby=StartTime&$top=1&$count=true&$filter=Answered eq false";
    const { body } = await bench.ask("GET", `${DAY}?${query}`);
    expect(body).toMatchObject({ "@odata.count": 0, value: [] });
    const second = await bench.ask("GET", `${DAY}?${query}&$skip=1`);
    expect(listIn(second.body)).toHaveLength(1);
  });

  it("show the history in stretches of ringing and talking", async () => {
    const bench = new XapiBench();
    talked(bench);
    const rows = await bench.rows(
      "/CallHistoryView?$filter=date(SegmentStartTime) ge 2026-05-04&$orderby=SegmentId",
    );
    expect(rows.map((row) => row.SegmentType)).toEqual([1, 2]);
    expect(rows[1]).toMatchObject({
      SrcDnType: 1,
      SrcExternal: true,
      DstDn: "150",
      DstInternal: true,
      CallAnswered: true,
      CallTime: "PT1M5S",
    });
    const long = "/CallHistoryView?$filter=CallTime gt duration'PT1M'";
    expect(await bench.rows(long)).toHaveLength(1);
    const last = "/LastCdrAndChatMessageTimestamp";
    expect((await new XapiBench().ask("GET", last)).body).toMatchObject({ LastCdrStartedAt: null });
    expect((await bench.ask("GET", last)).body).toMatchObject({
      LastCdrStartedAt: "2026-05-04T08:00:00.000Z",
      LastChatMessageTimeSent: null,
    });
  });

  it("write durations and history ids as the PBX does", () => {
    expect([0, 5200, 60_000, 65_200, 3_600_000, 3_725_000].map(isoDuration)).toEqual([
      "PT0S",
      "PT5.2S",
      "PT1M",
      "PT1M5.2S",
      "PT1H",
      "PT1H2M5S",
    ]);
    expect(historyId(Date.UTC(2026, 1, 4), 0x21e7)).toMatch(
      /^00000000-01dc-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}000021e7$/,
    );
  });
});
