/** Reads all that the API client may see: `GET /callcontrol`. */
import type { Connection } from "./connection.ts";
import type { Limits } from "./limits.ts";
import { type ParsedSnapshot, parseSnapshot } from "./parse.ts";
import { makeRefused, type Refused, refusedBy } from "./refusal.ts";

export type SnapshotAnswer =
  | { readonly kind: "snapshot"; readonly snapshot: ParsedSnapshot }
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "failed"; readonly reason: string; readonly understood: boolean };

export async function readSnapshot(
  { rest, config }: Pick<Connection, "rest" | "config">,
  limits: Limits,
): Promise<SnapshotAnswer> {
  const answer = await rest.get({
    part: "callcontrol",
    path: "/callcontrol",
    bytesMax: limits.snapshotBytesMax,
  });
  switch (answer.kind) {
    case "ok": {
      const snapshot = parseSnapshot(answer.body);
      if (snapshot) return { kind: "snapshot", snapshot };
      const reason = "The answer to GET /callcontrol is no list of DNs.";
      return { kind: "failed", reason, understood: false };
    }
    case "denied": {
      const { status, text } = answer;
      const refused = refusedBy("callcontrol", status, text, config.clientId);
      const said = `/callcontrol answered ${status}`;
      return { kind: "refused", refused: refused ?? makeRefused("other", config.clientId, said) };
    }
    case "missing": {
      const said = "/callcontrol answered 404";
      return { kind: "refused", refused: makeRefused("not-found", config.clientId, said) };
    }
    case "refused":
      return answer;
    case "notUnderstood":
      return { kind: "failed", reason: answer.reason, understood: false };
    case "failed":
      return { kind: "failed", reason: answer.reason, understood: true };
  }
}
