/** What the numbers of frames mean. */
import { describe, expect, it } from "vitest";
import type { SourceCounters } from "../source.ts";
import { FrameReader } from "./frames.ts";

function reader() {
  const reads: string[] = [];
  const said: string[] = [];
  const duties = {
    upsert: () => {},
    remove: () => {},
    readAll: (why: string) => reads.push(why),
  };
  const complaints = {
    complain: () => {},
    once: (_subject: string, _fields: object, line: string) => said.push(line),
  };
  const frames = new FrameReader(duties, complaints, { framesNotUnderstood: 0 } as SourceCounters);
  const read = (from: number, count: number, step: number) => {
    for (let n = 0; n < count; n += 1) {
      const event = { event_type: 2, entity: "/callcontrol/100" };
      frames.read(JSON.stringify({ sequence: from + n * step, event }));
    }
  };
  return { reads, said, read };
}

describe("the numbers of frames", () => {
  it("tell of each that is missing, however long a connection loses a few", () => {
    const { reads, said, read } = reader();
    for (let from = 0; from < 1_000; from += 100) {
      read(from, 9, 2);
      read(from + 17, 40, 1);
    }
    expect(reads).toHaveLength(10 * 8 + 9);
    expect(reads[0]).toBe("frames 1 to 1 are missing");
    expect(said).toEqual([]);
  });

  it("mean nothing once so many are missing that they are the server's, for all its clients", () => {
    const { reads, said, read } = reader();
    read(7, 100, 4);
    expect(reads).toHaveLength(10);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("10 holes among 10 frames");
  });
});
