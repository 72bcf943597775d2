/** Which call a webhook tells of: the PBX's number, the time in the id, the outside number. */
import type { Got } from "./compare.ts";
import type { Chain } from "./journal.ts";

/** The id's seconds are cut, and our clock may be off by a small step of `clockSteps`. */
const idSlackMs = 3_500;
const hourMs = 3_600_000;

/** Prague: two hours ahead from the last Sunday of March to the last of October, both at 01:00 UTC; else one. */
function aheadMs(at: number): number {
  const year = new Date(at).getUTCFullYear();
  const lastSunday = (month: number) => {
    const last = new Date(Date.UTC(year, month + 1, 0, 1));
    return last.getTime() - last.getUTCDay() * 24 * hourMs;
  };
  return at >= lastSunday(2) && at < lastSunday(9) ? 2 * hourMs : hourMs;
}

/** The instants that an id may name: two in the hour that comes twice a year, none in the one that never comes. */
function idTimes(id: string): number[] {
  const [, y, mo, d, h, mi, s] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)_/.exec(id) ?? [];
  const date = Date.UTC(2000 + Number(y), Number(mo) - 1, Number(d));
  const local = date + ((Number(h) * 60 + Number(mi)) * 60 + Number(s)) * 1000;
  return [hourMs, 2 * hourMs]
    .map((ahead) => local - ahead)
    .filter((at) => local - at === aheadMs(at));
}

/** `clockOffMs`: how far our clock may be off beyond that. */
export function sorted(chains: readonly Chain[], got: readonly Got[], clockOffMs: number) {
  const told = new Map<Chain, Got[]>();
  const invented: Got[] = [];
  const known = new Map<string, Chain | undefined>();
  const slackMs = idSlackMs + clockOffMs;
  for (const each of got) {
    const id = (each.fields.id ?? "").split("-")[0] ?? "";
    if (!known.has(id)) {
      const number = Number(id.split("_")[1]);
      const times = idTimes(id);
      const lived = ({ bornAt, overAt }: Chain, offMs: number) =>
        times.some((at) => at >= bornAt - offMs && at <= (overAt ?? at) + offMs);
      const fits = (offMs: number) => (chain: Chain) =>
        (chain.number === number || chain.later.includes(number)) &&
        chain.startedAt <= each.at &&
        lived(chain, offMs);
      const found = chains.filter(fits(slackMs));
      const { callerid = "" } = each.fields;
      const all = found.filter(
        ({ outside }) => (outside.replace(/^\+/, "") || "anonymous") === callerid,
      );
      // Of two with this number, that of before a restart of the PBX and that of after, our clock need not have been off;
      // and it is rather its own than that of a call with which it was joined.
      const near = all.filter(fits(idSlackMs));
      const own = near.findLast((chain) => chain.number === number) ?? near.at(-1);
      known.set(id, own ?? all.at(-1) ?? found.at(-1));
    }
    const chain = known.get(id);
    if (chain === undefined) invented.push(each);
    else told.set(chain, [...(told.get(chain) ?? []), each]);
  }
  return { told, invented };
}
