/**
 * The access token. The PBX keeps one active token for an API client: asking for a new one ends
 * the old. So it is asked for only when needed, once at a time, and everybody gets the same. The
 * token is never logged.
 */
import type { Clock } from "../../util/clock.ts";
import type { Http } from "./http.ts";
import type { Limits } from "./limits.ts";
import { parseToken } from "./parse.ts";
import { makeRefused, type Refused, refusedBy } from "./refusal.ts";
import { parseJson } from "./values.ts";

export type TokenAnswer =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "failed"; readonly reason: string };

export interface Tokens {
  get(): Promise<TokenAnswer>;
  /** The PBX said 401 to this token. Means nothing if another one is in force by now. */
  reject(token: string): void;
}

export interface TokenOptions {
  readonly http: Http;
  readonly clientId: string;
  readonly clientSecret: { reveal(): string };
  readonly clock: Clock;
  readonly limits: Limits;
  readonly onFetched: () => void;
}

interface Held {
  readonly token: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

async function ask(options: TokenOptions): Promise<Held | Exclude<TokenAnswer, { kind: "token" }>> {
  const { http, clientId, clock, limits } = options;
  const askedAt = clock.now();
  const answer = await http.exchange({
    method: "POST",
    path: "/connect/token",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    },
    body: new URLSearchParams({
      client_id: clientId,
      client_secret: options.clientSecret.reveal(),
      grant_type: "client_credentials",
    }).toString(),
    bytesMax: limits.smallBytesMax,
    timeoutMs: limits.requestTimeoutMs,
  });
  if (answer.kind === "failed") return { kind: "failed", reason: answer.reason };
  if (answer.kind === "answer" && answer.status >= 200 && answer.status < 300) {
    const parsed = parseToken(parseJson(answer.text));
    if (parsed) {
      const endsAt = askedAt + parsed.lifeMs;
      const renewAt = endsAt - Math.min(limits.tokenAheadMs, parsed.lifeMs / 10);
      return { token: parsed.accessToken, renewAt, endsAt };
    }
    const said = `/connect/token answered ${answer.status} without a token`;
    return { kind: "refused", refused: makeRefused("not-found", clientId, said) };
  }
  const text = answer.kind === "answer" ? answer.text : "";
  const refused = refusedBy("token", answer.status, text, clientId);
  return refused
    ? { kind: "refused", refused }
    : { kind: "failed", reason: `The PBX answered the log-in with ${answer.status}.` };
}

export function makeTokens(options: TokenOptions): Tokens {
  const { clock, limits } = options;
  let held: Held | null = null;
  let asking: Promise<TokenAnswer> | null = null;

  async function fetchOne(): Promise<TokenAnswer> {
    const got = await ask(options);
    if ("token" in got) {
      held = got;
      options.onFetched();
      return { kind: "token", token: got.token };
    }
    // A renewal ahead of time may fail as long as the old token lasts.
    if (held && clock.now() < held.endsAt) {
      held = { ...held, renewAt: clock.now() + limits.tokenRetryMs };
      return { kind: "token", token: held.token };
    }
    return got;
  }

  return {
    async get() {
      if (held && clock.now() < held.renewAt) return { kind: "token", token: held.token };
      asking ??= fetchOne().finally(() => {
        asking = null;
      });
      return asking;
    },
    reject(token) {
      if (held?.token === token) held = null;
    },
  };
}
