/**
 * The reports on queues that programs read: how agents fared, how queues did, who gave up. Columns and
 * arguments are the published ones; how a PBX counts is not published: here by each ring of an agent.
 */
import type { Call, Leg } from "../model.ts";
import type { Row } from "./odata/schema.ts";
import {
  type Operation,
  type OperationCall,
  type OperationsWorld,
  REPORT_TOP_MAX,
} from "./operation.ts";
import { historyId, isoDuration } from "./reports.ts";
import { TYPES } from "./types.ts";

/** A stay of a call in a queue. */
interface Stay {
  readonly call: Call;
  readonly queue: string;
  readonly startedAt: number;
  readonly waitMs: number;
  /** The rings of its agents. */
  readonly rings: readonly Leg[];
  readonly isAnswered: boolean;
}

function staysOf(call: Call): readonly Stay[] {
  return call.allLegs
    .filter(({ kind }) => kind === "queue")
    .map((leg) => {
      const endAt = leg.end?.at ?? call.endedAt ?? leg.startedAt;
      const rings = call.allLegs.filter(
        ({ originatedBy, startedAt }) =>
          originatedBy?.dn === leg.dn && startedAt >= leg.startedAt && startedAt <= endAt,
      );
      const answer = rings.find(({ answeredAt }) => answeredAt !== null);
      return {
        call,
        queue: leg.dn,
        startedAt: leg.startedAt,
        waitMs: (answer?.answeredAt ?? endAt) - leg.startedAt,
        rings,
        isAnswered: answer !== undefined,
      };
    });
}

/** `0:00:20`: hours, minutes, seconds. */
function msOf(interval: string): number {
  return interval.split(":").reduce((sum, part) => sum * 60 + (Number(part) || 0), 0) * 1000;
}

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly queues: readonly string[];
  readonly waitMs: number;
}

/** Of those who went before `waitInterval` nothing is counted. */
function asked(args: OperationCall["args"], from: string, to: string, queues: string): Asked {
  const text = (name: string) => String(args.get(name) ?? "");
  return {
    from: Date.parse(text(from)),
    to: Date.parse(text(to)),
    queues: text(queues)
      .split(",")
      .map((dn) => dn.trim())
      .filter(Boolean),
    waitMs: msOf(text("waitInterval")),
  };
}

function staysIn(world: OperationsWorld, { from, to, queues, waitMs }: Asked): readonly Stay[] {
  return world
    .loggedCalls()
    .flatMap(staysOf)
    .filter(
      (stay) =>
        stay.startedAt >= from &&
        stay.startedAt < to &&
        (queues.length === 0 || queues.includes(stay.queue)) &&
        (stay.isAnswered || stay.waitMs >= waitMs),
    );
}

/** The agents of each queue asked for, and what they did there. */
function agentsOf(world: OperationsWorld, stays: readonly Stay[], { queues }: Asked) {
  const sum = (spans: readonly number[]) => spans.reduce((all, span) => all + span, 0);
  return world
    .directory()
    .queues.filter(({ number }) => queues.length === 0 || queues.includes(number))
    .map((queue) => {
      const own = stays.filter((stay) => stay.queue === queue.number);
      const rows = queue.agents.map((agent) => {
        const rings = own.flatMap((stay) => stay.rings.filter(({ dn }) => dn === agent));
        const talks = rings.filter(({ answeredAt }) => answeredAt !== null);
        const endOf = (leg: Leg) => leg.end?.at ?? leg.startedAt;
        return {
          agent,
          answered: talks.length,
          lost: rings.length - talks.length,
          ringMs: sum(rings.map((leg) => (leg.answeredAt ?? endOf(leg)) - leg.startedAt)),
          talkMs: sum(talks.map((leg) => endOf(leg) - (leg.answeredAt ?? 0))),
        };
      });
      return { queue, own, rows };
    });
}

