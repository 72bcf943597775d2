/** The live PBX. (First cut of the types: what XAPI reads.) */
import type { Directory } from "./directory.ts";
import type { Call, PbxEvent } from "./model.ts";
import type { Settings } from "./settings.ts";

/** One row of `ActiveCalls`, in the PBX's own words. */
export interface ActiveCallRow {
  readonly id: number;
  /** `10007 MyTrunk (420777000001)`, `101 Eva Malá`, `MakeCall`. */
  readonly caller: string;
  readonly callee: string;
  readonly status: string;
  readonly establishedAt: number;
  readonly changedAt: number;
}

/** What a makecall or an action came to; the wire's `finalstatus` and `reason`. */
export interface ActionResult {
  readonly finalstatus: "Success" | "Rejected" | "Failed";
  readonly reason: string;
  readonly reasontext: string;
  /** The leg that was made, if the PBX tells. */
  readonly legId: number | null;
  /** HTTP status: 200, 202, 404, 422 or 424. */
  readonly status: number;
}

export interface Pbx {
  readonly directory: Directory;
  readonly settings: Settings;
  calls(): readonly Call[];
  /** Ended calls, oldest first, at most `MAX_ENDED_CALLS`; legs with times and reasons. */
  endedCalls(): readonly Call[];
  activeCalls(): ActiveCallRow[];
  /** Ends a call (XAPI DropCall); false = no such call. */
  dropCall(callid: number): boolean;
  makeCall(dn: string, destination: string, deviceId?: string): ActionResult;
  on(listener: (event: PbxEvent) => void): () => void;
}
