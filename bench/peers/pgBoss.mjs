/**
 * pg-boss on PostgreSQL, tuned: bulk inserts, batches fetched and completed as a whole by several loops. `fifo` is
 * its policy `key_strict_fifo`, the one that promises order by key. `work` with LISTEN/NOTIFY is what its documents
 * advise where latency counts.
 */
import { PgBoss } from "pg-boss";

const loops = 4;
const pauseMs = 20;

export async function open({ postgres, concurrency, post, settled, fifo, forLatency }) {
  const boss = new PgBoss({
    connectionString: postgres,
    max: 16,
    useListenNotify: forLatency,
    supervise: false,
    schedule: false,
  });
  boss.on("error", () => {});
  await boss.start();
  const name = `bench-${process.pid}`;
  await boss.createQueue(name, {
    ...(fifo && { policy: "key_strict_fifo" }),
    ...(forLatency && { notify: true }),
    ...{ retryLimit: 20, retryDelay: 1 },
  });
  const batchSize = Math.ceil((concurrency * 2) / loops);
  const ended = [];
  let open = true;

  async function loop() {
    while (open) {
      const jobs = await boss.fetch(name, { batchSize });
      if (jobs.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        continue;
      }
      const done = [];
      const failed = [];
      const one = async (job) => {
        try {
          await post(job.data);
          done.push(job.id);
        } catch {
          failed.push(job.id);
        }
      };
      await Promise.all(jobs.map(one));
      if (done.length > 0) await boss.complete(name, done);
      if (failed.length > 0) await boss.fail(name, failed);
      settled(done.length);
    }
  }

  return {
    async enqueue(items) {
      const jobs = items.map((data) => ({
        data,
        ...(fifo && { singletonKey: `call${data.key}` }),
      }));
      await boss.insert(name, jobs);
    },
    async start() {
      if (!forLatency) {
        for (let count = 0; count < loops; count += 1) ended.push(loop());
        return;
      }
      const options = { batchSize, localConcurrency: loops, burstWhenBatchFull: true };
      const polls = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 };
      await boss.work(name, { ...options, ...polls }, async (jobs) => {
        await Promise.all(jobs.map((job) => post(job.data)));
        settled(jobs.length);
      });
    },
    async close() {
      open = false;
      await Promise.all(ended);
      await boss.deleteQueue(name);
      await boss.stop({ graceful: false });
    },
  };
}
