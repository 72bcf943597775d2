/** What the operator is told of a DN that takes part in calls and is not monitored. */
import type { DnKind } from "../../tracker/activity.ts";

/** Kinds that an API client can be given to see, so that their absence is worth a line. */
export const watchableKinds: ReadonlySet<string> = new Set([
  "extension",
  "queue",
  "ivr",
  "ringgroup",
]);

/** What other legs and the list of active calls name, though its own legs cannot be seen. */
const toldByOthers: ReadonlyMap<DnKind, string> = new Map([
  ["queue", "Queue"],
  ["ivr", "IVR"],
  ["ringgroup", "Ring group"],
]);

export function invisibleLine(dn: string, kind: DnKind): string {
  const what = toldByOthers.get(kind);
  const line =
    what === undefined
      ? `DN ${dn} takes part in calls, but this API client may not see it, so it stays silent.`
      : `${what} ${dn} takes part in calls, but this API client may not see it. It is told of by ` +
        "other legs or by the list of active calls alone: later, and not always.";
  return `${line} Add it to the client's extensions in the PBX's admin console, Integrations → API.`;
}
