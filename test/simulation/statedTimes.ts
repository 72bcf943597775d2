/** Times that the tracker's SPEC.md states, written anew: the oracle shares no code with the tracker. */

/** Without the list of active calls, a call without a visible leg is over after this (R17). */
export const graceMs = 2_000;
/** One that the list has named before, after this (R17). */
export const listedGraceMs = 60_000;
/** The list may lag so long behind the legs (R18). */
export const listLagMs = 300;
/** It may not name a call yet so long after that began (R16). */
export const listLateMs = 1_000;
/** How exact the times of the list are (SPEC.md). */
export const listTimeMs = 2_000;
/** A place where the call was before must be named by the list for so long (R15). */
export const listInsistsMs = 5_000;
/** A number that is not told is waited for (R4). */
export const numberHoldMs = 200;
/** A call missed at a queue that offers call-backs waits so long for word of an order (R32). */
export const callbackHoldMs = 3_000;
/** Who hands over without waiting for an answer is gone so soon after it has begun (R31, G1). */
export const leaveWithMs = 100;
/** Without the list, a user who left has passed the call on if it goes on so much later (R31). */
export const leaveHoldMs = 1_000;
/** An attempt to hand over that offers the call to nobody for this time has failed (R13). */
export const attemptFollowMs = 1_000;
/** A phone that was rung with who answered, and shows so much later, is no hand-over (R12). */
export const lateLoserMs = 2_000;
/** A call that looked over for longer is another call when it comes back (`overKeptMs`). */
export const rememberedMs = 60_000;

/** After the end of a consultation a join shows within this time (R14). */
export const joinMsMax = 2_000;

/** A call that ended unseen is looked for in the log at once, and again after 2 s, 15 s more and 45 s more (R19). */
export const logLooksMs = 62_000;
/** The log of a blind stretch is read from so long before its beginning was noticed (service.ts). */
export const logReachMs = 30_000;
