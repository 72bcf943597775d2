/** Calls that begin inside. */
import type { Scene } from "./scene.ts";

export const outgoingScenes: readonly Scene[] = [
  {
    name: "outgoing-answered",
    about: "101 dials out, is answered, hangs up",
    async run({ pbx, caller, wait, settle }) {
      const call = pbx.dial("101", caller.number);
      await wait(4);
      pbx.outsideAnswers(call.id);
      await wait(6);
      pbx.hangUp("101", call.id);
      await settle();
    },
  },
  {
    name: "outgoing-unanswered",
    about: "101 dials out and gives up",
    async run({ pbx, caller, wait, settle }) {
      const call = pbx.dial("101", caller.number);
      await wait(5);
      pbx.hangUp("101", call.id);
      await settle();
    },
  },
  {
    name: "outgoing-refused",
    about: "101 dials out, the other side is busy",
    async run({ pbx, caller, wait, settle }) {
      const call = pbx.dial("101", caller.number);
      await wait(2);
      pbx.outsideRefuses(call.id);
      await settle();
    },
  },
  {
    name: "internal",
    about: "101 calls 102 (an internal call: no webhook)",
    async run({ pbx, wait, settle }) {
      const call = pbx.dial("101", "102");
      await wait(2);
      pbx.answer("102", call.id);
      await wait(3);
      pbx.hangUp("102", call.id);
      await settle();
    },
  },
  {
    name: "internal-to-queue",
    about: "150 calls queue 800, 101 answers (an internal call: no webhook)",
    async run({ pbx, wait, settle }) {
      const call = pbx.dial("150", "800");
      await wait(2);
      pbx.answer("101", call.id);
      await wait(3);
      pbx.hangUp("150", call.id);
      await settle();
    },
  },
];
