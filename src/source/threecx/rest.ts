/**
 * Asks the PBX for JSON with the token in force; on 401 one new token and one more try.
 * Never throws: every outcome is an answer.
 */
import type { Clock } from "../../util/clock.ts";
import type { DownloadAnswer, DownloadAsk, Http, HttpAnswer } from "./http.ts";
import type { Limits } from "./limits.ts";
import { parseErrorText } from "./parse.ts";
import type { Part, Refused } from "./refusal.ts";
import type { TokenAnswer, Tokens } from "./token.ts";
import { parseJson } from "./values.ts";

export type RestAnswer =
  | { readonly kind: "ok"; readonly body: unknown }
  /** 401 to a new token too, 402 (the licence) or 403. */
  | { readonly kind: "denied"; readonly status: number; readonly text: string }
  | { readonly kind: "missing" }
  /** Came, but is no JSON or too large. */
  | { readonly kind: "notUnderstood"; readonly reason: string }
  /** No connection, no answer in time, or any other status. */
  | { readonly kind: "failed"; readonly reason: string; readonly status: number | null }
  /** There is no token to ask with. */
  | { readonly kind: "refused"; readonly refused: Refused };

/** The same question may be answered a moment later. */
export function mayPass(
  answer: Exclude<RestAnswer, { kind: "ok" }> | { readonly kind: "ok" | "rows" },
): boolean {
  return answer.kind === "failed" && (answer.status === null || answer.status >= 429);
}

export interface RestAsk {
  readonly part: Exclude<Part, "token">;
  readonly path: string;
  readonly bytesMax: number;
  readonly timeoutMs?: number;
}

export type SaveAnswer =
  | { readonly kind: "saved"; readonly bytes: number }
  | { readonly kind: "tooLarge" }
  | Exclude<RestAnswer, { kind: "ok" | "notUnderstood" }>;

/** Why there is no token. */
type NoToken = Exclude<TokenAnswer, { kind: "token" }>;

export interface Rest {
  get(ask: RestAsk): Promise<RestAnswer>;
  /** How far the PBX's clock is ahead of ours. */
  aheadMs(): number;
  /** Fetches a file of XAPI. */
  save(ask: Omit<DownloadAsk, "headers">): Promise<SaveAnswer>;
}

export interface RestOptions {
  readonly http: Http;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly limits: Limits;
}

function judge(answer: HttpAnswer, path: string): RestAnswer {
  if (answer.kind === "failed") return { kind: "failed", reason: answer.reason, status: null };
  const { status } = answer;
  const ok = status >= 200 && status < 300;
  if (answer.kind === "tooLarge") {
    return ok
      ? { kind: "notUnderstood", reason: `The answer to GET ${path} is beyond its size limit.` }
      : { kind: "failed", reason: `GET ${path} answered ${status}.`, status };
  }
  if (status >= 401 && status <= 403) return { kind: "denied", status, text: answer.text };
  if (status === 404 || status === 410) return { kind: "missing" };
  if (!ok) {
    const words = parseErrorText(answer.text);
    const reason = `GET ${path} answered ${status}${words === "" ? "" : `: ${words}`}.`;
    return { kind: "failed", reason, status };
  }
  const body = parseJson(answer.text);
  return body === undefined
    ? { kind: "notUnderstood", reason: `The answer to GET ${path} is no JSON.` }
    : { kind: "ok", body };
}

export function makeRest({ http, tokens, clock, limits }: RestOptions): Rest {
  /** Parts that say 401 whatever the token: a new one would only end the one that others use. */
  const deniedUntil = new Map<RestAsk["part"], number>();

  const send = (ask: RestAsk, token: string): Promise<HttpAnswer> =>
    http.exchange({
      method: "GET",
      path: ask.path,
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      bytesMax: ask.bytesMax,
      timeoutMs: ask.timeoutMs ?? limits.requestTimeoutMs,
    });

  /** Sends with the token in force. */
  async function withToken<Answer extends DownloadAnswer>(
    part: RestAsk["part"],
    sendWith: (token: string) => Promise<Answer>,
  ): Promise<Answer | NoToken> {
    const first = await tokens.get();
    if (first.kind !== "token") return first;
    let answer = await sendWith(first.token);
    if (answer.kind === "answer" && answer.status === 401) {
      if (clock.now() >= (deniedUntil.get(part) ?? 0)) {
        tokens.reject(first.token);
        const second = await tokens.get();
        if (second.kind !== "token") return second;
        answer = await sendWith(second.token);
        if (answer.kind === "answer" && answer.status === 401) {
          deniedUntil.set(part, clock.now() + limits.deniedKeptMs);
        }
      }
    }
    if (answer.kind === "answer" && answer.status < 300) deniedUntil.delete(part);
    return answer;
  }

  return {
    aheadMs: () => http.aheadMs(),
    async get(ask) {
      const answer = await withToken(ask.part, (token) => send(ask, token));
      return answer.kind === "refused" ? answer : judge(answer, ask.path);
    },
    async save(ask) {
      const answer = await withToken("xapi", (token) =>
        http.download({ ...ask, headers: { authorization: `Bearer ${token}` } }),
      );
      switch (answer.kind) {
        case "refused":
        case "saved":
          return answer;
        case "tooLarge":
          return { kind: "tooLarge" };
        default: {
          const verdict = judge(answer, ask.path);
          return verdict.kind === "ok" || verdict.kind === "notUnderstood"
            ? { kind: "failed", reason: `GET ${ask.path} gave no file.`, status: null }
            : verdict;
        }
      }
    },
  };
}
