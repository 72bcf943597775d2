/** Resident memory of a process, read from the kernel now and then. */
import { readFileSync } from "node:fs";

const everyMs = 250;

export class Resident {
  readonly samplesMb: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const mb = residentMb(pid);
      if (mb !== null) this.samplesMb.push(mb);
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get mostMb(): number {
    return Math.max(...this.samplesMb);
  }

  get lastMb(): number {
    return this.samplesMb.at(-1) ?? Number.NaN;
  }
}

/** null: it is gone. */
function residentMb(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return null;
  }
}
