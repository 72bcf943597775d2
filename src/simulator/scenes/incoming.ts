/** Incoming calls that somebody answers. */
import type { Scene } from "./scene.ts";

export const incomingScenes: readonly Scene[] = [
  {
    name: "answered-in-queue",
    about: "DID → IVR → key 1 → queue 800: three agents ring, 102 answers, the caller hangs up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000320");
      await wait(2);
      pbx.press(call.id, "1");
      await wait(4);
      pbx.answer("102", call.id);
      await wait(8);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "answered-by-extension",
    about: "DID → extension 150 answers and hangs up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000150");
      await wait(3);
      pbx.answer("150", call.id);
      await wait(6);
      pbx.hangUp("150", call.id);
      await settle();
    },
  },
  {
    name: "answered-in-ring-group",
    about: "DID → ring group 820: 103, 104 and 105 ring, 104 answers",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000200");
      await wait(3);
      pbx.answer("104", call.id);
      await wait(5);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "agent-rejects",
    about: "queue 800: 101 rejects and is polled again, 103 answers",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000100");
      await wait(2);
      pbx.reject("101", call.id);
      await wait(3);
      pbx.answer("103", call.id);
      await wait(5);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
];
