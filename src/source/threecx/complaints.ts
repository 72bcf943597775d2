/**
 * One clear log line for what is not understood, and no flood of them: the same complaint speaks
 * once in a while and then says how many there were.
 */
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";

export interface Complaints {
  /** `kind` groups; `where` and `line` are for the operator. */
  complain(kind: string, fields: object, line: string): void;
  /** A line that is worth saying once in the life of this source, per subject. */
  once(subject: string, fields: object, line: string): void;
}

export function makeComplaints(
  log: Log,
  clock: Clock,
  limits: { readonly complaintGapMs: number; readonly namesMax: number },
): Complaints {
  const spoken = new Map<string, { at: number; swallowed: number }>();
  const said = new Set<string>();
  return {
    complain(kind, fields, line) {
      const now = clock.now();
      const last = spoken.get(kind);
      if (last && now - last.at < limits.complaintGapMs) {
        last.swallowed += 1;
        return;
      }
      spoken.set(kind, { at: now, swallowed: 0 });
      log.warn({ ...fields, sinceLastLine: last?.swallowed ?? 0 }, line);
    },
    once(subject, fields, line) {
      if (said.has(subject) || said.size >= limits.namesMax) return;
      said.add(subject);
      log.warn(fields, line);
    },
  };
}

/** What came in, short enough for a log line. */
export function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`;
}
