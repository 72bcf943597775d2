/**
 * The published flows as the demo plays them, and what a receiver must get for each (docs/contract.md §3).
 * `{from}` and `{id}` stand for the caller and the call; a duration in a title is any `m:ss`.
 */
import type { Webhook } from "../simulator/inbox.ts";

export interface Flow {
  readonly scene: string;
  readonly about: string;
  readonly webhooks: readonly Readonly<Record<string, string>>[];
}

const ivrDid = "DID-420222000320";
const callerid = "{from}";

const ringing = (user: string, usertype: string, did: string) => ({
  event: "ringing",
  callerid,
  user,
  usertype,
  did,
  id: "{id}-0",
});

const missed = (user: string, usertype: string, did: string, where: string) => ({
  event: "incoming",
  callerid,
  user,
  usertype,
  finishtype: "Missed",
  transfer: "False",
  did,
  title: `${did}:Missed call by ${where} ${user} from {from}`,
  id: "{id}-0",
});

const toQueue = [ringing("801", "other", ivrDid), ringing("800", "queue", ivrDid)];
const agents = ["101", "102", "103"].map((user) => ringing(user, "ext", ivrDid));
const dialing = { event: "dialing", callerid, user: "101", id: "{id}-0" };
const direct = "420222000150";

export const flows: readonly Flow[] = [
  {
    scene: "answered-in-queue",
    about: "An incoming call goes through the IVR to the queue; agent 102 answers.",
    webhooks: [
      ...toQueue,
      ...agents,
      {
        callerid,
        event: "hangupincoming",
        user: "102",
        usertype: "ext",
        did: ivrDid,
        trtype: "NotDef",
        id: "{id}-1",
      },
      {
        event: "incoming",
        callerid,
        user: "102",
        usertype: "ext",
        finishtype: "Ok",
        transfer: "False",
        did: ivrDid,
        title: `${ivrDid}:Answered call from {from} (m:ss)`,
        id: "{id}-1",
      },
    ],
  },
  {
    scene: "missed-in-queue",
    about: "The caller gives up while the agents of the queue ring.",
    webhooks: [...toQueue, ...agents, missed("800", "queue", ivrDid, "queue")],
  },
  {
    scene: "missed-by-extension",
    about: "The caller gives up while extension 150 rings.",
    webhooks: [ringing("150", "ext", direct), missed("150", "ext", direct, "User")],
  },
  {
    scene: "missed-in-ivr",
    about: "The caller hangs up in the menu of the IVR.",
    webhooks: [ringing("801", "other", ivrDid), missed("801", "other", ivrDid, "IVR")],
  },
  {
    scene: "missed-in-ring-group",
    about: "The caller gives up while the phones of the ring group ring.",
    webhooks: [
      ringing("820", "other", "Sales line"),
      ...["103", "104", "105"].map((user) => ringing(user, "ext", "Sales line")),
      missed("820", "other", "Sales line", "ring group"),
    ],
  },
  {
    scene: "outgoing-answered",
    about: "101 dials out and is answered.",
    webhooks: [
      dialing,
      { callerid, event: "hangupoutgoing", user: "101", did: "", trtype: "NotDef", id: "{id}-1" },
      {
        event: "outgoing",
        callerid,
        user: "101",
        finishtype: "Ok",
        transfer: "False",
        did: "",
        title: "Successful call to {from} (m:ss)",
        id: "{id}-1",
      },
    ],
  },
  {
    scene: "outgoing-unanswered",
    about: "101 dials out and gives up.",
    webhooks: [
      dialing,
      {
        event: "outgoing",
        callerid,
        user: "101",
        finishtype: "Missed",
        transfer: "False",
        did: "",
        title: "Unanswered call to {from}",
        id: "{id}-0",
      },
    ],
  },
  { scene: "internal", about: "101 calls 102: inside calls send nothing.", webhooks: [] },
];

/** Everything in which the webhooks of a flow are not as they must be; empty = all is right. */
export function faultsOf(flow: Flow, got: readonly Webhook[]): string[] {
  const faults: string[] = [];
  const due = flow.webhooks.length;
  if (got.length !== due) faults.push(`expected ${due} webhooks, got ${got.length}`);
  for (const [index, expected] of flow.webhooks.entries()) {
    const webhook = got[index];
    if (webhook === undefined) break;
    const at = `webhook ${index + 1} of ${flow.scene}`;
    const wanted = JSON.stringify(expected);
    const shown = JSON.stringify(generalised(webhook));
    if (shown !== wanted) faults.push(`${at}: expected ${wanted}, got ${shown}`);
    const { signature, order, duplicate } = webhook;
    if (signature.state !== "ok")
      faults.push(`${at}: expected a good signature, got ${signature.state}`);
    if (order.state !== "next" || duplicate) faults.push(`${at}: expected the next in order, once`);
  }
  return faults;
}

/** The fields with what differs from call to call replaced by its name. */
function generalised({ fields }: Webhook): Record<string, unknown> {
  const from = String(fields.callerid);
  const plain = (name: string, value: unknown): unknown => {
    if (typeof value !== "string") return value;
    if (name === "callerid") return /^\d{9,15}$/.test(value) ? "{from}" : value;
    if (name === "id") return value.replace(/^\d{12}_\d+(?=-\d+$)/, "{id}");
    if (name !== "title") return value;
    return value.replace(` ${from}`, " {from}").replace(/\(\d+:[0-5]\d\)$/, "(m:ss)");
  };
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, plain(name, value)]),
  );
}
