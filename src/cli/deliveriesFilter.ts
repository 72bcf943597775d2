/** The options by which deliveries are chosen, and what they mean. */
import { type Command, InvalidArgumentError } from "commander";
import {
  DELIVERY_STATES,
  type DeliveryFilter,
  type DeliveryState,
  EVENT_NAMES,
  type EventName,
} from "../outbox/lookup.ts";

export interface FilterSaid {
  readonly webhookId?: string;
  readonly state?: readonly DeliveryState[];
  readonly endpoint?: string;
  readonly pbx?: string;
  readonly event?: readonly EventName[];
  readonly user?: string;
  readonly callerid?: string;
  readonly call?: string;
  readonly since?: number;
  readonly until?: number;
  readonly outcome?: string;
}

const NAMES = Object.keys(EVENT_NAMES) as EventName[];

export function withFilter(command: Command): Command {
  const states = DELIVERY_STATES.join(", ");
  const events = NAMES.join(", ");
  return command
    .hook("preAction", heedTimes)
    .option("--webhook-id <id>", "of the event that a receiver knows by this webhook-id")
    .option("--state <states>", `of these states, comma-separated: ${states}`, readStates)
    .option("--endpoint <name>", "of this endpoint")
    .option("--pbx <name>", "of this PBX")
    .option("--event <names>", `of these events, comma-separated: ${events}`, readEvents)
    .option("--user <number>", "of this extension, queue, IVR or ring group")
    .option("--callerid <number>", "of this outside number, with or without its +", readNumber)
    .option("--call <id>", "of this call, with or without the link's number", readCall)
    .option(
      "--since <time>",
      "from this time of the event on: 2026-11-21T08:00 or 2h, 3d",
      readTime,
    )
    .option("--until <time>", "before this time of the event", readTime)
    .option("--outcome <text>", "with this text in the last outcome or the reason");
}

export function filterOf(said: FilterSaid): DeliveryFilter {
  return {
    ids: null,
    eventId: said.webhookId ?? null,
    states: said.state ?? null,
    endpoint: said.endpoint ?? null,
    pbx: said.pbx ?? null,
    kinds: said.event ?? null,
    user: said.user ?? null,
    callerid: said.callerid ?? null,
    callId: said.call ?? null,
    fromAt: said.since ?? null,
    toAt: said.until ?? null,
    outcome: said.outcome ?? null,
  };
}

/** Nothing lies in a time that ends before it begins; an empty answer would look like good news. */
function heedTimes(command: Command): void {
  const { since, until } = command.opts<FilterSaid>();
  if (since === undefined || until === undefined || since < until) return;
  const [from, to] = [since, until].map((at) => new Date(at).toISOString());
  command.error(`Expected --since before --until, got ${from} and ${to}.`, { exitCode: 2 });
}

function readWords<T extends string>(text: string, known: readonly T[]): readonly T[] {
  return text.split(",").map((part) => {
    const word = known.find((each) => each === part.trim().toLowerCase());
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Expected any of ${known.join(", ")}.`);
  });
}

/** Webhooks carry it less one leading `+` (docs/contract.md §3). */
const readNumber = (text: string) => text.replace(/^\+/, "");
const readEvents = (text: string) => readWords(text, NAMES);
const readStates = (text: string) => readWords(text, DELIVERY_STATES);

/** `…_N-L` is what webhooks carry as id; the link is left off. */
function readCall(text: string): string {
  const call = /^(\d{12}_\d+)(-\d+)?$/.exec(text)?.[1];
  if (call !== undefined) return call;
  throw new InvalidArgumentError("Expected a call id such as 261121031941_1 or 261121031941_1-0.");
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readTime(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (unit !== undefined)
    return Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  // A day alone would be read as UTC, a time without a zone is not.
  const exact = text.length === 10 ? `${text}T00:00` : text;
  const time = isDay(text.slice(0, 10)) ? Date.parse(exact) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError(
    "Expected a time such as 2026-11-21T08:00 (this machine's zone), 2026-11-21T07:00Z, or an age: 90s, 5m, 2h, 3d.",
  );
}

/** `2026-02-30` is none, though it parses. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  return new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(text);
}
