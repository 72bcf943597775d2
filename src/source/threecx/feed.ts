/**
 * Opens the PBX's WebSocket with our token. A token may have died before its time: one that the PBX answers with 401 is
 * replaced once.
 */
import type { Connection } from "./connection.ts";
import type { Refused } from "./refusal.ts";
import { type LiveSocket, type SocketOptions, whyNotOpen } from "./socket.ts";

export type OpenedFeed =
  | { readonly kind: "open"; readonly socket: LiveSocket }
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "failed"; readonly reason: string };

export async function openFeed(
  connection: Connection,
  options: Pick<SocketOptions, "clock" | "limits" | "onFrame" | "onTooLarge">,
  signal: AbortSignal,
): Promise<OpenedFeed> {
  const { tokens, config, tls, proxy } = connection;
  const socketOptions = { url: config.url, tls, proxy, ...options };
  for (let isFirst = true; ; isFirst = false) {
    const got = await tokens.get();
    if (got.kind !== "token") return got;
    const answer = await connection.openSocket(socketOptions, got.token, signal);
    if (answer.kind === "open") return answer;
    const isDead = answer.kind === "status" && answer.status === 401;
    if (!(isFirst && isDead)) return whyNotOpen(answer, config.clientId);
    tokens.reject(got.token);
  }
}
