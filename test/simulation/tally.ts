/** Sums over seeds: calls, webhooks, what differed, and what was exempt by which rule. */
import type { Fault } from "./compare.ts";
import { faultNames } from "./setting.ts";
import { type Outcome, outcomeFaults } from "./world.ts";

export class Tally {
  seeds = 0;
  calls = 0;
  chains = 0;
  webhooks = 0;
  due = 0;
  invented = 0;
  broken = 0;
  readonly failing: number[] = [];
  readonly differences: Record<Fault, number> = { wrong: 0, missing: 0, extra: 0, misordered: 0 };
  readonly exempt = new Map<string, number>();
  readonly struck = new Map<string, number>();
  /** Chains and exempt chains by the value of each switch. */
  readonly bySwitch = new Map<string, { chains: number; exempt: number }>();

  add(outcome: Outcome): void {
    this.seeds += 1;
    this.calls += outcome.calls;
    this.webhooks += outcome.webhooks;
    this.invented += outcome.invented.length;
    this.broken += outcome.brokenInvariants.length;
    if (outcomeFaults(outcome) > 0) this.failing.push(outcome.seed);
    for (const [fault, count] of outcome.faultCounts) {
      this.struck.set(fault, (this.struck.get(fault) ?? 0) + count);
    }
    let exempt = 0;
    for (const verdict of outcome.verdicts) {
      this.chains += 1;
      for (const { fault } of verdict.differences) this.differences[fault] += 1;
      if (verdict.exempt === null) this.due += verdict.due.length;
      else {
        exempt += 1;
        this.exempt.set(verdict.exempt, (this.exempt.get(verdict.exempt) ?? 0) + 1);
      }
    }
    this.#addSwitches(outcome, exempt);
  }

  #addSwitches(outcome: Outcome, exempt: number): void {
    const { switches, activeCallsPollMs, faults } = outcome.setting;
    const values: Record<string, unknown> = { ...switches, activeCallsPollMs };
    for (const name of faultNames) values[`fault ${name}`] = faults.has(name) ? "on" : "off";
    for (const [name, value] of Object.entries(values)) {
      const key = `${name}=${value}`;
      const sum = this.bySwitch.get(key) ?? { chains: 0, exempt: 0 };
      sum.chains += outcome.verdicts.length;
      sum.exempt += exempt;
      this.bySwitch.set(key, sum);
    }
  }

  get wrong(): number {
    const { wrong, missing, extra, misordered } = this.differences;
    return wrong + missing + extra + misordered + this.invented + this.broken;
  }

  line(): string {
    const { wrong, missing, extra, misordered } = this.differences;
    return (
      `${this.seeds} seeds, ${this.calls} calls, ${this.webhooks} webhooks: ` +
      `${wrong} wrong, ${missing} missing, ${extra + this.invented} extra, ` +
      `${misordered} misordered, ${this.broken} broken invariants`
    );
  }

  table(): string {
    const share = (count: number, of: number) =>
      `${((100 * count) / Math.max(1, of)).toFixed(2)} %`.padStart(8);
    const row = (name: string, count: number, of: number) =>
      `  ${name.padEnd(40)}${String(count).padStart(9)}${share(count, of)}`;
    const exempt = [...this.exempt].sort((a, b) => b[1] - a[1]);
    const total = exempt.reduce((sum, [, count]) => sum + count, 0);
    return [
      this.line(),
      `outside parties followed: ${this.chains}; webhooks due in full: ${this.due}`,
      "exempt outside parties, by rule:",
      ...exempt.map(([rule, count]) => row(rule, count, this.chains)),
      row("all rules", total, this.chains),
      "faults injected:",
      ...[...this.struck]
        .sort()
        .map(([fault, count]) => `  ${fault.padEnd(40)}${String(count).padStart(9)}`),
      "exempt by setting:",
      ...[...this.bySwitch]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { chains, exempt: some }]) => row(key, some, chains)),
    ].join("\n");
  }
}
