/** A real S3-compatible server of this machine, as a process of its own (bucketServer.ts). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The pair that it knows. */
export const ACCESS_KEY_ID = "S3RVER";
export const SECRET_ACCESS_KEY = "S3RVER";
export const BUCKET = "calls";

const program = fileURLToPath(new URL("./bucketServer.ts", import.meta.url));

export async function startBucket(): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const server = spawn(process.execPath, ["--openssl-legacy-provider", program, BUCKET], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(server, "exit");
  const told = once(createInterface(server.stdout), "line");
  const [port] = await Promise.race([
    told,
    gone.then(([code]) => {
      throw new Error(`Expected the bucket to start, but it ended with ${code}.`);
    }),
  ]);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      server.stdin.end();
      await gone;
    },
  };
}
