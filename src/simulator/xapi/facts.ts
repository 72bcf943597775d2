/**
 * The simulator's directory as XAPI rows: plain translation, one function for each kind of entry.
 * Times of the directory are milliseconds, those of XAPI whole seconds.
 */
import { assertNever } from "../../util/assertNever.ts";
import {
  type ApiClient,
  CONFERENCE,
  type Destination,
  type Directory,
  type DnKind,
  type Extension,
  extensionName,
  findDn,
  type InboundRule,
  type Ivr,
  type Queue,
  type RingGroup,
  type Trunk,
  VOICEMAIL_MENU,
} from "../directory.ts";
import type { Row } from "./odata/schema.ts";

export const SECOND_MS = 1000;
const TRUNK_LINES = 10;

const PEER_TYPES: Readonly<Record<DnKind, string>> = {
  extension: "Extension",
  queue: "Queue",
  ivr: "IVR",
  ringgroup: "RingGroup",
  trunk: "ExternalLine",
  routepoint: "RoutePoint",
  specialmenu: "SpecialMenu",
  parking: "Parking",
  fax: "Fax",
  conference: "Conference",
};

/** The words of XAPI's `PeerType`. */
function peerType(kind: DnKind | undefined): string {
  return kind === undefined ? "None" : PEER_TYPES[kind];
}

/** A `Destination` as XAPI writes it: where to (`To`), and what that is (`Type`). */
function destinationRow(directory: Directory, destination: Destination): Row {
  const row = (to: string, number: string, name: string, type: string, external = ""): Row => ({
    To: to,
    Number: number,
    Name: name,
    Type: type,
    External: external,
    Tags: [],
  });
  switch (destination.to) {
    case "dn": {
      const dn = findDn(directory, destination.number);
      const type = peerType(dn?.kind);
      return row(type, destination.number, dn?.name ?? "", type);
    }
    case "voicemail": {
      const dn = findDn(directory, destination.of);
      return row("VoiceMail", destination.of, dn?.name ?? "", "Extension");
    }
    case "external":
      return row("External", "", "", "None", destination.number);
    case "end":
      return row("None", "", "", "None");
    default:
      return assertNever(destination);
  }
}

function member(directory: Directory, number: string, id: number): Row {
  return { Id: id, Number: number, Name: findDn(directory, number)?.name ?? "", Tags: [] };
}

export function userRow(directory: Directory, extension: Extension): Row {
  const noAnswer = destinationRow(directory, extension.onNoAnswer);
  return {
    Number: extension.number,
    FirstName: extension.firstName,
    LastName: extension.lastName,
    DisplayName: extensionName(extension),
    EmailAddress: extension.email,
    Mobile: extension.mobile,
    Enabled: true,
    Internal: false,
    IsRegistered: extension.devices.length > 0,
    CurrentProfileName: "Available",
    QueueStatus: "LoggedIn",
    OutboundCallerID: "",
    RecordCalls: extension.recordCalls,
    RecordExternalCallsOnly: false,
    VMEnabled: true,
    Language: "EN",
    AuthID: extension.number,
    SRTPMode: "SRTPDisabled",
    VMEmailOptions: "None",
    Phones: [],
    ForwardingExceptions: [],
    Greetings: [],
    ForwardingProfiles: [
      {
        Id: 1,
        Name: "Available",
        NoAnswerTimeout: extension.ringTimeoutMs / SECOND_MS,
        RingMyMobile: false,
        AcceptMultipleCalls: true,
        AvailableRoute: {
          NoAnswerAllCalls: extension.forwardAll === null,
          NoAnswerInternal: noAnswer,
          NoAnswerExternal: noAnswer,
          BusyInternal: noAnswer,
          BusyExternal: noAnswer,
          NotRegisteredInternal: noAnswer,
          NotRegisteredExternal: noAnswer,
        },
        AwayRoute: null,
      },
      {
        Id: 2,
        Name: "Away",
        AvailableRoute: null,
        AwayRoute: {
          Internal: { AllHoursInternal: true, Internal: forwardAll(directory, extension) },
          External: { AllHoursExternal: true, External: forwardAll(directory, extension) },
        },
      },
    ],
  };
}

function forwardAll(directory: Directory, extension: Extension): Row {
  return destinationRow(directory, extension.forwardAll ?? { to: "end" });
}

