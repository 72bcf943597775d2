/**
 * The payloads of 2022 and 2023, which profile `classic` follows.
 */
import { answered, dialing, ended, missed, recorded, ringing } from "../callEvents.ts";
import { type Article, type DocumentedPayload, departed, excerpt, fileOf, row } from "./payload.ts";

const number = "420774852629";
const didName = "DID-420222000320";
const didField = `did=${didName}`;
const incoming = { callerid: number, did: didName } as const;
const outgoing = { direction: "outgoing", callerid: number } as const;
const ivr = { user: "800", userKind: "ivr" } as const;
const queue = { user: "804", userKind: "queue" } as const;

// ---- 2023, the POST table ----
const post2023: Article = { source: "2023, POST", profile: "classic", method: "POST" };
const postCall = { ...incoming, id: "230115121143_9-0" } as const;
const postTalk = { ...incoming, id: "230115121143_9-1" } as const;
const postRinging = (user: string, usertype: string, link: number) =>
  `event=ringing&callerid=${number}&user=${user}&usertype=${usertype}` +
  `&${didField}&id=230115121143_9-${link}`;
const postAnswered =
  `callerid=${number}&event=hangupincoming&user=102&usertype=ext` +
  `&${didField}&trtype=NotDef&id=230115121143_9-1`;
const postAnswerTitle = `title=${didName}:Answered call from ${number} (0:07)&id=230115121143_9-1`;
const postEnded =
  `event=incoming&callerid=${number}&user=102&usertype=ext&finishtype=Ok&transfer=False` +
  `&${didField}&${postAnswerTitle}`;
const postOutEnd =
  `event=outgoing&callerid=${number}&user=102&finishtype=Ok&transfer=False&did=` +
  `&title=Successful call to ${number} (0:11)&id=230128205250_5-1`;

const rows2023Post: readonly DocumentedPayload[] = [
  row(
    post2023,
    "ringing at the IVR",
    postRinging("800", "other", 1),
    ringing({ ...postCall, ...ivr }),
    departed(postRinging("800", "other", 0), "link"),
  ),
  row(
    post2023,
    "ringing at the queue",
    postRinging("804", "other", 1),
    ringing({ ...postCall, ...queue }),
    departed(postRinging("804", "queue", 0), "link", "usertype"),
  ),
  row(
    post2023,
    "ringing at the extension",
    postRinging("102", "other", 1),
    ringing(postCall),
    departed(postRinging("102", "ext", 0), "link", "usertype"),
  ),
  row(
    post2023,
    "incoming call answered",
    `event=hangupincoming&callerid=${number}&user=102&usertype=other&${didField}` +
      "&id=230115121143_9-1",
    answered(postTalk),
    departed(postAnswered, "order", "usertype", "trtypeFinishtype"),
  ),
  row(
    post2023,
    "incoming call ended",
    `event=incoming&callerid=${number}&user=102&usertype=other&transfer=False` +
      `&${didField}&${postAnswerTitle}`,
    ended(postTalk),
    departed(postEnded, "usertype", "trtypeFinishtype"),
  ),
  row(
    post2023,
    "recording of an incoming call",
    `event=incoming&callerid=${number}&user=102&finishtype=OK&transfer=false&did=empty` +
      `&title=Successful call to ${number} (0:07)&id=230115121143_9-1&FILES`,
    recorded(ended(postTalk)),
    departed(`FILES=${fileOf("230115121143_9-1")}&${postEnded}`, "recording", "usertype"),
  ),
  row(
    post2023,
    "incoming call missed",
    `event=incoming&callerid=${number}&user=102&finishtype=Missed&transfer=False&${didField}` +
      "&title=DID-74994041720:Missed call by User 102 from 74953836874&id=230115121143_9-1",
    missed(postCall),
    departed(
      `event=incoming&callerid=${number}&user=102&usertype=ext&finishtype=Missed&transfer=False` +
        `&${didField}&title=${didName}:Missed call by User 102 from ${number}` +
        "&id=230115121143_9-0",
      "usertype",
      "link",
      "missedTitle",
    ),
  ),
  row(
    post2023,
    "dialing",
    `event=dialing&callerid=${number}&user=102&id=230128205250_5-0`,
    dialing({ ...outgoing, id: "230128205250_5-0" }),
  ),
  row(
    post2023,
    "outgoing call answered",
    `callerid=${number}&event=hangupoutgoing&user=102&did=&trtype=NotDef&id=230128205250_5-1`,
    answered({ ...outgoing, id: "230128205250_5-1" }),
  ),
  row(
    post2023,
    "outgoing call ended",
    postOutEnd,
    ended({ ...outgoing, id: "230128205250_5-1", talkMs: 11_400 }),
  ),
  row(
    post2023,
    "recording of an outgoing call",
    `FILES&${postOutEnd}`,
    recorded(ended({ ...outgoing, id: "230128205250_5-1", talkMs: 11_400 })),
  ),
  row(
    post2023,
    "dialing in vain",
    `event=dialing&callerid=${number}&user=102&id=230128195546_4-0`,
    dialing({ ...outgoing, id: "230128195546_4-0" }),
  ),
  row(
    post2023,
    "outgoing call unanswered",
    `event=outgoing&callerid=${number}&user=102&finishtype=Missed&transfer=False&did=` +
      `&title=Unanswered call to ${number}&id=230128195546_4-0`,
    missed({ ...outgoing, id: "230128195546_4-0" }),
  ),
];

