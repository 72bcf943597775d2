/** How figures are printed: the machine that they belong to, and quantiles. */
import { cpus, totalmem } from "node:os";

export function describeMachine(): string {
  const [cpu] = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const processors = `${cpus().length} × ${cpu?.model ?? "unknown processor"}`;
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${processors}, ${memoryGib} GiB`;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function quantiles(values: readonly number[], unit: string): string {
  const told = ([0.5, 0.99, 1] as const).map((share) => quantile(values, share).toFixed(1));
  return `p50 ${told[0]}, p99 ${told[1]}, max ${told[2]} ${unit} (${values.length})`;
}
