/**
 * The PBX's state as the Call Control API writes it. The switches that only change what the wire
 * says are applied here and nowhere else.
 */
import type { WireDevice, WireDnInfo, WireFrame, WireParticipant } from "../source/threecx/wire.ts";
import { assertNever } from "../util/assertNever.ts";
import { appDevice } from "./dialing.ts";
import { type ApiClient, type Directory, type DnKind, findDn, wireType } from "./directory.ts";
import type { DnRef, Leg, LegStatus, Party } from "./model.ts";
import type { ActionResult, Pbx } from "./pbx.ts";
import type { Settings } from "./settings.ts";

const NONE = "None";

export const EVENT_TYPE = { upsert: 0, remove: 1, dtmf: 2, response: 4 } as const;

function statusWord(status: LegStatus, settings: Settings): string {
  switch (status) {
    case "dialing":
      return "Dialing";
    case "ringing":
      return "Ringing";
    case "connected":
      return "Connected";
    case "hold":
      return settings.holdStatus === "hold" ? "Hold" : "Connected";
    case "held":
      return settings.holdStatus === "hold" ? "Held" : "Connected";
    default:
      return assertNever(status);
  }
}

function originator(leg: Leg, settings: Settings): DnRef | null {
  const by = leg.originatedBy;
  if (!by || (!settings.keepOriginatedBy && leg.answeredAt !== null)) return null;
  if (by.kind !== "queue" && by.kind !== "ringgroup") return by;
  switch (settings.polledOriginatedBy) {
    case "holder":
      return by;
    case "router":
      return { dn: "ROUTER", kind: "routepoint" };
    case "empty":
      return null;
    default:
      return assertNever(settings.polledOriginatedBy);
  }
}

function did(leg: Leg, settings: Settings): string {
  const { rule } = leg.call;
  if (!rule || settings.partyDid === "empty") return "";
  return settings.partyDid === "all" || leg.kind === "routepoint" ? `+${rule.did}` : "";
}

function kindWord(ref: { readonly kind: DnKind | null } | null): string {
  return ref?.kind ? wireType(ref.kind) : NONE;
}

/** Who polls stands before who calls, whose number it shows. */
function partyOf(leg: Leg, { polledParty }: Settings): Pick<Party, "dn" | "kind"> {
  const by = leg.originatedBy;
  const isPolled = leg.kind === "extension" && (by?.kind === "queue" || by?.kind === "ringgroup");
  if (!isPolled) return leg.party;
  const waits = leg.status === "ringing";
  switch (polledParty) {
    case "trunk":
      return leg.party;
    case "poller":
      return waits ? by : leg.party;
    case "pollerStays":
      return waits || leg.party.kind === "trunk" ? by : leg.party;
    default:
      return assertNever(polledParty);
  }
}

/** All 18 fields, in the documented order. */
export function participant(leg: Leg, settings: Settings): WireParticipant {
  const originatedBy = originator(leg, settings);
  const referredBy =
    settings.referredBy === "present" && leg.status === "ringing" ? leg.referredBy : null;
  const party = partyOf(leg, settings);
  return {
    id: leg.id,
    status: statusWord(leg.status, settings),
    dn: leg.dn,
    party_caller_name: leg.party.name,
    party_dn: party.dn,
    party_caller_id: leg.party.number,
    party_did: did(leg, settings),
    device_id: leg.deviceId,
    party_dn_type: kindWord(party),
    direct_control: leg.directControl,
    originated_by_dn: originatedBy?.dn ?? "",
    originated_by_type: kindWord(originatedBy),
    referred_by_dn: referredBy?.dn ?? "",
    referred_by_type: kindWord(referredBy),
    on_behalf_of_dn: leg.onBehalfOf?.dn ?? "",
    on_behalf_of_type: kindWord(leg.onBehalfOf),
    callid: leg.call.id,
    legid: leg.legid,
  };
}

interface Sight {
  readonly directory: Directory;
  readonly settings: Settings;
  readonly dns: readonly string[];
}

/** Neither directory nor settings nor client are ever changed, only replaced. */
const sights = new WeakMap<ApiClient, Sight>();

/** DNs that a client sees: its own, then the monitored ones of the kinds that are switched on. */
export function visibleDns(
  directory: Directory,
  settings: Settings,
  client: ApiClient,
): readonly string[] {
  const last = sights.get(client);
  if (last?.directory === directory && last.settings === settings) return last.dns;
  const shown = (dn: string): boolean => {
    switch (findDn(directory, dn)?.kind) {
      case undefined:
        return false;
      case "queue":
        return settings.showQueues;
      case "ivr":
        return settings.showIvrs;
      case "ringgroup":
        return settings.showRingGroups;
      default:
        return true;
    }
  };
  const dns = [
    client.clientId,
    ...client.monitored.filter((dn) => dn !== client.clientId).filter(shown),
  ];
  sights.set(client, { directory, settings, dns });
  return dns;
}

export function devicesOf(directory: Directory, dn: string): WireDevice[] {
  const entry = findDn(directory, dn);
  switch (entry?.kind) {
    case "extension": {
      const row = directory.extensions.find((extension) => extension.number === dn);
      return (row?.devices ?? []).map((device) => ({
        dn,
        device_id: device.deviceId,
        user_agent: device.userAgent,
      }));
    }
    case "queue":
    case "ivr":
    case "routepoint":
      return [{ dn, device_id: appDevice(dn), user_agent: "3CX Media Server" }];
    default:
      return [];
  }
}

export function dnInfo(pbx: Pbx, dn: string): WireDnInfo {
  return {
    dn,
    type: kindWord(findDn(pbx.directory, dn) ?? null),
    devices: devicesOf(pbx.directory, dn),
    participants: pbx.legsOf(dn).map((leg) => participant(leg, pbx.settings)),
  };
}

export interface WireResult {
  finalstatus: string;
  reason: string;
  result?: WireParticipant;
  reasontext: string;
}

/** `result` is told as long as the leg can be read. */
export function wireResult(pbx: Pbx, outcome: ActionResult): WireResult {
  const { finalstatus, reason, reasontext, legId } = outcome;
  const leg = legId === null ? undefined : pbx.leg(legId);
  if (!leg) return { finalstatus, reason, reasontext };
  return { finalstatus, reason, result: participant(leg, pbx.settings), reasontext };
}

export function entityOf(leg: Leg): string {
  return `/callcontrol/${leg.dn}/participants/${leg.id}`;
}

export function frame(
  sequence: number,
  type: keyof typeof EVENT_TYPE,
  entity: string,
  attachedData: unknown,
): WireFrame {
  return {
    sequence,
    event: { event_type: EVENT_TYPE[type], entity, attached_data: attachedData },
  };
}
