/**
 * The payloads of 2024 and 2025, which profile `current` follows, and the look-alike's.
 */
import { answered, ended, missed, recorded, ringing, transcribed } from "../callEvents.ts";
import { type Article, type DocumentedPayload, departed, excerpt, fileOf, row } from "./payload.ts";

const number = "420774852629";
const didName = "DID-420222000320";
const didField = `did=${didName}`;
const incoming = { callerid: number, did: didName } as const;

// ---- 2024 and 2025: pickup for hangup, then more and more after the id ----
const post2024: Article = { source: "2024-07", profile: "current", method: "POST" };
const july = {
  id: "240729145056_39-1",
  callerid: "381629759787",
  callStartedAt: Date.UTC(2024, 6, 29, 12, 50, 56),
} as const;
const rows2024: readonly DocumentedPayload[] = [
  excerpt(post2024, "ringing", "event=ringing", ringing(incoming)),
  excerpt(post2024, "incoming call answered", "event=pickupincoming", answered(incoming)),
  excerpt(post2024, "incoming call ended", "event=incoming&transfer&breakside", ended(incoming)),
  row(
    post2024,
    "recording",
    "FILES&event=incoming&callerid=381629759787&user=102&finishtype=Ok&transfer=False" +
      `&breakside=External&${didField}&title=Answered call from 381629759787 (0:43)` +
      "&id=240729145056_39-1",
    recorded(ended({ ...incoming, ...july, talkMs: 43_000 })),
    departed(
      `FILES=${fileOf(july.id)}&event=incoming&callerid=${july.callerid}&user=102&finishtype=Ok` +
        `&transfer=False&breakside=External&${didField}` +
        `&title=${didName}:Answered call from ${july.callerid} (0:43)&id=${july.id}` +
        "&chid=00000000-01da-e1b5-f402-b80000000027&inbound_did=&sip_displayname=&phonebook=" +
        "&call_id1=&call_id2=&termination_reason_details=&source_presentation=",
      "recording",
      "unknown",
    ),
  ),
  row(
    post2024,
    "transcript",
    "event=ai&id=240729145056_39-1&summary&transcription=Beep. Beep.&sentiment_score=5",
    transcribed({ ...july, transcription: "Beep. Beep.", sentimentScore: "5" }),
  ),
];

const details = "chid&inbound_did&sip_displayname&phonebook";
const post2025March: Article = { source: "2025-03", profile: "current", method: "POST" };
/** The one instant that the article's old chid holds. */
const marchStart = Date.parse("2025-03-03T09:20:17.853Z");
const march = { id: "250303102017_9-0", callStartedAt: marchStart } as const;
const rows2025March: readonly DocumentedPayload[] = [
  excerpt(
    post2025March,
    "ringing at the IVR",
    "event=ringing&callerid&user=809&usertype=other&did&id=250303102017_9-0" +
      "&chid=bdc7048c2c0c0000_9&inbound_did&sip_displayname&phonebook",
    ringing({ ...march, user: "809", userKind: "ivr" }),
    departed(
      `event=ringing&callerid=${number}&user=809&usertype=other&did=&id=250303102017_9-0` +
        "&chid=00000000-01db-8c1d-7aba-46d000000009&inbound_did=&sip_displayname=&phonebook=" +
        "&call_id1=&call_id2=",
      "chid",
    ),
  ),
  excerpt(
    post2025March,
    "ringing at the queue",
    `event=ringing&callerid&user=801&usertype=queue&did&id&${details}`,
    ringing({ ...march, user: "801", userKind: "queue" }),
  ),
  excerpt(
    post2025March,
    "ringing at the extension",
    `event=ringing&callerid&user=102&usertype=ext&did&id&${details}`,
    ringing(march),
  ),
];

