/** Two calls at one phone: held, swapped, consulted in, joined. Each begins with a call that 150 answers, unless said. */
import type { Scene } from "./scene.ts";
import { answeredBy150, consulted103 } from "./transfers.ts";

export const consultationScenes: readonly Scene[] = [
  {
    name: "held",
    about: "150 puts its caller on hold and takes the call back",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.hold("150");
      await stage.wait(4);
      stage.pbx.resume("150");
      await stage.wait(3);
      stage.pbx.hangUp("150", call.id);
      await stage.settle();
    },
  },
  {
    name: "consultation-refused",
    about: "150 consults 103, who rejects; 150 goes on with its caller",
    async run(stage) {
      const { pbx, wait } = stage;
      const call = await answeredBy150(stage);
      const consultation = pbx.dial("150", "103");
      await wait(2);
      pbx.reject("103", consultation.id);
      await wait(1);
      pbx.resume("150");
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "consultation-only",
    about: "150 consults 103 and goes on with its caller",
    async run(stage) {
      const { pbx, wait } = stage;
      const { call, consultation } = await consulted103(stage);
      await wait(3);
      pbx.hangUp("103", consultation.id);
      await wait(1);
      pbx.resume("150");
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "gone-during-consultation",
    about: "150 consults 103; the caller, on hold, hangs up meanwhile",
    async run(stage) {
      const { pbx, wait } = stage;
      const { call, consultation } = await consulted103(stage);
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await wait(2);
      pbx.hangUp("150", consultation.id);
      await stage.settle();
    },
  },
  {
    name: "outgoing-attended-transfer",
    about: "101 dials out, is answered, consults 104 and hands the other side over",
    async run({ pbx, caller, wait, settle }) {
      const call = pbx.dial("101", caller.number);
      await wait(3);
      pbx.outsideAnswers(call.id);
      await wait(4);
      const consultation = pbx.dial("101", "104");
      await wait(2);
      pbx.answer("104", consultation.id);
      await wait(3);
      pbx.completeTransfer("101");
      await wait(4);
      pbx.hangUp("104");
      await settle();
    },
  },
  {
    name: "outsiders-joined",
    about: "150 dials an outside number in a second call, is answered, joins the two and leaves",
    async run(stage) {
      const { pbx, wait } = stage;
      const call = await answeredBy150(stage);
      const second = pbx.dial("150", "420777999999");
      await wait(2);
      pbx.outsideAnswers(second.id);
      await wait(3);
      pbx.completeTransfer("150");
      await wait(4);
      const left = [call, second].find(({ endedAt }) => endedAt === null);
      if (left) pbx.outsideHangsUp(left.id);
      await stage.settle();
    },
  },
  {
    name: "second-caller",
    about:
      "150 talks; a second caller rings there, 150 takes that call first to its end, then the other",
    async run(stage) {
      const { pbx, wait } = stage;
      const first = await answeredBy150(stage);
      const second = pbx.incoming({ from: "420777000222", did: "420222000150" });
      await stage.settle();
      await wait(2);
      pbx.answer("150", second.id);
      await wait(4);
      pbx.outsideHangsUp(second.id);
      await wait(1);
      pbx.resume("150");
      await wait(3);
      pbx.outsideHangsUp(first.id);
      await stage.settle();
    },
  },
];
