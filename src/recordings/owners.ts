/** Whose a recording is or may be already, as the ledger knows it. Must hold: never two links to one file. */
import type { Found } from "./find/recordingSource.ts";
import type { Ledger, RecordedLink } from "./ledger.ts";
import { soughtOf } from "./links.ts";

/** Links of the same PBX and time that do not look now, but may be owners of what is found. */
export async function rivalsOf(
  ledger: Ledger,
  links: readonly RecordedLink[],
  limit: number,
): Promise<readonly RecordedLink[]> {
  const pbx = links[0]?.ended.pbx ?? "";
  const looking = new Set(links.map(({ key }) => key));
  const fromAt = Math.min(...links.map((link) => soughtOf(link).fromAt));
  const sought = await ledger.soughtSince(pbx, fromAt, limit);
  return sought.filter(({ key }) => !looking.has(key));
}

/** What is nobody's yet, or seemed to be one of these links'. */
export async function withoutTaken(
  ledger: Ledger,
  links: readonly RecordedLink[],
  found: readonly Found[],
): Promise<readonly Found[]> {
  const pbx = links[0]?.ended.pbx ?? "";
  const keys = new Set(links.map(({ key }) => key));
  const owners = await ledger.owners(
    pbx,
    found.map(({ id }) => id),
  );
  return found.filter(({ id }) => {
    const owner = owners.get(id);
    return owner === undefined || keys.has(owner);
  });
}

/** Two PBXs may give calls of the same second the same number: then their files have different ones. */
export async function numbersTaken(
  ledger: Ledger,
  { key, ended: { callId, link } }: RecordedLink,
  limit: number,
): Promise<number> {
  const all = await ledger.find({ by: "call", callId, link }, limit);
  const others = all.filter((each) => each.key !== key).flatMap(({ files }) => files);
  return Math.max(0, ...others.map(({ n }) => n));
}
