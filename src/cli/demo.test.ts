/** The demo, whole, and that its check would notice what it is there to notice. */
import { describe, expect, it } from "vitest";
import { offhook } from "../../test/support/cli.ts";
import type { Webhook } from "../simulator/inbox.ts";
import { faultsOf, flows } from "./demoFlows.ts";

const scene = "answered-in-queue";
const [flow = { scene, about: "", webhooks: [] }] = flows.filter((row) => row.scene === scene);

/** What a receiver got, all right. */
function right(): Webhook[] {
  return flow.webhooks.map((fields, index) => {
    const real = Object.entries(fields).map(([name, value]) => [
      name,
      value
        .replace("{from}", "420777000001")
        .replace("{id}", "260504080000_7")
        .replace("(m:ss)", "(0:42)"),
    ]);
    return {
      ...{ number: index + 1, at: 0, method: "POST", path: "/calls", headers: {}, body: "" },
      fields: Object.fromEntries(real),
      ...{ problem: null, signature: { state: "ok" }, duplicate: false, answer: "200" },
      order: { state: "next" },
    };
  });
}

/** The webhook at `index`, changed. */
function changed(index: number, patch: Partial<Webhook>): Webhook[] {
  return right().map((webhook, at) => (at === index ? { ...webhook, ...patch } : webhook));
}

const wrong = (index: number, fields: Readonly<Record<string, unknown>>) =>
  changed(index, { fields: { ...right()[index]?.fields, ...fields } });

function reordered(webhook: Webhook | undefined): Webhook[] {
  const fields = Object.entries(webhook?.fields ?? {}).reverse();
  return changed(0, { fields: Object.fromEntries(fields) });
}

describe("faultsOf", () => {
  it("finds nothing in what is right", () => {
    expect(faultsOf(flow, right())).toEqual([]);
  });

  it.each<readonly [what: string, got: Webhook[], fault: RegExp]>([
    ["one too few", right().slice(0, -1), /^expected 7 webhooks, got 6$/],
    ["one too many", [...right(), ...right().slice(0, 1)], /^expected 7 webhooks, got 8$/],
    ["another order of events", right().reverse(), /^webhook 1 of .*: expected .*ringing.*, got /],
    ["another order of fields", reordered(right()[0]), /^webhook 1 of /],
    ["a wrong field", wrong(5, { user: "103" }), /^webhook 6 of .*"user":"102".*"user":"103"/],
    ["a field too many", wrong(5, { more: "" }), /^webhook 6 of .*"more":""/],
    ["a wrong title", wrong(6, { title: "Answered" }), /^webhook 7 of .*"title":"Answered"/],
    ["a wrong link", wrong(5, { id: "260504080000_7-2" }), /^webhook 6 of .*\{id\}-2/],
    ["a bad signature", changed(2, { signature: { state: "absent" } }), /^webhook 3 .*absent$/],
    ["a repetition", changed(3, { duplicate: true }), /^webhook 4 .*expected the next in order/],
    ["a hole", changed(3, { order: { state: "hole", from: 2, to: 3 } }), /^webhook 4 .*in order/],
  ])("finds %s", (_what, got, fault) => {
    const [first] = faultsOf(flow, got);
    expect(first).toMatch(fault);
  });
});

describe("offhook demo --once", () => {
  it("plays the published flows and finds them right", async () => {
    const ran = await offhook(["demo", "--once", "--pace", "0.05"]);
    expect(ran.out).toMatch(
      /\n✓ 8 flows, 27 webhooks: each as published, signed, in order, once\.\n$/,
    );
    expect(ran).toMatchObject({ code: 0, err: "" });
  });
});
