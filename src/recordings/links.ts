/** What of a link is asked, listed and named. Pure. */

import { linkId } from "../events/callId.ts";
import type { EpochMs } from "../events/event.ts";
import type { Sought } from "./find/match.ts";
import type { Found } from "./find/recordingSource.ts";
import type { RecordedFile, RecordedLink } from "./ledger.ts";

/** Links further apart than this do not share a request: what lies between is not asked for. */
const WINDOW_MS_MAX = 3_600_000;

/** Links of one PBX that lie near to one another. */
export function groupsOf(links: readonly RecordedLink[]): RecordedLink[][] {
  const sorted = [...links].sort(
    (a, b) => a.ended.pbx.localeCompare(b.ended.pbx) || a.ended.at - b.ended.at,
  );
  const groups: RecordedLink[][] = [];
  for (const link of sorted) {
    const first = groups.at(-1)?.[0];
    const joins =
      first !== undefined &&
      first.ended.pbx === link.ended.pbx &&
      link.ended.at - first.ended.at <= WINDOW_MS_MAX;
    if (joins) groups.at(-1)?.push(link);
    else groups.push([link]);
  }
  return groups;
}

export function soughtOf({ key, ended }: RecordedLink): Sought {
  const { user, callerid, callNumber, callStartedAt, at } = ended;
  const fromAt = at - (ended.talkMs ?? 0);
  return { key, user, callerid, callNumber, callStartedAt, fromAt, toAt: at };
}

/** What became a link's may have begun with a consultation, at any time since the call; not for ever before. */
export function beginningOf({ fromAt, callStartedAt }: Sought): EpochMs {
  return Math.max(Math.min(fromAt, callStartedAt), fromAt - WINDOW_MS_MAX);
}

/** `before` = numbers that are taken: of another PBX's link with the same id. */
export function wantedFiles(found: readonly Found[], before: number): RecordedFile[] {
  const fresh = { state: "wanted", path: "", bytes: 0, storedAt: null, reason: "" } as const;
  return found.map(({ id: sourceId, startedAt }, index) => {
    return { ...fresh, n: before + index + 1, sourceId, startedAt };
  });
}

/** Why a link has no recordings any more: nothing brings them back. */
export const ON_REQUEST = "Removed on request.";

/** Whether there is something to look for or to fetch anew: also one file of several. */
export function isRetriable({ state, reason, files }: RecordedLink): boolean {
  const isInPart = state === "announced" && files.some((file) => file.state === "failed");
  if (state !== "none" && state !== "failed" && !isInPart) return false;
  return reason !== ON_REQUEST && files.every((file) => file.state !== "removed");
}

export function nameOf({ ended }: RecordedLink): string {
  return linkId(ended.callId, ended.link);
}
