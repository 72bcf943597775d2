/**
 * The shapes of a 3CX V20 on the wire, written down from the public facts alone and on purpose apart from
 * `src`: a stand-in that shared its types with the program could share its mistakes too.
 */

/** A leg, with the 18 fields and in the order of the PBX. Absent values are "" and type "None". */
export interface Participant {
  readonly id: number;
  readonly status: "Dialing" | "Ringing" | "Connected" | "Hold" | "Held";
  readonly dn: string;
  readonly party_caller_name: string;
  readonly party_dn: string;
  readonly party_caller_id: string;
  readonly party_did: string;
  readonly device_id: string;
  readonly party_dn_type: string;
  readonly direct_control: boolean;
  readonly originated_by_dn: string;
  readonly originated_by_type: string;
  readonly referred_by_dn: string;
  readonly referred_by_type: string;
  readonly on_behalf_of_dn: string;
  readonly on_behalf_of_type: string;
  readonly callid: number;
  readonly legid: number;
}

/** A row of XAPI's list of active calls: one for each call, gone when the call is over. */
export interface ActiveCallRow {
  readonly Id: number;
  readonly Caller: string;
  readonly Callee: string;
  readonly Status: "Initiating" | "Routing" | "Talking" | "Transferring" | "Rerouting";
  readonly LastChangeStatus: string;
  readonly EstablishedAt: string;
  readonly ServerNow: string;
}

export const noParty = {
  party_caller_name: "",
  party_dn: "",
  party_caller_id: "",
  party_did: "",
  party_dn_type: "None",
};

export function participant(
  dn: string,
  id: number,
  said: Partial<Participant> & Pick<Participant, "status" | "callid">,
): Participant {
  return {
    id,
    dn,
    ...noParty,
    device_id: `sip:${dn}@127.0.0.1:5483`,
    direct_control: false,
    originated_by_dn: "",
    originated_by_type: "None",
    referred_by_dn: "",
    referred_by_type: "None",
    on_behalf_of_dn: "",
    on_behalf_of_type: "None",
    legid: 1,
    ...said,
  };
}

/** The PBX of all tests: who is who, and which DID is routed by which rule. */
export const typeOfDn: Readonly<Record<string, string>> = {
  offhook: "Wroutepoint",
  "101": "Wextension",
  "102": "Wextension",
  "103": "Wextension",
  "800": "Wqueue",
  "801": "Wivr",
  "820": "Wringgroup",
};

export const nameOfDn: Readonly<Record<string, string>> = {
  "101": "Svoboda Petr",
  "102": "Dvořák Jan",
  "103": "Černá Eva",
  "800": "Podpora",
  "801": "Hlavní menu",
  "820": "Obchod",
  "10007": "MyTrunk",
  "10008": "Second line",
};

const peer = (Id: number, dn: string, Type: string) => ({
  Id,
  Number: dn,
  Name: nameOfDn[dn] ?? dn,
  Type,
  Hidden: false,
});

/** Trunk 10007 has two rules, one of them without a name; 10008 has one. */
const rules = [
  { Id: 61, RuleName: "Praha & Brno: ústředna", Data: "420222000100", trunk: "10007" },
  { Id: 62, RuleName: "", Data: "420222000200", trunk: "10007" },
  { Id: 63, RuleName: "DID Serbia 021 3220 030", Data: "381213220030", trunk: "10008" },
];
const trunkPeers = [peer(7, "10007", "ExternalLine"), peer(8, "10008", "ExternalLine")];
const inboundRule = ({ trunk, ...rule }: (typeof rules)[number]) => ({
  ...rule,
  Condition: "BasedOnDID",
  CallType: "AllCalls",
  TrunkDN: trunkPeers.find((each) => each.Number === trunk),
});

/** XAPI set → rows. */
export const directoryRows: Readonly<Record<string, readonly object[]>> = {
  Peers: [
    peer(1, "101", "Extension"),
    peer(2, "102", "Extension"),
    peer(3, "103", "Extension"),
    peer(4, "800", "Queue"),
    peer(5, "801", "IVR"),
    peer(6, "820", "RingGroup"),
    ...trunkPeers,
  ],
  Users: [
    { Id: 1, Number: "101", FirstName: "Petr", LastName: "Svoboda", DisplayName: "Svoboda Petr" },
    { Id: 2, Number: "102", FirstName: "Jan", LastName: "Dvořák", DisplayName: "Dvořák Jan" },
    { Id: 3, Number: "103", FirstName: "Eva", LastName: "Černá", DisplayName: "Černá Eva" },
  ],
  Queues: [{ Id: 4, Number: "800", Name: "Podpora", PollingStrategy: "RingAll" }],
  Receptionists: [{ Id: 5, Number: "801", Name: "Hlavní menu", IVRType: "Default" }],
  RingGroups: [{ Id: 6, Number: "820", Name: "Obchod", RingStrategy: "RingAll" }],
  Trunks: trunkPeers.map(({ Id, Name, Number: dn }) => {
    const own = rules.filter(({ trunk }) => trunk === dn);
    return {
      Id,
      Number: dn,
      IsOnline: true,
      Direction: "Both",
      DidNumbers: own.map(({ Data }) => Data),
      Gateway: { Id, Name, Type: "Provider" },
      RoutingRules: own.map(inboundRule),
    };
  }),
  InboundRules: rules.map(inboundRule),
  DidNumbers: rules.map((rule) => ({
    Number: rule.Data,
    TrunkId: rule.trunk === "10007" ? 7 : 8,
    RoutingRule: inboundRule(rule),
  })),
};
