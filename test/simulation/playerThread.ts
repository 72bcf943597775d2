/** The far end of `workerPlayer`: plays one seed at a time and answers with plain data. */
import { parentPort, workerData } from "node:worker_threads";
import { type Answer, type Ask, ownPlayer, type PlayOptions } from "./player.ts";

const player = ownPlayer(workerData as PlayOptions);

parentPort?.on("message", ({ kind, seed }: Ask) => {
  const tell = (answer: Answer) => parentPort?.postMessage(answer);
  player[kind](seed).then(
    (result) => tell({ result }),
    (error: unknown) =>
      tell({ broke: error instanceof Error ? (error.stack ?? "") : String(error) }),
  );
});
