/** Who calls, by which number, and what is seen of it. */
import type { Scene } from "./scene.ts";

export const callerScenes: readonly Scene[] = [
  {
    name: "anonymous",
    about: "a caller who withholds the number: 150 answers",
    async run({ pbx, wait, settle }) {
      const call = pbx.incoming({ from: "", did: "420222000150" });
      await settle();
      await wait(3);
      pbx.answer("150", call.id);
      await wait(4);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "plus-in-number",
    about: "a caller whose number comes with a +: missed by 150",
    async run({ pbx, wait, settle }) {
      const call = pbx.incoming({ from: "+420777000333", did: "420222000150" });
      await settle();
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "gone-before-any-leg",
    about: "the caller hangs up before the call is routed (nothing was visible: no webhook)",
    async run({ pbx, caller, settle }) {
      const call = pbx.incoming({ from: caller.number, did: "420222000150" });
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "menu-to-extension",
    about: "DID → IVR → key 3 → extension 150 answers",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000320");
      await wait(2);
      pbx.press(call.id, "3");
      await wait(3);
      pbx.answer("150", call.id);
      await wait(4);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "to-the-route-point",
    about: "DID → the API client's own route point, the caller presses keys and hangs up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000900");
      await wait(2);
      pbx.press(call.id, "5");
      await wait(2);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "click-to-call",
    about: "a program lets 101 call out: its own phone rings first, then the outside answers",
    async run({ pbx, caller, wait, settle, until }) {
      pbx.makeCall("101", caller.number);
      const dialled = () =>
        pbx.legs().find(({ kind, offer }) => kind === "trunk" && offer !== null);
      await until(() => dialled() !== undefined);
      await wait(3);
      const callid = dialled()?.call.id ?? 0;
      pbx.outsideAnswers(callid);
      await wait(4);
      pbx.hangUp("101", callid);
      await settle();
    },
  },
  {
    name: "internal-transferred",
    about: "101 calls 102, who sends 101 on to 103 (an internal call: no webhook)",
    async run({ pbx, wait, settle }) {
      const call = pbx.dial("101", "102");
      await wait(2);
      pbx.answer("102", call.id);
      await wait(2);
      pbx.blindTransfer("102", "103", call.id);
      await wait(2);
      pbx.answer("103", call.id);
      await wait(3);
      pbx.hangUp("103", call.id);
      await settle();
    },
  },
];