function report(
  type: keyof Pick<typeof TYPES, "agentsInQueue" | "queuePerformance" | "abandonedQueueCall">,
  [from, to, queues]: readonly [string, string, string],
  rowsOf: (wanted: Asked) => Row[],
): Operation {
  return {
    method: "GET",
    takes: { [from]: "time", [to]: "time", [queues]: "text", waitInterval: "text" },
    run: ({ args }) => ({
      kind: "rows",
      context: `Collection(Pbx.${TYPES[type].name})`,
      rows: rowsOf(asked(args, from, to, queues)),
      type: TYPES[type],
      rules: { topMax: REPORT_TOP_MAX, omitNulls: true },
    }),
  };
}

const PERIOD = ["periodFrom", "periodTo", "queueDns"] as const;

function mean(sumMs: number, count: number): string {
  return isoDuration(count === 0 ? 0 : sumMs / count);
}

function agentRows(world: OperationsWorld, wanted: Asked): Row[] {
  const spanMs = wanted.to - wanted.from;
  return agentsOf(world, staysIn(world, wanted), wanted).flatMap(({ queue, rows }) =>
    rows.map(({ agent, answered, lost, ringMs, talkMs }) => ({
      Queue: queue.number,
      QueueDisplayName: queue.name,
      Dn: agent,
      DnDisplayName: world.nameOf(agent),
      LoggedInTime: isoDuration(spanMs),
      AnsweredCount: answered,
      LostCount: lost,
      AnsweredPercent: Math.round((100 * answered) / Math.max(1, answered + lost)),
      AnsweredPerHourCount: Math.round(answered / Math.max(1, spanMs / 3_600_000)),
      RingTime: isoDuration(ringMs),
      AvgRingTime: mean(ringMs, answered + lost),
      TalkTime: isoDuration(talkMs),
      AvgTalkTime: mean(talkMs, answered),
    })),
  );
}

function performanceRows(world: OperationsWorld, wanted: Asked): Row[] {
  return agentsOf(world, staysIn(world, wanted), wanted).flatMap(({ queue, own, rows }) =>
    rows.map(({ agent, answered, lost, talkMs }, index) => ({
      QueueDn: queue.number,
      QueueDisplayName: queue.name,
      QueueReceivedCount: own.length,
      QueueAnsweredCount: own.filter(({ isAnswered }) => isAnswered).length,
      ExtensionDn: agent,
      ExtensionDisplayName: world.nameOf(agent),
      ExtensionAnsweredCount: answered,
      ExtensionDroppedCount: lost,
      TalkTime: isoDuration(talkMs),
      SortOrder: index,
    })),
  );
}

function abandonedRows(world: OperationsWorld, wanted: Asked): Row[] {
  const stays = staysIn(world, wanted).filter(({ isAnswered }) => !isAnswered);
  return stays.flatMap(({ call, queue, startedAt, waitMs, rings }) => {
    const agents = new Set(rings.map(({ dn }) => dn));
    const at = new Date(startedAt).toISOString();
    const row = (agent: string | null): Row => ({
      CallHistoryId: historyId(call.startedAt, call.id),
      CallTime: at,
      CallTimeForCsv: at,
      CallerId: call.caller.number,
      WaitTime: isoDuration(waitMs),
      QueueDn: queue,
      QueueDisplayName: world.nameOf(queue),
      ExtensionDn: agent,
      ExtensionDisplayName: agent === null ? null : world.nameOf(agent),
      PollingAttempts: rings.filter(({ dn }) => dn === agent).length,
      IsLoggedIn: agent !== null,
    });
    return agents.size === 0 ? [row(null)] : [...agents].map(row);
  });
}

export function queueReports(world: OperationsWorld): [string, Operation][] {
  const of = (rows: (world: OperationsWorld, wanted: Asked) => Row[]) => (wanted: Asked) =>
    rows(world, wanted);
  return [
    [
      "ReportAgentsInQueueStatistics/GetAgentsInQueueStatisticsData",
      report("agentsInQueue", ["startDt", "endDt", "queueDnStr"], of(agentRows)),
    ],
    [
      "ReportQueuePerformanceOverview/GetQueuePerformanceOverviewData",
      report("queuePerformance", PERIOD, of(performanceRows)),
    ],
    [
      "ReportAbandonedQueueCalls/GetAbandonedQueueCallsData",
      report("abandonedQueueCall", PERIOD, of(abandonedRows)),
    ],
  ];
}
