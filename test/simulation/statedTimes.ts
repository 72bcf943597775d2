/** Times that the tracker's SPEC.md states, written anew: the oracle shares no code with the tracker. */

/** Without the list of active calls, a call without a visible leg is over after this (R17). */
export const graceMs = 2_000;
/** One that the list has named before, after this (R17). */
export const listedGraceMs = 60_000;
/** The list may lag so long behind the legs (R18). */
export const listLagMs = 300;
/** At most so long: whether it names a call yet (R16), or still has one where it was (R15f, R18). */
export const listLateMs = 1_000;
/** The first pause after which a list that names a hidden call is asked again (`lookAgainMs`). */
export const firstLookMs = 50;
/** Then it is asked after twice as long each time, and this. */
export const lookApartMs = 100;
/** Its looks come at 0.7 and 1.55 s: the first that counts, after `listLateMs`, so much later. */
export const lateLookMs = 550;
/** It is the sixth, with the one at once. */
export const lateLooks = 6;
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
/** Only for so long, if a conversation that we saw begin is open (R19). */
export const talkLogMs = 17_000;
/** The log of a blind stretch is read from so long before its beginning was noticed (service.ts). */
export const logReachMs = 30_000;
