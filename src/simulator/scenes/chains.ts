/** Calls that are handed over again and again, to places and back. Each begins with an incoming call that 150 answers. */
import type { Scene } from "./scene.ts";
import { answeredBy150 } from "./transfers.ts";

export const chainScenes: readonly Scene[] = [
  {
    name: "transfer-chain",
    about: "150 sends its caller to 103, 103 to 104, 104 to 101: links 2, 3 and 4",
    async run(stage) {
      const call = await answeredBy150(stage);
      for (const [from, to] of [
        ["150", "103"],
        ["103", "104"],
        ["104", "101"],
      ] as const) {
        stage.pbx.blindTransfer(from, to, call.id);
        await stage.wait(3);
        stage.pbx.answer(to, call.id);
        await stage.wait(4);
      }
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "transfer-there-and-back",
    about: "150 sends its caller to 103, who sends the call back to 150",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "103", call.id);
      await stage.wait(2);
      stage.pbx.answer("103", call.id);
      await stage.wait(3);
      stage.pbx.blindTransfer("103", "150", call.id);
      await stage.wait(2);
      stage.pbx.answer("150", call.id);
      await stage.wait(4);
      stage.pbx.hangUp("150", call.id);
      await stage.settle();
    },
  },
  {
    name: "transfer-to-ring-group",
    about: "150 sends its caller to ring group 820, 104 answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "820", call.id);
      await stage.wait(3);
      stage.pbx.answer("104", call.id);
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "transfer-to-ivr",
    about: "150 sends its caller to menu 801, who presses 1: queue 800, 102 answers",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "801", call.id);
      await stage.wait(2);
      stage.pbx.press(call.id, "1");
      await stage.wait(3);
      stage.pbx.answer("102", call.id);
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "transfer-to-queue-missed",
    about: "150 sends its caller to queue 800; agents ring, the caller gives up",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "800", call.id);
      await stage.wait(5);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "transfer-to-voicemail",
    about: "150 sends its caller to the voicemail of 105, the caller speaks and hangs up",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "VM105", call.id);
      await stage.wait(4);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "recall-missed",
    about: "150 sends its caller to 103, who rejects; the call comes back, the caller gives up",
    async run(stage) {
      const call = await answeredBy150(stage);
      stage.pbx.blindTransfer("150", "103", call.id);
      await stage.wait(2);
      stage.pbx.reject("103", call.id);
      await stage.wait(3);
      stage.pbx.outsideHangsUp(call.id);
      await stage.settle();
    },
  },
  {
    name: "queue-transferred",
    about: "queue 800: 102 answers and sends the caller to 150, who answers",
    async run({ pbx, incoming, wait, settle }) {
      const call = await incoming("420222000100");
      await wait(3);
      pbx.answer("102", call.id);
      await wait(4);
      pbx.blindTransfer("102", "150", call.id);
      await wait(2);
      pbx.answer("150", call.id);
      await wait(4);
      pbx.outsideHangsUp(call.id);
      await settle();
    },
  },
  {
    name: "parked-by-two",
    about: "150 parks its caller, 104 takes the call back and parks it again, 150 takes it back",
    async run(stage) {
      const { pbx, wait } = stage;
      await answeredBy150(stage);
      const first = pbx.park("150");
      await wait(3);
      pbx.unpark("104", first);
      await wait(3);
      const second = pbx.park("104");
      await wait(3);
      pbx.unpark("150", second);
      await wait(4);
      pbx.hangUp("150");
      await stage.settle();
    },
  },
  {
    name: "parked-and-back",
    about: "150 parks its caller and takes the call back",
    async run(stage) {
      const { pbx, wait } = stage;
      await answeredBy150(stage);
      const place = pbx.park("150");
      await wait(4);
      pbx.unpark("150", place);
      await wait(4);
      pbx.hangUp("150");
      await stage.settle();
    },
  },
];
