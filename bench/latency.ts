/**
 * From a frame leaving the PBX to the webhook reaching the receiver, all on one machine. PBX and receiver are in
 * this process, Offhook is a child; the stand-in answers a GET of a leg at once. Calm: one call after the other.
 */
import { Installation, pbxLines } from "../test/support/process.ts";
import { Receiver } from "../test/support/receiver.ts";
import { field } from "../test/support/receiverWebhook.ts";
import { StandIn } from "../test/support/standIn.ts";
import { StandInCall } from "../test/support/standInCall.ts";

const calls = 500;
/** Between two steps, so that about 30 frames a second leave the PBX. */
const restMs = 25;
const kinds = ["ringing", "dialing", "answered", "ended"] as const;
type Kind = (typeof kinds)[number];

const target = { medianMs: 10, p99Ms: 50 };
const remark: Record<Kind, string> = {
  ringing: "",
  dialing: "",
  answered: "",
  ended: "with one look at the list of active calls",
};

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function row(name: string, values: readonly number[], note: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const cell = (value: number) => `${value.toFixed(2)} ms`.padStart(10);
  return [
    name.padEnd(10),
    String(sorted.length).padStart(6),
    cell(quantile(sorted, 0.5)),
    `≤ ${target.medianMs} ms`.padStart(8),
    cell(quantile(sorted, 0.99)),
    `≤ ${target.p99Ms} ms`.padStart(8),
    cell(sorted.at(-1) ?? Number.NaN),
    ` ${note}`,
  ].join(" ");
}

const heading = [
  "event".padEnd(10),
  "count".padStart(6),
  "median".padStart(10),
  "target".padStart(8),
  "p99".padStart(10),
  "target".padStart(8),
  "max".padStart(10),
].join(" ");

const rest = () => new Promise((resolve) => setTimeout(resolve, restMs));

/** Plays calls one after the other, two at each turn, and notes how long each event took. */
export async function measure(
  pbx: StandIn,
  receiver: Receiver,
  { turns = calls, firstCall = 1_000 } = {},
): Promise<Map<Kind, number[]>> {
  const took = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  /** One step of a call puts one frame that matters on the wire, and one webhook follows. */
  async function step(kind: Kind, event: string, callid: number, act: () => unknown) {
    const from = receiver.requests.length;
    const startedAt = performance.now();
    const acted = act();
    const mine = () =>
      receiver.requests
        .slice(from)
        .find(
          (each) => field(each, "event") === event && field(each, "id").includes(`_${callid}-`),
        );
    await receiver.until(() => mine() !== undefined, `${event} of call ${callid}`);
    await acted;
    took.get(kind)?.push((mine()?.at ?? Number.NaN) - startedAt);
    await rest();
  }
  for (let index = 0; index < turns; index += 1) {
    const callid = firstCall + index * 2;
    const outside = { trunk: "10008", number: "420777000001", name: "", establishedAt: "" };
    const establishedAt = new Date().toISOString();
    const incoming = new StandInCall(pbx, {
      ...outside,
      callid,
      establishedAt,
      did: "381213220030",
    });
    await step("ringing", "ringing", callid, () => incoming.rings("101"));
    await step("answered", "hangupincoming", callid, () => incoming.isAnsweredBy("101"));
    await step("ended", "incoming", callid, () => incoming.ends());
    const next = callid + 1;
    const outgoing = new StandInCall(pbx, { ...outside, callid: next, establishedAt, did: "" });
    await step("dialing", "dialing", next, () => outgoing.isDialledBy("102"));
    await step("ended", "outgoing", next, () => outgoing.ends());
  }
  return took;
}

export async function latency(): Promise<string[]> {
  const pbx = await new StandIn().listen();
  const receiver = await new Receiver().listen();
  const installation = await Installation.make();
  try {
    const url = `WEBHOOK_URL = ${receiver.url}/hook`;
    const pace = "ACTIVE_CALLS_POLL_MS = 1000";
    const ini = pbxLines(pbx.url).filter((line) => !line.startsWith("ACTIVE_CALLS_POLL_MS"));
    await installation.configure([...ini, pace, url]);
    const offhook = await installation.start().ready();
    const took = await measure(pbx, receiver);
    await offhook.stop();
    return [heading, ...kinds.map((kind) => row(kind, took.get(kind) ?? [], remark[kind]))];
  } finally {
    await installation.remove();
    await Promise.all([receiver.close(), pbx.close()]);
  }
}
