/** Several in one conversation, and several phones of one user. Each begins with an incoming call that 150 answers. */
import type { Scene } from "./scene.ts";
import { answeredBy150, consulted103 } from "./transfers.ts";

export const togetherScenes: readonly Scene[] = [
  {
    name: "conference",
    about: "150 takes its caller and 103 into a conference; the caller hangs up",
    async run(stage) {
      const { pbx, wait } = stage;
      const { call, consultation } = await consulted103(stage);
      await wait(2);
      pbx.conference("150");
      await wait(6);
      pbx.outsideHangsUp(call.id);
      await wait(1);
      pbx.dropCall(consultation.id);
      await stage.settle();
    },
  },
  {
    name: "barged-in",
    about: "104 joins 150's conversation and goes, 103 listens to it until the caller hangs up",
    async run(stage) {
      const { pbx, wait } = stage;
      const call = await answeredBy150(stage);
      const leg = pbx.bargeIn("104", "150");
      await wait(3);
      pbx.hangUpLeg(leg);
      pbx.bargeIn("103", "150", "listen");
      await wait(3);
      pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
];
