/**
 * BullMQ on Redis, as its documents advise for throughput: bulk adds, one worker with many jobs at once, finished
 * jobs removed. Durable as far as Redis is told to be (`appendfsync`).
 */
import { Queue, Worker } from "bullmq";

export async function open({ redisPort, concurrency, post, settled }) {
  const name = `bench-${process.pid}`;
  const connection = { host: "127.0.0.1", port: redisPort, maxRetriesPerRequest: null };
  const defaultJobOptions = {
    removeOnComplete: true,
    attempts: 20,
    backoff: { type: "fixed", delay: 1000 },
  };
  const queue = new Queue(name, { connection, defaultJobOptions });
  await queue.waitUntilReady();
  let worker = null;
  return {
    async enqueue(items) {
      await queue.addBulk(items.map((item) => ({ name: "webhook", data: item })));
    },
    async start() {
      worker = new Worker(name, (job) => post(job.data), { connection, concurrency });
      worker.on("error", () => {});
      worker.on("completed", () => settled(1));
      await worker.waitUntilReady();
    },
    async close() {
      await worker?.close(true);
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
}
