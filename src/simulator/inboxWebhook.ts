/**
 * One webhook as the inbox has it, and what a careful receiver would notice about it:
 * whether it has come before, and whether one before it is missing.
 */
import type { SignatureCheck, SignedRequest } from "./inboxSignature.ts";

/** Where it stands among the webhooks of its call at this path, by `offhook-sequence`. */
export type OrderCheck =
  /**
   * No sequence, or no call id: nothing can be said. Nor of a recording at a path of its own, as the numbers
   * before it went to the calls' path.
   */
  | { readonly state: "unknown" }
  | { readonly state: "next" }
  /** Webhooks `from` to `to` have not been taken before it. */
  | { readonly state: "hole"; readonly from: number; readonly to: number }
  /** Later ones of its call were taken before it. */
  | { readonly state: "late"; readonly after: number };

export interface Webhook {
  /** From 1, since the inbox began. */
  readonly number: number;
  readonly at: number;
  readonly method: "POST" | "GET";
  /** Path and query as they stood in the request line. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came; "" for GET and `ENCODING = query`. */
  readonly body: string;
  /** In the order of the body or query; empty if it could not be read, see `problem`. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Why the body could not be read, in a sentence; null if it could. */
  readonly problem: string | null;
  readonly signature: SignatureCheck;
  /** One with the same `webhook-id` was taken before: a receiver would skip this one. */
  readonly duplicate: boolean;
  readonly order: OrderCheck;
  /** What the inbox did: "200", or the failure that it was told ("500", "timeout" …). */
  readonly answer: string;
}

/** Reads the fields of a request as a receiver does: of its body, a form or JSON; without one, of its query. */
export function readFields(
  { method, target, headers }: SignedRequest,
  body: string,
): Pick<Webhook, "fields" | "problem"> {
  const at = target.indexOf("?");
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
  const inQuery = method === "GET" || (body === "" && at >= 0);
  if (inQuery || isForm) {
    const pairs = inQuery ? (at < 0 ? "" : target.slice(at + 1)) : body;
    return { fields: Object.fromEntries(new URLSearchParams(pairs)), problem: null };
  }
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { fields: { ...value }, problem: null };
    }
  } catch {
    // Told below: the inbox shows whatever comes.
  }
  return {
    fields: {},
    problem: `Expected a JSON object as the body, got ${body.length} characters.`,
  };
}

/** A field as text, in either spelling (`id`, `Id`); "" if it is not there or no text. */
export function textField(webhook: Pick<Webhook, "fields">, name: string): string {
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  const value = webhook.fields[name] ?? webhook.fields[capital];
  return typeof value === "string" ? value : "";
}

/** The addresses of a recording's webhook; empty for all others. */
export function recordingUrls({ fields }: Pick<Webhook, "fields">): readonly string[] {
  const urls = fields.FILES ?? fields.FileUrls;
  return Array.isArray(urls) ? urls.map(String) : [];
}

/** What names the call at this path: the id less its link. Two endpoints at two paths count apart. */
export function callKeyOf(webhook: Pick<Webhook, "fields" | "path">): string | null {
  const id = textField(webhook, "id");
  if (id === "") return null;
  return `${webhook.path.split("?", 1)[0]} ${id.replace(/-\d+$/, "")}`;
}

export function sequenceOf(headers: Readonly<Record<string, string>>): number | null {
  const text = headers["offhook-sequence"] ?? "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
