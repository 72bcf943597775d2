/** Incoming calls that nobody answers. */
import type { Scene } from "./scene.ts";

export const missedScenes: readonly Scene[] = [
  {
    name: "missed-in-queue",
    about: "DID → IVR → queue 800: agents ring, the caller gives up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000320");
      await wait(2);
      pbx.press(call.id, "1");
      await wait(5);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "missed-by-extension",
    about: "DID → extension 150 rings, the caller gives up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000150");
      await wait(5);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "missed-in-ivr",
    about: "DID → IVR 801, the caller hangs up in the menu",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000320");
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "missed-in-ring-group",
    about: "DID → ring group 820: three phones ring, the caller gives up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000200");
      await wait(5);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "rejected-by-extension",
    about: "DID → extension 150 rejects",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000150");
      await wait(3);
      pbx.reject("150", call.id);
      await settle();
    },
  },
  {
    name: "callback-ordered",
    about: "queue 800: the caller orders a call-back and leaves; the PBX calls, 101 answers",
    async run({ pbx, caller, incoming, wait, settle, until }) {
      const call = await incoming("420222000100");
      await wait(4);
      pbx.orderCallback(call.id);
      const back = () => pbx.calls().find((row) => row.callee.number === caller.number)?.id;
      await until(() => back() !== undefined);
      const callid = back();
      await wait(2);
      pbx.answer("101", callid);
      await wait(4);
      pbx.hangUp("101", callid);
      await settle();
    },
  },
];
