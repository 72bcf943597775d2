/**
 * A webhook as people read it in a terminal. What a stranger sent never moves the cursor:
 * control characters are shown as U+FFFD.
 */
import type { SignatureCheck } from "./inboxSignature.ts";
import { type OrderCheck, recordingUrls, textField, type Webhook } from "./inboxWebhook.ts";

export interface FormatOptions {
  readonly colour?: boolean;
  /** The body (or the query) as it came, too. */
  readonly raw?: boolean;
}

/** What the event names of the profiles say, and from which side the call came. */
const eventWords: Readonly<Record<string, readonly [words: string, arrow: "→" | "←"]>> = {
  ringing: ["Ringing", "→"],
  dialing: ["Dialling", "←"],
  hangupincoming: ["Answered", "→"],
  pickupincoming: ["Answered", "→"],
  incomingcall_started: ["Answered", "→"],
  hangupoutgoing: ["Answered", "←"],
  pickupoutgoing: ["Answered", "←"],
  outgoingcall_started: ["Answered", "←"],
  incoming: ["Ended", "→"],
  outgoing: ["Ended", "←"],
  recording: ["Recording", "→"],
  ringstop: ["Ring stopped", "→"],
  callsummary: ["Call summary", "→"],
  norecording: ["No recording", "→"],
  ai: ["Transcript", "→"],
  gap: ["Gap", "→"],
};

const colourCodes = { green: 32, red: 31, yellow: 33, grey: 90, bold: 1 } as const;
type Paint = (colour: keyof typeof colourCodes, text: string) => string;

const wordsWidth = 12;
const indent = " ".repeat("00:00:00.000  ".length);

/** One line for the event, then one for each thing to be seen beside it. */
export function formatWebhook(webhook: Webhook, options: FormatOptions = {}): string[] {
  const paint: Paint = (colour, text) =>
    options.colour ? `\u001b[${colourCodes[colour]}m${text}\u001b[0m` : text;
  const beside = [
    plain(textField(webhook, "title")),
    ...recordingUrls(webhook).map(plain),
    ...remarks(webhook).map((remark) => paint("yellow", plain(remark))),
    options.raw ? paint("grey", plain(rawText(webhook))) : "",
  ];
  return [headline(webhook, paint), ...beside.filter(notEmpty).map((line) => indent + line)];
}

function headline(webhook: Webhook, paint: Paint): string {
  const shown = (name: string): string => plain(textField(webhook, name));
  const arrow = eventWords[textField(webhook, "event")]?.[1] ?? "→";
  const usertype = shown("usertype");
  const user = `${shown("user")}${usertype === "" ? "" : ` (${usertype})`}`;
  const parts = [
    paint("grey", clockTime(webhook.at)),
    paint("bold", plain(wordsOf(webhook)).padEnd(wordsWidth)),
    [shown("callerid"), user].filter(notEmpty).join(` ${arrow} `),
    paint("grey", shown("id")),
    signatureMark(webhook.signature, paint),
  ];
  return parts.filter(notEmpty).join("  ");
}

function wordsOf(webhook: Webhook): string {
  const event = textField(webhook, "event");
  if (recordingUrls(webhook).length > 0) return "Recording";
  if (textField(webhook, "finishtype") === "Missed") return "Missed";
  if (textField(webhook, "transfer") === "True") return "Passed on";
  return eventWords[event]?.[0] ?? (event === "" ? webhook.method : event);
}

function signatureMark(check: SignatureCheck, paint: Paint): string {
  switch (check.state) {
    case "ok":
      return paint("green", "✓ signed");
    case "bad":
      return paint("red", `✗ bad signature: ${plain(check.reason)}`);
    case "absent":
      return paint("grey", "unsigned");
    case "unchecked":
      return paint("grey", "signed, not checked (no secret given)");
  }
}

function remarks(webhook: Webhook): readonly string[] {
  const attempt = webhook.headers["offhook-attempt"] ?? "1";
  return [
    webhook.problem ?? "",
    attempt === "1" ? "" : `attempt ${attempt}`,
    webhook.duplicate ? "taken before: a receiver that knows webhook-id skips it" : "",
    orderRemark(webhook.order),
    webhook.answer === "200" ? "" : `failed on purpose: ${webhook.answer}`,
  ];
}

function orderRemark(order: OrderCheck): string {
  switch (order.state) {
    case "unknown":
    case "next":
      return "";
    case "hole":
      return order.from === order.to
        ? `number ${order.from} of this call has not come`
        : `numbers ${order.from} to ${order.to} of this call have not come`;
    case "late":
      return `comes after number ${order.after} of this call`;
  }
}

function rawText(webhook: Webhook): string {
  return webhook.body === "" ? webhook.path : webhook.body;
}

/** The time of day where the inbox runs. */
function clockTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}

function notEmpty(text: string): boolean {
  return text !== "";
}
