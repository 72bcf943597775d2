/** What an API client may do with a leg, and how the PBX tells how it went. */
import type { Destination } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Leg, LegEnd } from "./model.ts";
import type { ActionRequest, ActionResult } from "./pbx.ts";
import { type RouteOutcome, routeTo } from "./routing.ts";
import { accept, refuse } from "./stage.ts";
import { attempt, divert, ringAlso } from "./transfers.ts";

function success(leg: Leg, reasontext: string, status = 200): ActionResult {
  return { finalstatus: "Success", reason: "NotSpecified", reasontext, legId: leg.id, status };
}

function impossible(leg: Leg, reasontext: string): ActionResult {
  const reason = "SubjectNotFound";
  return { finalstatus: "Rejected", reason, reasontext, legId: leg.id, status: 422 };
}

/** The engine's words for why a destination was not reached. */
function reasonOf(why: LegEnd): string {
  switch (why) {
    case "noAnswer":
      return "DestinationNoAnswer";
    case "rejected":
      return "DestinationBusy";
    case "answeredElsewhere":
      return "CompletedElsewhere";
    case "callerGone":
    case "otherSideHungUp":
      return "ParentConnectionTerminated";
    case "failed":
      return "DestinationIsNotReachable";
    default:
      return "Cancelled";
  }
}

export async function clientAction(
  exchange: Exchange,
  leg: Leg,
  request: ActionRequest,
  to: Destination,
): Promise<ActionResult> {
  try {
    return await act(exchange, leg, request, to);
  } catch (error) {
    if (error instanceof UserMistake) return impossible(leg, error.message);
    throw error;
  }
}

async function act(
  exchange: Exchange,
  leg: Leg,
  request: ActionRequest,
  to: Destination,
): Promise<ActionResult> {
  const needsDestination = ["divert", "routeto", "transferto"].includes(request.action);
  if (needsDestination && request.destination === "") {
    return { ...impossible(leg, "Destination is empty"), reason: "UnknownDestination" };
  }
  switch (request.action) {
    case "drop":
      if (leg.offer) refuse(exchange, leg, "rejected");
      else if (leg.call.transferrer === leg) exchange.remove(leg, "transferred");
      else exchange.endCall(leg.call, "hungUp", leg);
      return success(leg, "Dropped");
    case "answer":
      if (!leg.directControl) return impossible(leg, "The device cannot be controlled");
      if (!leg.offer || leg.status !== "ringing") return impossible(leg, "Not ringing");
      accept(leg);
      return success(leg, "Answered");
    case "divert":
      if (!leg.offer) return impossible(leg, "Not ringing");
      divert(exchange, leg, to);
      return success(leg, "Diverted");
    case "routeto":
      return routeOn(exchange, leg, request, to, false);
    case "transferto":
      if (leg.status === "ringing") return impossible(leg, "Not connected");
      return routeOn(exchange, leg, request, to, true);
    case "attach_participant_data":
    case "attach_party_data":
      return success(leg, "Attached");
    default:
      return impossible(leg, `Unknown action ${request.action}`);
  }
}

/** transferto and routeto: the leg stays until a destination accepts. */
function routeOn(
  exchange: Exchange,
  leg: Leg,
  request: ActionRequest,
  to: Destination,
  transfer: boolean,
): Promise<ActionResult> | ActionResult {
  if (leg.offer) {
    const added = ringAlso(exchange, leg, request.destination);
    return added ? success(leg, "Routing", 202) : impossible(leg, "Only an extension can ring too");
  }
  const me = { dn: leg.dn, kind: leg.kind };
  const marks = transfer
    ? { referredBy: me, originatedBy: null }
    : { referredBy: null, originatedBy: me };
  if (leg.call.step && leg.peer) {
    const { call, peer: anchor } = leg;
    routeTo(exchange, { call, anchor, ...marks, onBehalfOf: null, prefix: "" }, to);
    return success(leg, "Routing", 202);
  }
  return new Promise((resolve) => {
    const told = (outcome: RouteOutcome) => {
      if (outcome.ok) return resolve(success(outcome.leg, "Accepted"));
      const reason = reasonOf(outcome.why);
      const failed = { finalstatus: "Failed", reason, reasontext: reason } as const;
      resolve({ ...failed, legId: leg.id, status: 424 });
    };
    if (exchange.settings.actionAnswers === "accepted") resolve(success(leg, "Accepted", 202));
    attempt(exchange, leg, to, marks, told, request.timeoutMs);
  });
}
