/** The words of the call log, and the reports on queues. */
import { describe, expect, it } from "vitest";
import { callLog, XapiBench } from "../../../test/support/xapiBench.ts";

const CALLER = "420777000001";
const DAY = callLog("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");

describe("reports", () => {
  it("say of a call through menu and queue what each row is, in the words of a PBX", async () => {
    const bench = new XapiBench();
    const { id } = bench.pbx.incoming({ from: CALLER, name: "Novak Jan", did: "420222000320" });
    bench.clock.advance(1000);
    bench.pbx.press(id, "1");
    bench.clock.advance(1000);
    bench.pbx.reject("101");
    bench.pbx.answer("102");
    bench.clock.advance(5000);
    bench.pbx.outsideHangsUp(id);
    bench.clock.advance(1000);
    const rows = await bench.rows(`${DAY}?$orderby=SegmentId`);
    expect(
      rows.map(({ DestinationDn, Direction, CallType, Status, Answered, Reason }) =>
        [DestinationDn, Direction, CallType, Status, Answered, Reason].join(" | "),
      ),
    ).toEqual([
      "801 | Inbound | Digital Receptionist | Answered | true | Main menu was replaced by Support (800)",
      "800 | Inbound Queue | Queue | Waiting | true | Support was replaced by Petr Svoboda (102)",
      "101 | Inbound | Extension | Unanswered | false | Busy",
      "102 | Inbound | Extension | Answered | true | Ended by Novak Jan",
      "103 | Inbound | Extension | Unanswered | false | Answered elsewhere",
    ]);
    const newestFirst = await bench.rows(DAY);
    expect(newestFirst.map((row) => row.SegmentId)).toEqual(
      rows.map((row) => row.SegmentId).reverse(),
    );
  });

  it("count what queues and agents did, and who gave up", async () => {
    const bench = new XapiBench();
    const first = bench.pbx.incoming({ from: CALLER, did: "420222000100" }).id;
    bench.clock.advance(3000);
    bench.pbx.answer("102");
    bench.clock.advance(10_000);
    bench.pbx.outsideHangsUp(first);
    bench.clock.advance(1000);
    const second = bench.pbx.incoming({ from: "420777000002", did: "420222000100" }).id;
    bench.clock.advance(5000);
    bench.pbx.outsideHangsUp(second);
    bench.clock.advance(1000);
    const day = "2026-05-04T00:00:00Z";
    const next = "2026-05-05T00:00:00Z";
    const agents = (queue: string) =>
      "/ReportAgentsInQueueStatistics/Pbx.GetAgentsInQueueStatisticsData(" +
      `queueDnStr='${queue}',startDt=${day},endDt=${next},waitInterval='0:00:0')`;
    const period = (queues: string, wait: string) =>
      `(periodFrom=${day},periodTo=${next},queueDns='${queues}',waitInterval='${wait}')`;
    const overview = "/ReportQueuePerformanceOverview/Pbx.GetQueuePerformanceOverviewData";
    const abandoned = "/ReportAbandonedQueueCalls/Pbx.GetAbandonedQueueCallsData";
    const [, answerer] = await bench.rows(`${agents("800")}?$orderby=Dn`);
    expect(answerer).toMatchObject({
      Queue: "800",
      Dn: "102",
      DnDisplayName: "Petr Svoboda",
      AnsweredCount: 1,
      LostCount: 1,
      AnsweredPercent: 50,
      TalkTime: "PT10S",
      AvgTalkTime: "PT10S",
    });
    expect(await bench.rows(agents("801"))).toEqual([]);
    const all = await bench.rows(`${overview}${period("", "0:00:0")}?$orderby=ExtensionDn desc`);
    expect(all).toMatchObject([
      { ExtensionDn: "103", ExtensionAnsweredCount: 0, ExtensionDroppedCount: 2 },
      { ExtensionDn: "102", QueueReceivedCount: 2, QueueAnsweredCount: 1, TalkTime: "PT10S" },
      { ExtensionDn: "101", ExtensionAnsweredCount: 0, TalkTime: "PT0S" },
    ]);
    const gaveUp = await bench.rows(
      `${abandoned}${period("800,801", "0:00:4")}?$count=true&$orderby=CallTimeForCsv asc`,
    );
    expect(gaveUp).toHaveLength(3);
    expect(gaveUp[0]).toMatchObject({
      CallerId: "420777000002",
      QueueDn: "800",
      WaitTime: "PT5S",
      ExtensionDn: "101",
      PollingAttempts: 1,
    });
    expect(await bench.rows(`${abandoned}${period("800", "0:00:6")}`)).toEqual([]);
    expect((await bench.ask("GET", `${abandoned}(periodFrom=${day})`)).status).toBe(404);
  });

  it("say of an outgoing call who ended it", async () => {
    const bench = new XapiBench();
    const { id } = bench.pbx.dial("101", CALLER);
    bench.pbx.outsideAnswers(id);
    bench.clock.advance(5000);
    bench.pbx.outsideHangsUp(id);
    bench.clock.advance(1000);
    expect(await bench.rows(DAY)).toMatchObject([
      { Direction: "Outbound", CallType: "External", Reason: `Ended by ${CALLER}` },
    ]);
  });
});