// ---- The integrator's copy of that table: usertype is true, but a blank stands before it ----
const integrator: Article = { source: "integrator's copy", profile: "classic", method: "POST" };
const rowsIntegrator: readonly DocumentedPayload[] = [
  row(
    integrator,
    "ringing at the IVR",
    postRinging("800", "other", 1),
    ringing({ ...postCall, ...ivr }),
    departed(postRinging("800", "other", 0), "link"),
  ),
  row(
    integrator,
    "ringing at the queue",
    postRinging("804", " queue", 1),
    ringing({ ...postCall, ...queue }),
    departed(postRinging("804", "queue", 0), "link", "usertype"),
  ),
  row(
    integrator,
    "ringing at the extension",
    postRinging("102", " ext", 1),
    ringing(postCall),
    departed(postRinging("102", "ext", 0), "link", "usertype"),
  ),
  row(
    integrator,
    "incoming call answered",
    `event=hangupincoming&callerid=${number}&user=102&usertype= ext&${didField}` +
      "&id=230115121143_9-1",
    answered(postTalk),
    departed(postAnswered, "order", "usertype", "trtypeFinishtype"),
  ),
  row(
    integrator,
    "incoming call ended",
    `event=incoming&callerid=${number}&user=102&usertype= ext&transfer=False` +
      `&${didField}&${postAnswerTitle}`,
    ended(postTalk),
    departed(postEnded, "usertype", "trtypeFinishtype"),
  ),
];

// ---- 2023, the GET table, and earlier ----
const get2023: Article = { source: "2023, GET", profile: "classic", method: "GET" };
const getCall = { ...incoming, id: "230102104542_15-0" } as const;
const getTalk = { ...incoming, id: "230102104542_15-1" } as const;
const getRinging = (user: string, usertype: string) =>
  `event=ringing&callerid=${number}&user=${user}&usertype=${usertype}` +
  `&${didField}&id=230102104542_15-0`;
const rows2023Get: readonly DocumentedPayload[] = [
  row(get2023, "ringing at the IVR", getRinging("800", "other"), ringing({ ...getCall, ...ivr })),
  row(
    get2023,
    "ringing at the queue",
    getRinging("804", "queue"),
    ringing({ ...getCall, ...queue }),
  ),
  row(get2023, "ringing at the extension", getRinging("102", "ext"), ringing(getCall)),
  row(
    get2023,
    "incoming call answered",
    `event=hangupincoming&callerid=${number}&user=102&${didField}&trtype=NotDef` +
      "&id=230102104542_15-1",
    answered(getTalk),
  ),
  row(
    get2023,
    "incoming call ended",
    `event=incoming&callerid=${number}&user=102&finishtype=Ok&transfer=False&${didField}` +
      `&title=${didName}:Answered call from ${number} (0:07)&id=230102104542_15-1`,
    ended(getTalk),
  ),
  excerpt(get2023, "recording, a POST in this scheme too", "FILES", recorded(ended(getTalk))),
  row(
    get2023,
    "incoming call missed",
    `event=incoming&callerid=${number}&user=804&finishtype=Missed&transfer=False&${didField}` +
      `&title=${didName}:Missed call by queue 804 from ${number}&id=230102154720_16-0`,
    missed({ ...incoming, ...queue, id: "230102154720_16-0" }),
  ),
  row(
    get2023,
    "dialing",
    `event=dialing&callerid=${number}&user=102&id=230102184431_17-0`,
    dialing({ ...outgoing, id: "230102184431_17-0" }),
  ),
  row(
    get2023,
    "outgoing call answered",
    `event=hangupoutgoing&callerid=${number}&user=102&did=&trtype=NotDef&id=230102185935_18-1`,
    answered({ ...outgoing, id: "230102185935_18-1" }),
  ),
  row(
    get2023,
    "outgoing call ended",
    `event=outgoing&callerid=${number}&user=102&finishtype=Ok&transfer=False&did=` +
      `&title=Successful call to ${number} (0:06)&id=230102185935_18-1`,
    ended({ ...outgoing, id: "230102185935_18-1", talkMs: 6_999 }),
  ),
  row(
    get2023,
    "outgoing call unanswered",
    `event=outgoing&callerid=${number}&user=102&finishtype=Missed&transfer=False&did=` +
      `&title=Unanswered call to ${number}&id=230102184431_17-0`,
    missed({ ...outgoing, id: "230102184431_17-0" }),
  ),
];

const get2022: Article = { source: "2022, GET captures", profile: "classic", method: "GET" };
const prague = { callerid: number, user: "106", did: "PragueDID" } as const;
const rows2022Get: readonly DocumentedPayload[] = [
  row(
    get2022,
    "ringing",
    `event=ringing&callerid=${number}&user=106&usertype=other&did=PragueDID&id=211230100614_665-0`,
    ringing({ ...prague, userKind: "ringgroup", id: "211230100614_665-0" }),
  ),
  row(
    get2022,
    "incoming call answered",
    `callerid=${number}&event=hangupincoming&user=106&did=PragueDID&trtype=NotDef` +
      "&id=220106205945_755-1",
    answered({ ...prague, id: "220106205945_755-1" }),
    departed(
      `event=hangupincoming&callerid=${number}&user=106&did=PragueDID&trtype=NotDef` +
        "&id=220106205945_755-1",
      "order",
    ),
  ),
];

const product2022: Article = { source: "2022, product page", profile: "classic", method: "POST" };
const rows2022Post: readonly DocumentedPayload[] = [
  excerpt(
    product2022,
    "ringing at the IVR",
    "event=ringing&id=220726165956_2-0",
    ringing({ ...incoming, ...ivr, id: "220726165956_2-0" }),
  ),
];

export const classicPayloads: readonly DocumentedPayload[] = [
  ...rows2023Post,
  ...rowsIntegrator,
  ...rows2023Get,
  ...rows2022Get,
  ...rows2022Post,
];
