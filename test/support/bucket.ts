/** A real S3-compatible server of this machine, which checks every signature. */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface S3rver {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}

type S3rverClass = new (options: {
  port: number;
  address: string;
  silent: boolean;
  directory: string;
  configureBuckets: readonly { name: string; configs: readonly string[] }[];
}) => S3rver;

/** The pair that it knows. */
export const ACCESS_KEY_ID = "S3RVER";
export const SECRET_ACCESS_KEY = "S3RVER";
export const BUCKET = "calls";

export async function startBucket(): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const Server = createRequire(import.meta.url)("@20minutes/s3rver") as S3rverClass;
  const directory = await mkdtemp(join(tmpdir(), "offhook-bucket-"));
  const configureBuckets = [{ name: BUCKET, configs: [] }];
  const options = { port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets };
  const server = new Server(options);
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}
