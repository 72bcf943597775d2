/** Calls that are handed over. Each begins with an incoming call that 150 answers. */
import type { Call } from "../model.ts";
import type { Scene, SceneStage } from "./scene.ts";

/** An incoming call that 150 has answered. */
export async function answeredBy150({ pbx, incoming, wait }: SceneStage): Promise<Call> {
  const call = await incoming("420222000150");
  await wait(2);
  pbx.answer("150", call.id);
  await wait(4);
  return call;
}

/** With the caller on hold, 150 asks 103, who answers. */
export async function consulted103(stage: SceneStage): Promise<{ call: Call; consultation: Call }> {
  const { pbx, wait } = stage;
  const call = await answeredBy150(stage);
  const consultation = pbx.dial("150", "103");
  await wait(2);
  pbx.answer("103", consultation.id);
  return { call, consultation };
}

export const transferScenes: readonly Scene[] = [
  {
    name: "blind-transfer",
    about: "150 sends its caller to 103, who answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "103", call.id);
      await stage.wait(3);
      stage.pbx.answer("103", call.id);
      await stage.wait(5);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "blind-transfer-missed",
    about: "150 sends its caller to 103, who does not answer; the caller hangs up",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "103", call.id);
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "blind-transfer-recall",
    about: "150 sends its caller to 103, who rejects; the call comes back and 150 answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "103", call.id);
      await stage.wait(2);
      stage.pbx.reject("103", call.id);
      await stage.wait(2);
      // Who stays until the other answers has the call still.
      const { blindTransferLeaves } = stage.pbx.settings;
      if (blindTransferLeaves === "atOnce") stage.pbx.answer("150", call.id);
      await stage.wait(3);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "blind-transfer-to-queue",
    about: "150 sends its caller to queue 800, 102 answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "800", call.id);
      await stage.wait(3);
      stage.pbx.answer("102", call.id);
      await stage.wait(5);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "attended-transfer",
    about: "150 consults 103 and hands its caller over",
    async run(stage) {
      const { pbx, wait } = stage;
      await consulted103(stage);
      await wait(4);
      pbx.completeTransfer("150");
      await wait(5);
      pbx.hangUp("103");
      await stage.settle();
    },
  },
  {
    name: "transfer-completed-while-ringing",
    about: "150 consults 103 and leaves while 103 still rings; 103 answers",
    async run(stage) {
      const { pbx, wait } = stage;
      await answeredBy150(stage);
      pbx.dial("150", "103");
      await wait(2);
      pbx.completeTransfer("150");
      await wait(2);
      pbx.answer("103");
      await wait(4);
      pbx.hangUp("103");
      await stage.settle();
    },
  },
  {
    name: "transfer-to-mobile",
    about: "150 sends its caller to an outside number, which answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "420777999999", call.id);
      await stage.wait(3);
      stage.pbx.outsideAnswers(call.id);
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "outgoing-transferred",
    about: "101 dials out, is answered, sends the other side to 104",
    async run({ pbx, caller, wait, settle }) {
      const call = pbx.dial("101", caller.number);
      await wait(3);
      pbx.outsideAnswers(call.id);
      await wait(4);
      pbx.blindTransfer("101", "104", call.id);
      await wait(2);
      pbx.answer("104", call.id);
      await wait(4);
      pbx.hangUp("104", call.id);
      await settle();
    },
  },
  {
    name: "park",
    about: "150 parks its caller, 104 takes the call back",
    async run(stage) {
      const { pbx, wait } = stage;
      await answeredBy150(stage);
      const place = pbx.park("150");
      await wait(4);
      pbx.unpark("104", place);
      await wait(4);
      pbx.hangUp("104");
      await stage.settle();
    },
  },
  {
    name: "parked-and-gone",
    about: "150 parks its caller, who hangs up while parked",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.park("150");
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "pick-up",
    about: "150 rings, 104 picks the call up",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000150");
      await wait(3);
      pbx.pickUp("104", "150", call.id);
      await wait(4);
      pbx.hangUp("104");
      await settle();
    },
  },
  {
    name: "voicemail",
    about: "101 calls 105, nobody answers there, 101 speaks to the voicemail menu",
    async run({ pbx, wait, settle }) {
      const call = pbx.dial("101", "105");
      await wait(2);
      pbx.reject("105", call.id);
      await wait(3);
      pbx.hangUp("101", call.id);
      await settle();
    },
  },
];
