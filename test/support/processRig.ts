/** A PBX, a receiver and an installation for one test, taken down after it. */
import { onTestFinished } from "vitest";
import { Installation } from "./process.ts";
import { Receiver } from "./receiver.ts";
import { StandIn, type StandInOptions } from "./standIn.ts";
import { type CallFacts, type Habits, plainHabits, StandInCall } from "./standInCall.ts";

export interface Rig {
  readonly pbx: StandIn;
  readonly receiver: Receiver;
  readonly installation: Installation;
  /** A call on the trunk with a single rule, or an outgoing one. */
  incoming(callid: number, number?: string): StandInCall;
  outgoing(callid: number, number?: string): StandInCall;
}

export async function rig(options: StandInOptions = {}, habits: Habits = plainHabits) {
  const pbx = await new StandIn(options).listen();
  const receiver = await new Receiver().listen();
  const installation = await Installation.make();
  onTestFinished(async () => {
    await installation.remove();
    await Promise.all([receiver.close(), pbx.close()]);
  });
  const facts = (callid: number, did: string, number = `420777${callid}`): CallFacts => ({
    callid,
    establishedAt: "2026-05-04T08:00:00Z",
    trunk: "10008",
    number,
    name: "",
    did,
  });
  const made: Rig = {
    pbx,
    receiver,
    installation,
    incoming: (callid, number) =>
      new StandInCall(pbx, facts(callid, "381213220030", number), habits),
    outgoing: (callid, number) => new StandInCall(pbx, facts(callid, "", number), habits),
  };
  return made;
}
