/** What the log says of deliveries and endpoints: a wide line for each attempt, and one for each turn of events. */
import type { Settlement } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";
import { isoTime } from "../util/isoTime.ts";
import type { Log } from "../util/log.ts";
import type { Cause } from "./breaker.ts";
import { describe, type Outcome } from "./outcome.ts";
import type { Condition, Outlet, Part, Turn } from "./outlet.ts";
import type { Verdict } from "./policy.ts";

export function logAttempt(
  log: Log,
  { config, owed }: Turn,
  { attempt }: Settlement,
  verdict: Verdict,
): void {
  const { event, sequence, replay } = owed.delivery;
  log.info(
    {
      endpoint: config.name,
      webhookId: event.eventId,
      event: event.kind,
      sequence,
      replay: replay || undefined,
      attempt: attempt?.number,
      status: attempt?.status,
      durationMs: attempt?.durationMs,
      outcome: attempt?.outcome,
      next: describeVerdict(verdict),
    },
    "delivery.attempted",
  );
  if (verdict.kind !== "dead") return;
  const { reason } = verdict;
  const { eventId: webhookId } = event;
  log.error(
    { endpoint: config.name, webhookId, reason },
    "delivery.dead: kept, but not retried; it can be replayed",
  );
}

export function logExpired(log: Log, { config, owed }: Turn, reason: string): void {
  const { event, sequence } = owed.delivery;
  log.info(
    { endpoint: config.name, webhookId: event.eventId, event: event.kind, sequence, reason },
    "delivery.expired: kept, but not sent; it can be replayed",
  );
}

/** What the operator should know of the endpoint as a whole, after an attempt that ended so. */
export function logTurn(
  log: Log,
  { name, queued }: Outlet,
  was: Condition,
  is: Condition,
  outcome: Outcome,
): void {
  if (was.state === "healthy" && is.state === "healthy") return;
  const apart = [is, was].some((each) => "part" in each && each.part === "recordings");
  const place = { endpoint: name, part: apart ? "recordings" : undefined, queued };
  const down = isDown(is);
  if (down !== null && isDown(was) !== down) {
    const text = down.endsWith("local")
      ? "endpoint.unreachable: a fault of ours keeps us from it, see to this machine's name server, " +
        "network and proxy; only probes are sent, no attempts used up"
      : "endpoint.down: only probes are sent, no attempts used up";
    log.warn({ ...place, outcome: describe(outcome) }, text);
  }
  if (down === null && isDown(was) !== null) log.info(place, "endpoint.up");
  switch (is.state) {
    case "paused":
      if (was.state === "paused") break;
      log.error(
        { ...place, reason: is.reason },
        "endpoint.paused: its backlog is kept; resume it when its receiver is back",
      );
      break;
    case "resting":
      if (was.state === "resting" && was.until >= is.until) break;
      log.warn(
        { ...place, until: isoTime(is.until) },
        "endpoint.resting: the receiver asks to be left alone (Retry-After)",
      );
      break;
    case "healthy":
    case "failing":
    case "unconfigured":
      break;
    default:
      assertNever(is);
  }
}

/** By an operator's command; a reload says itself what it does. */
export function logResumed(log: Log, { name, queued }: Outlet, { state: was }: Condition): void {
  log.info(
    { endpoint: name, queued, was },
    "endpoint.resumed: as commanded; what waits for it is tried now",
  );
}

/** What is down, and by whose fault; null: nothing is. */
function isDown(condition: Condition): `${Part} ${Cause}` | null {
  if (condition.state !== "failing" || condition.nextProbeAt === null) return null;
  return `${condition.part} ${condition.cause}`;
}

function describeVerdict(verdict: Verdict): string {
  return verdict.kind === "retry" ? `retry at ${isoTime(verdict.dueAt)}` : verdict.kind;
}
