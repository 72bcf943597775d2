/** Every scene plays to its end at any pace, leaves nothing behind, and shows what it promises. */
import { describe, expect, it } from "vitest";
import { defaultDirectory } from "../directory.ts";
import { Pbx } from "../pbx.ts";
import { defaultSettings, type SettingsPatch } from "../settings.ts";
import { VirtualClock } from "../virtualClock.ts";
import { scenes } from "./index.ts";
import { makeStage } from "./scene.ts";

/** Extensions in the order in which they were connected to an outside party. */
const ANSWERED_BY: Readonly<Record<string, readonly string[]>> = {
  "answered-in-queue": ["102"],
  "answered-by-extension": ["150"],
  "answered-in-ring-group": ["104"],
  "agent-rejects": ["103"],
  "missed-in-queue": [],
  "missed-by-extension": [],
  "missed-in-ivr": [],
  "missed-in-ring-group": [],
  "rejected-by-extension": [],
  "callback-ordered": ["101"],
  "outgoing-answered": ["101"],
  "outgoing-unanswered": [],
  "outgoing-refused": [],
  internal: [],
  "internal-to-queue": [],
  "blind-transfer": ["150", "103"],
  "blind-transfer-missed": ["150"],
  "blind-transfer-recall": ["150", "150"],
  "blind-transfer-to-queue": ["150", "102"],
  "attended-transfer": ["150", "103"],
  "transfer-completed-while-ringing": ["150", "103"],
  "transfer-to-mobile": ["150"],
  "outgoing-transferred": ["101", "104"],
  park: ["150", "104"],
  "parked-and-gone": ["150"],
  "pick-up": ["104"],
  voicemail: [],
  "transfer-chain": ["150", "103", "104", "101"],
  "transfer-there-and-back": ["150", "103", "150"],
  "transfer-to-ring-group": ["150", "104"],
  "transfer-to-ivr": ["150", "102"],
  "transfer-to-queue-missed": ["150"],
  "transfer-to-voicemail": ["150"],
  "recall-missed": ["150"],
  "queue-transferred": ["102", "150"],
  "parked-by-two": ["150", "104", "150"],
  "parked-and-back": ["150", "150"],
  held: ["150"],
  "consultation-refused": ["150"],
  "consultation-only": ["150"],
  "gone-during-consultation": ["150"],
  "outgoing-attended-transfer": ["101", "104"],
  "outsiders-joined": ["150", "150"],
  "second-caller": ["150", "150"],
  anonymous: ["150"],
  "plus-in-number": [],
  "gone-before-any-leg": [],
  "menu-to-extension": ["150"],
  conference: ["150"],
  "barged-in": ["150", "104"],
  "to-the-route-point": [],
  "click-to-call": ["101"],
  "internal-transferred": [],
};

async function played(name: string, pace: number, patch: SettingsPatch = {}) {
  const scene = scenes.find((row) => row.name === name);
  if (!scene) throw new Error(`No scene ${name}.`);
  const clock = new VirtualClock();
  const pbx = new Pbx(defaultDirectory(), defaultSettings(patch), clock, () => 0.5);
  const answered: { readonly id: number; readonly dn: string }[] = [];
  pbx.on((event) => {
    if (event.kind !== "upsert") return;
    const { leg } = event;
    const talks = leg.status === "connected" && leg.party.kind === "trunk";
    if (!talks || leg.kind !== "extension" || answered.some(({ id }) => id === leg.id)) return;
    answered.push({ id: leg.id, dn: leg.dn });
  });
  await clock.run(scene.run(makeStage(pbx, clock, pace, 1)));
  return { answered: answered.map(({ dn }) => dn), left: pbx.legs().length + pbx.calls().length };
}

describe("scenes", () => {
  it("each is named once and listed in the table below", () => {
    expect(scenes.map((scene) => scene.name).sort()).toEqual(Object.keys(ANSWERED_BY).sort());
  });

  it.each(Object.entries(ANSWERED_BY))("%s", async (name, answeredBy) => {
    for (const pace of [1, 0]) {
      expect(await played(name, pace)).toEqual({ answered: answeredBy, left: 0 });
    }
  });

  it.each(["keepY", "newLeg"] as const)("attended-transfer, %s", async (attendedTransfer) => {
    const { answered, left } = await played("attended-transfer", 1, { attendedTransfer });
    expect([answered, left]).toEqual([["150", "103"], 0]);
  });
});
