/**
 * What a 3CX V20 puts on the wire (Call Control API and the XAPI parts that we read), field by field, as documented.
 * Types only: shared by the source, which trusts nothing and parses everything, and by the simulator, which writes it.
 */

/** A leg, 18 fields. Absent values are "" and type "None". */
export interface WireParticipant {
  id: number;
  status: string;
  dn: string;
  party_caller_name: string;
  party_dn: string;
  party_caller_id: string;
  party_did: string;
  device_id: string;
  party_dn_type: string;
  direct_control: boolean;
  originated_by_dn: string;
  originated_by_type: string;
  referred_by_dn: string;
  referred_by_type: string;
  on_behalf_of_dn: string;
  on_behalf_of_type: string;
  callid: number;
  legid: number;
}

export interface WireDevice {
  dn: string;
  device_id: string;
  user_agent: string;
}

/** One entry of `GET /callcontrol`. */
export interface WireDnInfo {
  dn: string;
  type: string;
  devices: WireDevice[];
  participants: WireParticipant[];
}

/** One WebSocket frame. `event_type`: 0 Upsert, 1 Remove, 2 DTMF, 3 prompt finished, 4 response. */
export interface WireFrame {
  sequence: number;
  event: { event_type: number; entity: string; attached_data: unknown };
}

/** One row of XAPI `ActiveCalls`. Times ISO 8601 UTC. */
export interface WireActiveCall {
  Id: number;
  Caller?: string;
  Callee?: string;
  Status?: string;
  LastChangeStatus?: string;
  EstablishedAt?: string;
  ServerNow?: string;
}
