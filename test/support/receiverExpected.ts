/** Reads the webhooks that must arrive (test/e2e/expected), and fills in how long each conversation was. */
import { readFileSync } from "node:fs";
import type { Received } from "./receiver.ts";
import { field, fieldsOf, fieldsOfBody, fieldsOfQuery, header } from "./receiverWebhook.ts";

export interface Scheme {
  readonly profile: "classic" | "current" | "k2m";
  readonly method: "POST" | "GET";
}

export const schemes: readonly Scheme[] = (["classic", "current", "k2m"] as const).flatMap(
  (profile) => [
    { profile, method: "POST" },
    { profile, method: "GET" },
  ],
);

/** Flow → its webhooks, each a line. */
export function expectedLines({ profile, method }: Scheme): ReadonlyMap<string, readonly string[]> {
  const file = `../e2e/expected/${profile}.${method.toLowerCase()}.txt`;
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  const flows = text.split(/^# /m).slice(1);
  return new Map(
    flows.map((flow) => {
      const [name = "", ...lines] = flow.trimEnd().split("\n");
      return [name, lines];
    }),
  );
}

const answered = /^(hangup|pickup)|call_started$/;

/** Whole seconds from answer to end, as m:ss. */
function talk(received: readonly Received[], ended: Received): string {
  const answer = received.find(
    (each) => answered.test(field(each, "event")) && field(each, "id") === field(ended, "id"),
  );
  if (!answer) return "m:ss";
  const at = (each: Received) => Date.parse(header(each, "offhook-event-time"));
  const seconds = Math.floor((at(ended) - at(answer)) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A line with its placeholders filled in, as fields to compare with the webhook in its place. */
export function expectedFields(
  line: string,
  { method }: Scheme,
  received: readonly Received[],
  place: number,
) {
  const own = received[place];
  const said = own ? talk(received, own) : "m:ss";
  const fields = method === "POST" ? fieldsOfBody(line) : fieldsOfQuery(line);
  return fields.map(([name, value]) => [
    name,
    String(value)
      .replace(/^mm:ss$/, said.padStart(5, "0"))
      .replace("(m:ss)", `(${said})`),
  ]);
}

export function receivedFields(received: readonly Received[]) {
  return received.map((each) => fieldsOf(each).map((pair) => [...pair]));
}
