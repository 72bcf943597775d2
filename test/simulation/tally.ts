/** Sums over seeds: calls, webhooks, what differed, and what was exempt by which rule. */
import type { Fault } from "./compare.ts";
import { faultNames } from "./setting.ts";
import { type Outcome, outcomeFaults } from "./verdict.ts";

/** What counts of one seed: plain data, so that it can come from another thread. */
export interface SeedSummary {
  readonly seed: number;
  readonly calls: number;
  readonly chains: number;
  readonly webhooks: number;
  readonly due: number;
  /** Exempt chains of which all was told as if they were not. */
  readonly exemptAsDue: number;
  /** Webhooks due after an exemption began. */
  readonly exemptDue: number;
  readonly invented: number;
  readonly broken: number;
  readonly isFailing: boolean;
  readonly differences: Readonly<Record<Fault, number>>;
  /** Exempt chains by rule. */
  readonly exempt: ReadonlyMap<string, number>;
  readonly struck: ReadonlyMap<string, number>;
  readonly played: ReadonlyMap<string, number>;
  /** Values of the switches, as `name=value`. */
  readonly values: readonly string[];
}

export function summaryOf(outcome: Outcome): SeedSummary {
  const { seed, calls, webhooks, verdicts, invented, brokenInvariants, faultCounts } = outcome;
  const { switches, activeCallsPollMs, faults, manner } = outcome.setting;
  const differences = { wrong: 0, missing: 0, extra: 0, misordered: 0 };
  const exempt = new Map<string, number>();
  let due = 0;
  let exemptDue = 0;
  let exemptAsDue = 0;
  for (const verdict of verdicts) {
    for (const { fault } of verdict.differences) differences[fault] += 1;
    due += verdict.due.length;
    exemptDue += verdict.exemptDue;
    if (verdict.isAsDue) exemptAsDue += 1;
    if (verdict.exempt !== null) exempt.set(verdict.exempt, (exempt.get(verdict.exempt) ?? 0) + 1);
  }
  const values = [
    ...Object.entries({ ...switches, ...manner, activeCallsPollMs }).map((entry) =>
      entry.join("="),
    ),
    ...faultNames.map((name) => `fault ${name}=${faults.has(name) ? "on" : "off"}`),
  ];
  return {
    seed,
    calls,
    chains: verdicts.length,
    webhooks,
    due,
    exemptDue,
    exemptAsDue,
    invented: invented.length,
    broken: brokenInvariants.length,
    isFailing: outcomeFaults(outcome) > 0,
    differences,
    exempt,
    struck: faultCounts,
    played: outcome.played,
    values,
  };
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}

export class Tally {
  seeds = 0;
  calls = 0;
  chains = 0;
  webhooks = 0;
  due = 0;
  exemptDue = 0;
  exemptAsDue = 0;
  invented = 0;
  broken = 0;
  readonly failing: number[] = [];
  readonly differences: Record<Fault, number> = { wrong: 0, missing: 0, extra: 0, misordered: 0 };
  readonly exempt = new Map<string, number>();
  readonly struck = new Map<string, number>();
  readonly played = new Map<string, number>();
  /** Chains and exempt chains by the value of each switch. */
  readonly bySwitch = new Map<string, { chains: number; exempt: number }>();

  add(summary: SeedSummary): void {
    this.seeds += 1;
    this.calls += summary.calls;
    this.chains += summary.chains;
    this.webhooks += summary.webhooks;
    this.due += summary.due;
    this.exemptDue += summary.exemptDue;
    this.exemptAsDue += summary.exemptAsDue;
    this.invented += summary.invented;
    this.broken += summary.broken;
    if (summary.isFailing) this.failing.push(summary.seed);
    for (const fault of Object.keys(this.differences) as Fault[]) {
      this.differences[fault] += summary.differences[fault];
    }
    addAll(this.struck, summary.struck);
    addAll(this.played, summary.played);
    let exempt = 0;
    for (const [rule, count] of summary.exempt) {
      exempt += count;
      this.exempt.set(rule, (this.exempt.get(rule) ?? 0) + count);
    }
    for (const value of summary.values) {
      const sum = this.bySwitch.get(value) ?? { chains: 0, exempt: 0 };
      sum.chains += summary.chains;
      sum.exempt += exempt;
      this.bySwitch.set(value, sum);
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
    const exempt = [...this.exempt].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const total = exempt.reduce((sum, [, count]) => sum + count, 0);
    return [
      this.line(),
      `outside parties followed: ${this.chains}; webhooks due: ${this.due}`,
      row("webhooks due after an exemption began", this.exemptDue, this.due),
      "exempt outside parties, by rule:",
      ...exempt.map(([rule, count]) => row(rule, count, this.chains)),
      row("all rules", total, this.chains),
      row("of them told as if they were not exempt", this.exemptAsDue, total),
      "faults injected:",
      ...[...this.struck]
        .sort()
        .map(([fault, count]) => `  ${fault.padEnd(40)}${String(count).padStart(9)}`),
      "played:",
      ...[...this.played]
        .sort()
        .map(([what, count]) => `  ${what.padEnd(40)}${String(count).padStart(9)}`),
      "exempt by setting:",
      ...[...this.bySwitch]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { chains, exempt: some }]) => row(key, some, chains)),
    ].join("\n");
  }
}
