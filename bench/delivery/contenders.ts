/** Who takes part, and what each promises to still have after the power went. */

export type ContenderName =
  | "raw"
  | "raw dispatch"
  | "naive fetch"
  | "ours"
  | "BullMQ always"
  | "BullMQ everysec"
  | "pg-boss"
  | "pg-boss fifo"
  | "graphile"
  | "graphile named";

export interface Contender {
  readonly name: ContenderName;
  readonly durability: string;
  /** What it has accepted is still there after a power cut. */
  readonly durable: boolean;
}

const noStore = "no store";
const postgres = "PostgreSQL, fsync, synchronous_commit = on";

export const contenders: readonly Contender[] = [
  { name: "raw", durability: `${noStore}: undici Pool.request`, durable: false },
  { name: "raw dispatch", durability: `${noStore}: undici Pool.dispatch`, durable: false },
  { name: "naive fetch", durability: `${noStore}: global fetch`, durable: false },
  { name: "ours", durability: "SQLite, WAL, synchronous = FULL", durable: true },
  { name: "BullMQ always", durability: "Redis, appendfsync always", durable: true },
  { name: "BullMQ everysec", durability: "Redis, appendfsync everysec: loses 1 s", durable: false },
  { name: "pg-boss", durability: postgres, durable: true },
  { name: "pg-boss fifo", durability: postgres, durable: true },
  { name: "graphile", durability: postgres, durable: true },
  { name: "graphile named", durability: postgres, durable: true },
];
