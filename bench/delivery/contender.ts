/**
 * One contender in a process of its own: opens it, runs one job, says the figures to its parent and ends. Started
 * anew for every round, so that no round inherits the other's heap.
 */
import { endpointConfig, secretOf } from "../../test/conformance/outboxEndpoint.ts";
import type { ContenderName } from "./contenders.ts";
import { type Done, type Job, monotonicMs } from "./job.ts";
import { openOurs } from "./ours.ts";
import { createPoster, type Post, type Poster } from "./post.ts";
import { eventOf, type Item, itemsOf } from "./workload.ts";

interface Opened {
  /** Stores them; resolves when they are accepted. */
  enqueue(items: readonly Item[]): Promise<unknown>;
  enqueueOne(item: Item): Promise<unknown>;
  start(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What the queues of bench/peers are opened with; they are JavaScript of their own package. */
interface PeerOptions {
  readonly redisPort: number;
  readonly postgres: string;
  readonly concurrency: number;
  readonly post: Post;
  readonly settled: (count: number) => void;
  readonly fifo: boolean;
  readonly named: boolean;
  readonly forLatency: boolean;
}
type Peer = Omit<Opened, "enqueueOne">;

const signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const job = JSON.parse(process.argv[2] ?? "") as Job;
const endpoint = endpointConfig({
  url: job.places.url,
  concurrency: job.concurrency,
  secrets: [secretOf(signingSecret)],
  retryScheduleMs: Array.from({ length: 20 }, () => 1000),
});

let settledCount = 0;
let onSettled = () => {};
function settled(count: number): void {
  settledCount += count;
  if (from === null && settledCount >= job.uncounted) from = here();
  onSettled();
}

/** Where the clock has been started. */
let from: ReturnType<typeof here> | null = null;
const here = () => ({ at: performance.now(), cpu: process.cpuUsage(), settled: settledCount });

/** Resolves when so many are settled. */
function untilSettled(count: number): Promise<void> {
  return new Promise((resolve) => {
    onSettled = () => {
      if (settledCount >= count) resolve();
    };
    onSettled();
  });
}

const poster = createPoster(job.places.url, job.concurrency);
const opened = await open(job.name, poster);
const done = await run(opened);
process.send?.(done, async () => {
  await opened.close();
  await poster.close();
  process.exit();
});

async function open(name: ContenderName, { request, dispatch, fetch }: Poster): Promise<Opened> {
  switch (name) {
    case "raw":
      return loop(request);
    case "raw dispatch":
      return loop(dispatch);
    case "naive fetch":
      return loop(fetch);
    case "ours":
      return ours();
    default:
      return peer(name, request);
  }
}

/** No store: a list in memory and so many requests at a time. */
function loop(post: Post): Opened {
  const waiting: Item[] = [];
  let next = 0;
  let running = 0;
  let started = false;
  async function work(): Promise<void> {
    running += 1;
    for (let item = waiting[next]; item !== undefined; item = waiting[next]) {
      next += 1;
      await post(item);
      settled(1);
    }
    running -= 1;
  }
  function pump(): void {
    if (started && running < job.concurrency) void work();
  }
  const add = async (items: readonly Item[]) => {
    for (const item of items) {
      waiting.push(item);
      pump();
    }
  };
  return {
    enqueue: add,
    enqueueOne: (item) => add([item]),
    async start() {
      started = true;
      for (let count = 0; count < job.concurrency; count += 1) pump();
    },
    async close() {},
  };
}

async function ours(): Promise<Opened> {
  const dataDir = job.places.folder;
  const { outbox, dispatcher, take, stop } = await openOurs({
    ...{ dataDir, endpoints: [endpoint], settled },
  });
  const entryOf = ({ n }: Item) => ({ event: eventOf(n, job.keys), endpoints: [endpoint.name] });
  return {
    enqueue: (items) =>
      job.mode === "drain"
        ? outbox.append(items.map(entryOf), [])
        : take(items.map(({ n }) => eventOf(n, job.keys))),
    enqueueOne: ({ n }) => take([eventOf(n, job.keys)]),
    start: () => dispatcher.start(),
    close: () => stop(5_000),
  };
}

async function peer(name: ContenderName, post: Post): Promise<Opened> {
  const file = name.startsWith("BullMQ") ? "bullmq" : name.startsWith("pg") ? "pgBoss" : "graphile";
  const { redisAlways, redisEverysec, postgres } = job.places;
  const url = new URL(`../peers/${file}.mjs`, import.meta.url).href;
  const module = (await import(url)) as { open(options: PeerOptions): Promise<Peer> };
  const made = await module.open({
    ...{ postgres, post, settled, concurrency: job.concurrency },
    redisPort: name === "BullMQ always" ? redisAlways : redisEverysec,
    fifo: name === "pg-boss fifo",
    named: name === "graphile named",
    forLatency: job.mode === "paced",
  });
  return { ...made, enqueueOne: gathered(made) };
}

/** Single items go in bulk as ours do: what comes while one insertion runs goes together with the next. */
function gathered({ enqueue }: Peer): (item: Item) => Promise<void> {
  let gathering: Item[] = [];
  let running: Promise<void> | null = null;
  async function insert(): Promise<void> {
    while (gathering.length > 0) {
      const items = gathering;
      gathering = [];
      await enqueue(items);
    }
    running = null;
  }
  return (item) => {
    gathering.push(item);
    running ??= insert();
    return running;
  };
}

async function run({ enqueue, enqueueOne, start }: Opened): Promise<Done> {
  const { mode, count, keys, unsettledMax, perS } = job;
  const items = itemsOf(endpoint, keys, 0, count);
  const enqueuedAtMs: number[] = [];
  const openedAt = performance.now();
  if (mode === "drain") await inRounds(items, enqueue);
  const enqueueMs = performance.now() - openedAt;
  if (mode !== "drain") await start();
  const startedAt = performance.now();
  if (job.uncounted === 0) from = here();
  switch (mode) {
    case "drain":
      await start();
      break;
    case "flow":
      for (const item of items) {
        if (item.n - settledCount >= unsettledMax) await untilSettled(item.n - unsettledMax / 2);
        void enqueueOne(item);
      }
      break;
    case "paced":
      for (const item of items) {
        const waitMs = startedAt + (item.n * 1000) / perS - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        enqueuedAtMs.push(monotonicMs());
        void enqueueOne(item);
      }
      break;
    case "order":
      await inRounds(items, enqueue);
      break;
  }
  await untilSettled(count);
  const { at, cpu, settled: before } = from ?? here();
  const used = process.cpuUsage(cpu);
  return {
    tookMs: performance.now() - at,
    counted: count - before,
    enqueueMs,
    cpuMs: (used.user + used.system) / 1000,
    rssMbMost: process.resourceUsage().maxRSS / 1024,
    enqueuedAtMs,
  };
}

/** One of each call at a time: in larger bulks pg-boss's FIFO policy loses its order. */
async function inRounds(items: readonly Item[], enqueue: Opened["enqueue"]): Promise<void> {
  for (let from = 0; from < items.length; from += job.keys) {
    await enqueue(items.slice(from, from + job.keys));
  }
}
