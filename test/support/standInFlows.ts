/** The published call flows, as a V20 puts them on the wire. Each names the call that it plays. */
import type { StandIn } from "./standIn.ts";
import { type CallFacts, type Habits, StandInCall } from "./standInCall.ts";

export interface Flow {
  readonly name: string;
  readonly call: CallFacts;
  play(call: StandInCall): Promise<void>;
}

const outgoing = { trunk: "10007", name: "", did: "" };
/** Routed by a rule with a name that needs encoding. */
const praha = { trunk: "10007", did: "420222000100" };
/** The only rule of its trunk. */
const serbia = { trunk: "10008", did: "381213220030" };
/** A rule without a name. */
const nameless = { trunk: "10007", did: "420222000200" };

/** Long enough for a duration that is not nought. */
const talkMs = 1_050;

export const flows: readonly Flow[] = [
  {
    name: "incoming, through IVR and queue, answered by one of three agents",
    call: {
      callid: 2001,
      establishedAt: "2026-05-04T08:00:01.13Z",
      number: "+420777000001",
      name: "Novák Jan",
      ...praha,
    },
    async play(call) {
      await call.arrives();
      await call.reaches("801");
      await call.reaches("800");
      await call.rings("101", "102", "103");
      await call.isAnsweredBy("102");
      await call.lasts(talkMs);
      call.ends();
    },
  },
  {
    name: "incoming, missed at a queue while its agents ring",
    call: {
      callid: 2002,
      establishedAt: "2026-05-04T08:00:02Z",
      number: "381629759787",
      name: "",
      ...serbia,
    },
    async play(call) {
      await call.arrives();
      await call.reaches("800");
      await call.rings("101", "102");
      call.ends();
    },
  },
  {
    name: "incoming, missed at an extension",
    call: {
      callid: 2003,
      establishedAt: "2025-12-31T23:30:59.999Z",
      number: "420777000003",
      name: "420777000003",
      ...nameless,
    },
    async play(call) {
      await call.arrives();
      await call.rings("101");
      call.ends();
    },
  },
  {
    name: "incoming, missed at an IVR",
    call: {
      callid: 2004,
      establishedAt: "2026-05-04T08:00:04Z",
      number: "anonymous",
      name: "Anonymous",
      ...praha,
    },
    async play(call) {
      await call.arrives();
      await call.reaches("801");
      call.ends();
    },
  },
  {
    name: "incoming, missed at a ring group",
    call: {
      callid: 2005,
      establishedAt: "2026-05-04T08:00:05Z",
      number: "420777000005",
      name: "Dlouhá",
      ...praha,
    },
    async play(call) {
      await call.arrives();
      await call.reaches("820");
      await call.rings("102", "103");
      call.ends();
    },
  },
  {
    name: "incoming, straight to an extension, answered",
    call: {
      callid: 2006,
      establishedAt: "2026-05-04T08:00:06Z",
      number: "381629759788",
      name: "Petrović Ana",
      ...serbia,
    },
    async play(call) {
      await call.arrives();
      await call.rings("103");
      await call.isAnsweredBy("103");
      call.ends();
    },
  },
  {
    name: "outgoing, answered",
    call: {
      callid: 2007,
      establishedAt: "2026-05-04T08:00:07Z",
      number: "420777000007",
      ...outgoing,
    },
    async play(call) {
      await call.isBegunBy("102");
      await call.isDialledBy("102");
      await call.isPickedUp("102");
      await call.lasts(talkMs);
      call.ends();
    },
  },
  {
    name: "outgoing, unanswered",
    call: {
      callid: 2008,
      establishedAt: "2026-05-04T08:00:08Z",
      number: "+420777000008",
      ...outgoing,
    },
    async play(call) {
      await call.isBegunBy("103");
      await call.isDialledBy("103");
      call.ends();
    },
  },
  {
    name: "internal",
    call: { callid: 2009, establishedAt: "2026-05-04T08:00:09Z", number: "", ...outgoing },
    async play(call) {
      await call.isInside("101", "102");
      call.ends();
    },
  },
];

/** All flows at the same time, as a PBX has them: what they share is the extensions that ring. */
export async function playAll(
  pbx: StandIn,
  habits: Habits,
  factsOf: (call: CallFacts) => CallFacts = (call) => call,
): Promise<void> {
  await Promise.all(
    flows.map(({ call, play }) => play(new StandInCall(pbx, factsOf(call), habits))),
  );
}

/** The same call on the trunk with a single rule: then its DID need not be told. */
export function onSingleRule(call: CallFacts): CallFacts {
  return call.did === "" ? call : { ...call, ...serbia };
}
