/**
 * What the list of active calls has shown of late: a list that lags shows the calls as they were a while ago.
 * Bounded: what is older than the greatest lag is kept as one state, not as changes.
 */
import type { Call } from "./model.ts";

export const LIST_LAG_MS_MAX = 10_000;

/** What a row tells of a call. */
export type ListedCall = Pick<
  Call,
  "id" | "startedAt" | "changedAt" | "state" | "caller" | "callee" | "rule"
>;

interface Change {
  readonly at: number;
  readonly call: Call;
  /** null = over. */
  readonly listed: ListedCall | null;
}

export class ListHistory {
  /** As it was before the first of the changes. */
  readonly #before = new Map<Call, ListedCall>();
  readonly #changes: Change[] = [];

  /** The call has begun, changed or ended. */
  note(call: Call, at: number): void {
    const { id, startedAt, changedAt, state, caller, callee, rule, endedAt } = call;
    const listed = { id, startedAt, changedAt, state, caller, callee, rule };
    this.#changes.push({ at, call, listed: endedAt === null ? listed : null });
    const recent = this.#changes.findIndex((change) => change.at > at - LIST_LAG_MS_MAX);
    for (const change of this.#changes.splice(0, recent)) apply(this.#before, change);
  }

  /** The calls as they were then, oldest first. */
  at(then: number): ListedCall[] {
    const calls = new Map(this.#before);
    for (const change of this.#changes) {
      if (change.at > then) break;
      apply(calls, change);
    }
    return [...calls.values()];
  }

  /** A PBX that starts anew knows nothing of before. */
  forget(): void {
    this.#before.clear();
    this.#changes.length = 0;
  }
}

function apply(calls: Map<Call, ListedCall>, { call, listed }: Change): void {
  if (listed === null) calls.delete(call);
  else calls.set(call, listed);
}