export function queueRow(directory: Directory, queue: Queue): Row {
  return {
    Number: queue.number,
    Name: queue.name,
    IsRegistered: true,
    PollingStrategy: queue.strategy,
    RingTimeout: queue.ringTimeoutMs / SECOND_MS,
    MasterTimeout: queue.masterTimeoutMs / SECOND_MS,
    MaxCallersInQueue: 0,
    SLATime: 0,
    WrapUpTime: 0,
    ForwardNoAnswer: destinationRow(directory, queue.onNoAnswer),
    Recording: "Disabled",
    CallbackEnableTime: queue.callback ? 1 : -1,
    CallbackPrefix: "",
    Agents: queue.agents.map((number, index) => ({
      ...member(directory, number, index + 1),
      SkillGroup: "1",
    })),
    Managers: [],
  };
}

export function ringGroupRow(directory: Directory, group: RingGroup): Row {
  return {
    Number: group.number,
    Name: group.name,
    IsRegistered: true,
    RingStrategy: group.strategy,
    RingTime: group.ringTimeMs / SECOND_MS,
    ForwardNoAnswer: destinationRow(directory, group.onNoAnswer),
    Members: group.members.map((number, index) => member(directory, number, index + 1)),
  };
}

/** An IVR's words for a destination differ from everybody else's: `IVRForwardType`. */
function ivrForward(directory: Directory, destination: Destination): [string, string, string] {
  switch (destination.to) {
    case "dn": {
      const type = peerType(findDn(directory, destination.number)?.kind);
      return [type, destination.number, type];
    }
    case "voicemail":
      return ["VoiceMail", destination.of, "Extension"];
    case "external":
      return ["CustomInput", destination.number, "None"];
    case "end":
      return ["EndCall", "", "None"];
    default:
      return assertNever(destination);
  }
}

export function receptionistRow(directory: Directory, ivr: Ivr): Row {
  const [type, dn, peer] = ivrForward(directory, ivr.onTimeout);
  return {
    Number: ivr.number,
    Name: ivr.name,
    IsRegistered: true,
    IVRType: "Default",
    Timeout: ivr.timeoutMs / SECOND_MS,
    TimeoutForwardType: type,
    TimeoutForwardDN: dn,
    TimeoutForwardPeerType: peer,
    PromptFilename: "",
    Forwards: Object.entries(ivr.options).map(([key, destination], index) => {
      const [ForwardType, ForwardDN, PeerType] = ivrForward(directory, destination);
      const Input = `Key${key}`;
      return { Id: index + 1, Input, ForwardType, ForwardDN, PeerType, CustomData: "" };
    }),
  };
}

export function trunkRow(directory: Directory, trunk: Trunk): Row {
  const rules = directory.inboundRules.filter((rule) => rule.trunk === trunk.number);
  return {
    Number: trunk.number,
    IsOnline: true,
    Direction: "Both",
    SimultaneousCalls: TRUNK_LINES,
    ExternalNumber: trunk.externalNumber,
    DidNumbers: rules.map((rule) => rule.did),
    AuthID: trunk.externalNumber,
    EnableInboundCalls: true,
    EnableOutboundCalls: true,
    Gateway: {
      Id: Number(trunk.number),
      Name: trunk.name,
      Host: "sip.provider.example",
      Type: "Provider",
      Lines: TRUNK_LINES,
    },
    RoutingRules: rules.map((rule) => inboundRuleRow(directory, rule)),
    ReceiveExtensions: [],
    EmergencyGeoLocations: [],
  };
}

export function inboundRuleRow(directory: Directory, rule: InboundRule): Row {
  const destination = destinationRow(directory, rule.destination);
  return {
    Id: rule.id,
    RuleName: rule.ruleName,
    Data: rule.did,
    Condition: "BasedOnDID",
    CallType: "AllCalls",
    CustomData: "",
    AlterDestinationDuringHolidays: false,
    AlterDestinationDuringOutOfOfficeHours: false,
    OfficeHoursDestination: destination,
    OutOfOfficeHoursDestination: destination,
    HolidaysDestination: destination,
    TrunkDN: { Number: rule.trunk },
  };
}

export function servicePrincipalRow(client: ApiClient): Row {
  return {
    Number: client.clientId,
    CallControlEnabled: client.callControl,
    XAPIEnabled: client.xapi,
    MyPhoneEnabled: false,
    IsSystem: false,
    Peers: client.monitored.map((number) => ({ Number: number })),
  };
}

export const HIDDEN_PEERS: readonly Row[] = [
  { Number: VOICEMAIL_MENU, Name: "Voicemail menu", Type: "SpecialMenu" },
  { Number: CONFERENCE, Name: "Conference", Type: "Conference" },
];
