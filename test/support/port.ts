/**
 * A port that stays one's own while nobody listens there: below those that systems give out by themselves (from 32768 on
 * Linux, from 49152 elsewhere), so that no other socket of this machine gets it meanwhile.
 */
import { createServer } from "node:net";

const FIRST = 20_000;
const COUNT = 12_000;
const TRIES = 50;

export async function ownPort(): Promise<number> {
  for (let n = 0; n < TRIES; n += 1) {
    const port = FIRST + Math.trunc(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`Expected a free port from ${FIRST} on, tried ${TRIES}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