const post2025: Article = { source: "2025-09", profile: "current", method: "POST" };
const serbia = "DID Serbia 021 3220 030";
const mobile = "381629759787";
const calls = "call_id1&call_id2";
const endDetails = "termination_reason_details&source_presentation";
const september = {
  callerid: mobile,
  did: serbia,
  didNumber: "381213220030",
  displayName: mobile,
  id: "250917161728_41-0",
  callStartedAt: Date.parse("2025-09-17T14:17:28.715Z"),
} as const;
const septemberOut = { direction: "outgoing", callerid: mobile, user: "105" } as const;
const septemberChid = "chid=00000000-01dc-27dd-cc8a-65b000000029";
const septemberDetails = `inbound_did=381213220030&sip_displayname=${mobile}`;
const rows2025September: readonly DocumentedPayload[] = [
  excerpt(
    post2025,
    "ringing at the IVR",
    `event=ringing&callerid=${mobile}&user=809&usertype=other&did=${serbia}&id=250917161728_41-0` +
      `&chid=00000000-01dc-27dd-cc8a-799100000029&${septemberDetails}` +
      "&phonebook=Smith, John&call_id1&call_id2=",
    ringing({ ...september, user: "809", userKind: "ivr" }),
    departed(
      `event=ringing&callerid=${mobile}&user=809&usertype=other&did=${serbia}` +
        `&id=250917161728_41-0&${septemberChid}&${septemberDetails}` +
        "&phonebook=&call_id1=&call_id2=",
      "chid",
      "unknown",
    ),
  ),
  excerpt(
    post2025,
    "ringing at the queue",
    "event=ringing&user=812&usertype=other",
    ringing({ ...september, user: "812", userKind: "queue" }),
    departed(
      `event=ringing&callerid=${mobile}&user=812&usertype=queue&did=${serbia}` +
        `&id=250917161728_41-0&${septemberChid}&${septemberDetails}` +
        "&phonebook=&call_id1=&call_id2=",
      "usertype",
    ),
  ),
  row(
    post2025,
    "incoming call answered",
    `callerid&event=pickupincoming&user=105&did&trtype=NotDef&id=250917190514_45-1` +
      `&${details}&${calls}`,
    answered({ ...september, user: "105", id: "250917190514_45-1" }),
  ),
  row(
    post2025,
    "outgoing call answered",
    `callerid&event=pickupoutgoing&user=105&did=&trtype=NotDef&id=250917195359_47-1` +
      `&chid&inbound_did=&sip_displayname=&phonebook=&${calls}`,
    answered({ ...septemberOut, id: "250917195359_47-1" }),
  ),
  row(
    post2025,
    "incoming call missed",
    `event=incoming&callerid=${mobile}&user=809&finishtype=Missed&transfer=False&breakside=Undef` +
      `&did=${serbia}&title=${serbia}:Missed call  by IVR 809 from ${mobile}` +
      `&id=250917161728_41-0&${details}&${calls}` +
      `&termination_reason_details=by_did&source_presentation=Smith, John:${serbia}`,
    missed({ ...september, user: "809", userKind: "ivr" }),
    departed(
      `event=incoming&callerid=${mobile}&user=809&finishtype=Missed&transfer=False` +
        `&breakside=Undef&did=${serbia}&title=${serbia}:Missed call by IVR 809 from ${mobile}` +
        `&id=250917161728_41-0&${septemberChid}&${septemberDetails}&phonebook=` +
        "&call_id1=&call_id2=&termination_reason_details=&source_presentation=",
      "title",
      "unknown",
    ),
  ),
  row(
    post2025,
    "outgoing call declined",
    `event=outgoing&callerid=${mobile}&user=105&finishtype=Missed&transfer=False&breakside=Undef` +
      `&did=&title=Unanswered call to ${mobile}&id=250917194513_46-0&chid&inbound_did=${mobile}` +
      `&sip_displayname=&phonebook=&${calls}` +
      "&termination_reason_details=declined&source_presentation=381213220030",
    missed({ ...septemberOut, id: "250917194513_46-0", callStartedAt: 0 }),
    departed(
      `event=outgoing&callerid=${mobile}&user=105&finishtype=Missed&transfer=False` +
        `&breakside=Undef&did=&title=Unanswered call to ${mobile}&id=250917194513_46-0` +
        `&chid=00000000-019d-b1de-d53e-80000000002e&inbound_did=${mobile}` +
        "&sip_displayname=&phonebook=&call_id1=&call_id2=" +
        "&termination_reason_details=&source_presentation=",
      "unknown",
    ),
  ),
  excerpt(
    post2025,
    "recording of an outgoing call",
    `FILES&event=outgoing&callerid=${mobile}&user=105&finishtype=Ok&transfer=False` +
      `&breakside=Internal&did=&title=Successful call to ${mobile} (0:05)&id=250917195359_47-1` +
      `&${details}&${calls}&${endDetails}`,
    recorded(
      ended({ ...septemberOut, id: "250917195359_47-1", talkMs: 5_000, breakSide: "Internal" }),
    ),
  ),
];

// ---- The look-alike ----
const lookAlike: Article = { source: "the look-alike's page", profile: "k2m", method: "POST" };
const caller = { callerid: "05552221133", user: "202" } as const;
const k2mRinging = (user: string, usertype: string) =>
  `Event=ringing&Callerid=05552221133&User=${user}&Usertype=${usertype}&Did=` +
  "&Id=230307114903_10-0";
const rowsK2m: readonly DocumentedPayload[] = [
  row(
    lookAlike,
    "ringing at the IVR",
    k2mRinging("800", "other"),
    ringing({ ...caller, user: "800", userKind: "ivr", id: "230307114903_10-0" }),
  ),
  row(
    lookAlike,
    "ringing at the queue",
    k2mRinging("820", "queue"),
    ringing({ ...caller, user: "820", userKind: "queue", id: "230307114903_10-0" }),
  ),
  row(
    lookAlike,
    "ringing at the extension",
    k2mRinging("202", "ext"),
    ringing({ ...caller, id: "230307114903_10-0" }),
  ),
  row(
    lookAlike,
    "incoming call answered",
    "Event=incomingcall_started&Callerid&User=202&Trtype=NotDef&Did=&Id=230307114903_10-1",
    answered({ ...caller, id: "230307114903_10-1" }),
  ),
  row(
    lookAlike,
    "answered after an attended transfer",
    "Event=incomingcall_started&Callerid&User=204&Trtype=Attended&Did&Id",
    answered({ ...caller, user: "204", transferType: "Accomp", id: "230307114903_10-2" }),
  ),
  row(
    lookAlike,
    "incoming call ended",
    "Event=incoming&Callerid&User&Finishtype=Ok&Transfer=False&Did=&Duration=00:06" +
      "&Id=230307140234_35-1",
    ended({ ...caller, id: "230307140234_35-1", talkMs: 6_200 }),
  ),
  row(
    lookAlike,
    "recording",
    "Event=recording&FileUrls&Callerid&User&Id",
    recorded(ended({ ...caller, id: "230307140234_35-1" })),
  ),
];

export const laterPayloads: readonly DocumentedPayload[] = [
  ...rows2024,
  ...rows2025March,
  ...rows2025September,
  ...rowsK2m,
];
