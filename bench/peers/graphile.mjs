/**
 * graphile-worker on PostgreSQL. Plain: tuned by its own documents on performance: bulk adds, a local queue,
 * completions batched. `named`: a queue name for each call, which it runs one at a time; the local queue is off
 * there, as it breaks that.
 */
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

export async function open({ postgres, concurrency, post, settled, named }) {
  const pgPool = new pg.Pool({ connectionString: postgres, max: 32 });
  pgPool.on("error", () => {});
  pgPool.on("connect", (client) => client.on("error", () => {}));
  const logger = new Logger(() => () => {});
  const tuned = {
    localQueue: { size: concurrency * 4 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  };
  const preset = { worker: { concurrentJobs: concurrency, ...(named ? {} : tuned) } };
  await pgPool.query("DROP SCHEMA IF EXISTS graphile_worker CASCADE");
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  let runner = null;
  return {
    async enqueue(items) {
      await utils.addJobs(
        items.map((item) => ({
          identifier: "webhook",
          payload: item,
          ...(named && { queueName: `call${item.key}` }),
        })),
      );
    },
    async start() {
      runner = await run({
        ...{ pgPool, logger, preset, concurrency, pollInterval: 500, noHandleSignals: true },
        taskList: { webhook: (item) => post(item) },
      });
      runner.events.on("job:complete", ({ error }) => {
        if (!error) settled(1);
      });
    },
    async close() {
      await runner?.stop();
      await utils.release();
      await pgPool.end();
    },
  };
}
