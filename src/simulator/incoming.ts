/** Calls that begin outside, or in the PBX itself: over a trunk by a DID, and wake-up calls. */
import type { InboundRule } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, Leg, Party } from "./model.ts";
import { type Route, routeTo } from "./routing.ts";

export interface IncomingCall {
  /** The caller's number; "" = withheld. */
  readonly from: string;
  readonly name?: string;
  /** A DID or a rule's name; default: the first rule's. */
  readonly did?: string;
}

/** Who calls when the PBX wakes somebody. */
const WAKE_UP: Party = {
  dn: "WakeUp",
  kind: "specialmenu",
  number: "WakeUp",
  name: "Wake-up call",
};

export function comeIn(exchange: Exchange, { from, name = "", did }: IncomingCall): Call {
  const rule = ruleOf(exchange, did);
  const trunk = exchange.directory.trunks.find((row) => row.number === rule.trunk);
  const caller: Party = { dn: rule.trunk, kind: "trunk", number: from, name };
  const router: Party = { dn: "ROUTER", kind: "routepoint", number: "", name: "" };
  const call = exchange.newCall("incoming", caller, router);
  call.rule = rule;
  const anchor = exchange.addLeg(call, {
    dn: rule.trunk,
    kind: "trunk",
    status: "dialing",
    party: { ...router, number: trunk?.externalNumber ?? "" },
    outside: { number: from, name },
  });
  exchange.show(anchor);
  exchange.clock.after(exchange.settings.didRoutingMs, () => follow(exchange, call, anchor, rule));
  return call;
}

function ruleOf({ directory: { inboundRules } }: Exchange, did: string | undefined): InboundRule {
  const rule =
    did === undefined
      ? inboundRules[0]
      : inboundRules.find((row) => row.did === did || row.ruleName === did);
  if (rule) return rule;
  const known = inboundRules.map((row) => row.did).join(", ") || "none";
  throw new UserMistake(`Expected a DID or rule name, got "${did ?? ""}". DIDs: ${known}.`);
}

function follow(exchange: Exchange, call: Call, anchor: Leg, rule: InboundRule): void {
  if (call.endedAt !== null) return;
  const { directory, settings } = exchange;
  const { to } = rule.destination;
  const number = rule.destination.to === "dn" ? rule.destination.number : "";
  const app = directory.clients.some((row) => row.clientId === number);
  const phone = directory.extensions.some((row) => row.number === number);
  // A route point has its DID to itself; a phone hangs behind the router and the rule (seen: leg
  // 4).
  if (!app) exchange.skipLeg(call);
  if (phone || to === "voicemail") exchange.skipLeg(call);
  const named = settings.namePrefix === "queueOrRule" && rule.ruleName !== "";
  const route: Route = {
    call,
    anchor,
    originatedBy: app ? null : { dn: "ROUTER", kind: "routepoint" },
    referredBy: null,
    onBehalfOf: null,
    prefix: named ? `${rule.ruleName}:` : "",
  };
  exchange.setState(call, "Routing");
  routeTo(exchange, route, rule.destination);
}

export function wakeUp(exchange: Exchange, dn: string): Call {
  const call = exchange.newCall("internal", WAKE_UP, exchange.partyOfDn(dn, "extension"));
  const anchor = exchange.addLeg(call, {
    dn: WAKE_UP.dn,
    kind: "specialmenu",
    status: "dialing",
    party: exchange.partyOfDn(dn, "extension"),
  });
  exchange.show(anchor);
  const marks = { originatedBy: null, referredBy: null, onBehalfOf: null, prefix: "" };
  routeTo(exchange, { call, anchor, ...marks }, { to: "dn", number: dn });
  return call;
}
