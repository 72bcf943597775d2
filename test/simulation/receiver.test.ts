/** The receiver notices a webhook that is not as the contract's tables say, in each profile and scheme. */
import { expect, it } from "vitest";
import type { CallEvent } from "../../src/events/event.ts";
import { sampleEvents } from "../../src/events/samples.ts";
import { type Manner, read, receive } from "./receiver.ts";

const manners: readonly Manner[] = (["classic", "current", "k2m"] as const).flatMap((profile) =>
  (["POST", "GET"] as const).map((method) => ({ profile, method })),
);

const samples = sampleEvents("main", "Europe/Prague", Date.UTC(2026, 4, 4, 8)).filter(
  (event): event is CallEvent => event.kind === "ringing" || event.kind === "ended",
);

it.each(manners)("$profile $method", (manner) => {
  for (const event of samples) {
    const { text, flaw, fields } = receive(event, manner);
    expect(flaw).toBeNull();
    expect(fields?.user).toBe(event.user);
    const swapped = text
      .replace(/("?)callerid(?="?[:=])/i, "$1did2")
      .replace(/("?)user(?="?[:=])/i, "$1callerid");
    expect(read(swapped, manner).flaw).toContain("expected");
    if (manner.method === "GET")
      expect(read(text.replace("token=a%2Bb&", ""), manner).flaw).not.toBeNull();
    if (manner.profile === "current") {
      expect(read(text.replace(/(0{8}-.{4}-.{4}-.{4}-.{11})./, "$1f"), manner).flaw).toContain(
        "chid",
      );
    }
  }
});
