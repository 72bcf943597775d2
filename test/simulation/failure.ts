/** All that is needed to look into a failing seed: its setting, what was due and got, and what went over the wire. */
import { dueText, gotText } from "./compare.ts";
import type { Chain } from "./journal.ts";
import { settingText } from "./setting.ts";
import type { Outcome } from "./verdict.ts";

export function failureText(outcome: Outcome): string {
  const lines = [`seed ${outcome.seed}`, settingText(outcome.setting)];
  for (const broken of outcome.brokenInvariants) lines.push(`BROKEN ${broken}`);
  for (const each of outcome.invented) lines.push(`INVENTED ${gotText(each)}`);
  for (const { chain, due, got, exempt, differences } of outcome.verdicts) {
    if (differences.length === 0) continue;
    lines.push(`call ${chain.number} ${chain.direction} ${chain.outside}, exempt ${exempt}`);
    for (const { fault, text } of differences) lines.push(`  ${fault.toUpperCase()} ${text}`);
    lines.push(...due.map((one) => `  due ${dueText(one, chain)}`));
    lines.push(...got.map((one) => `  got ${gotText(one)}`));
    lines.push(...trailOf(chain, outcome.trail).map((line) => `  | ${line}`));
  }
  return lines.join("\n");
}

/** What concerns the chain; of a list of active calls its rows, where they differ from those of the list before. */
function trailOf(chain: Chain, trail: readonly string[]): string[] {
  const legs = new Set(
    chain.facts.flatMap((fact) => ("leg" in fact ? [`/participants/${fact.leg.id}`] : [])),
  );
  const from = chain.startedAt - 100;
  const to = (chain.overAt ?? from) + 65_000;
  const numbers = [chain.number, ...chain.later];
  let listed = "";
  return trail.flatMap((line) => {
    const at = Number(line.slice(0, line.indexOf(" ")));
    if (at < from || at > to) return [];
    if (/SOCKET|TROUBLE|DN \d|GET \/callcontrol \d/.test(line)) return [line.slice(0, 300)];
    if (line.includes("WEBHOOK")) {
      return numbers.some((number) => line.includes(`_${number}-`)) ? [line] : [];
    }
    if (line.includes(" LIST ")) {
      const rows = rowsOf(line, numbers);
      if (rows === listed) return [];
      listed = rows;
      return [`${at} LIST ${rows || "without it"}`];
    }
    const entity = /\/participants\/\d+/.exec(line)?.[0];
    return entity !== undefined && legs.has(entity) ? [line] : [];
  });
}

function rowsOf(line: string, numbers: readonly number[]): string {
  const rows = line.match(/\{"Id":\d+,"Caller".*?\}/g) ?? [];
  return rows
    .filter((row) => numbers.some((number) => row.startsWith(`{"Id":${number},`)))
    .map((row) => row.replace(/,"LastChangeStatus.*/, "}"))
    .join(" ");
}
