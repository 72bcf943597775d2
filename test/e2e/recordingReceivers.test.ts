/**
 * Who is told of a recording on the built program, and in which words: profiles, schemes, further endpoints, several
 * PBXs, and those who ask for word when there is none or for what was said (docs/contract.md §5-§8).
 */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { field, fieldsOf, fieldsOfBody } from "../support/receiverWebhook.ts";
import {
  announcedIn,
  expectFetched,
  filesIn,
  hooksOf,
  nameIn,
  type RecordingRig,
  record,
  recordingRig,
  startWith,
  type Talk,
  talked,
  untilAnnounced,
} from "../support/recordingRig.ts";
import { clientId, clientSecret, StandIn } from "../support/standIn.ts";
import { plainHabits, StandInCall } from "../support/standInCall.ts";

let made: RecordingRig;
beforeEach(async () => {
  made = await recordingRig();
});
afterEach(() => expectFetched(made));

const start = (...more: string[]) => startWith(made, more);
const hooks = () => hooksOf(made);

const schemes = ["classic", "current", "k2m"].flatMap((profile) =>
  [1, 0].flatMap((post) => [1, 0].map((full) => ({ profile, post, full }))),
);
const nameOf = ({ profile, post, full }: (typeof schemes)[number]) => `${profile}-${post}-${full}`;

describe("the body", () => {
  it("is each profile's, in either scheme, with or without the end event's fields", async () => {
    const { url } = made.receiver;
    await start(
      ...schemes.flatMap((scheme) => [
        `[endpoint.${nameOf(scheme)}]`,
        `URL = ${url}/${nameOf(scheme)}/hook`,
        `RECORDING_URL = ${url}/${nameOf(scheme)}/rec`,
        `PROFILE = ${scheme.profile}`,
        `POST = ${scheme.post}`,
        `RECORDING_FULL_INFO = ${scheme.full}`,
      ]),
    );
    const tone = record(made.pbx, await talked(made.incoming(1), "101", "4207771"));
    const isTold = (scheme: (typeof schemes)[number]) =>
      made.receiver.at(`/${nameOf(scheme)}/rec`).length > 0;
    await made.receiver.until(() => schemes.every(isTold), "a recording at every endpoint");
    for (const scheme of schemes) {
      const path = `/${nameOf(scheme)}`;
      const [webhook] = made.receiver.at(`${path}/rec`);
      const end = made.receiver.at(`${path}/hook`).at(-1);
      if (!webhook || !end) throw new Error(`Expected an end and a recording at ${path}.`);
      expect(webhook.method).toBe("POST");
      expect(webhook.headers["content-type"]).toMatch(/^application\/json/);
      expect(announcedIn(made, `${path}/rec`)).toEqual([`1-1-1 ${tone}`]);
      expect(fieldsOfBody(webhook.body), nameOf(scheme)).toEqual(bodyOf(scheme, webhook.body, end));
    }
  });

  function bodyOf(
    { profile, full }: (typeof schemes)[number],
    body: string,
    end: Parameters<typeof fieldsOf>[0],
  ) {
    const files = filesIn(body);
    if (profile !== "k2m") return [["FILES", files], ...(full === 1 ? fieldsOf(end) : [])];
    if (full === 0) return [["FileUrls", files]];
    return [
      ["Event", "recording"],
      ["FileUrls", files],
      ...["callerid", "user", "id"].map((name) => [
        `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        field(end, name),
      ]),
    ];
  }
});

describe("who is told", () => {
  it("follows the end event: listed users at the second pair, others at the first, all at the mirror", async () => {
    const { url } = made.receiver;
    await made.installation.put("Users.csv", "102\n103,section\n");
    await start(
      ...hooks(),
      `WEBHOOK_URL_2 = ${url}/hook2`,
      `WEBHOOK_POST_URL_2 = ${url}/rec2`,
      `WEBHOOK_POST_URL_MONITOR = ${url}/mirror`,
      "[endpoint.section]",
      `RECORDING_URL = ${url}/section`,
    );
    const tones = new Map<string, number>();
    for (const [callid, dn] of [
      [1, "101"],
      [2, "102"],
      [3, "103"],
    ] as const) {
      tones.set(dn, record(made.pbx, await talked(made.incoming(callid), dn, `420777${callid}`)));
    }
    await untilAnnounced(made, 3, "/mirror");
    const places = { "101": "/rec", "102": "/rec2", "103": "/section" } as const;
    for (const [dn, path] of Object.entries(places)) {
      await untilAnnounced(made, 1, path);
      expect(announcedIn(made, path)).toEqual([`${Number(dn) - 100}-1-1 ${tones.get(dn)}`]);
    }
  });

  it("is nobody without an address, and then nothing is asked of the PBX", async () => {
    const offhook = await start(...hooks().slice(0, 1));
    record(made.pbx, await talked(made.incoming(1), "101", "4207771"));
    await made.receiver.until(() => made.receiver.at("/hook").length === 3, "the end");
    expect(await offhook.stop()).toBe(0);
    expect(made.pbx.recordings.lists).toBe(0);
  });
});

describe("two PBXs", () => {
  it("with the same calls, ids and numbers at the same time keep their recordings apart", async () => {
    const second = await new StandIn().listen();
    onTestFinished(() => second.close());
    const { url } = made.receiver;
    await start(
      ...hooks(),
      "[endpoint.there]",
      "PBX = there",
      `URL = ${url}/there/hook`,
      `RECORDING_URL = ${url}/there/rec`,
      "[pbx.there]",
      `URL = ${second.url}`,
      `CLIENT_ID = ${clientId}`,
      `CLIENT_SECRET = ${clientSecret}`,
      "TIMEZONE = Europe/Prague",
    );
    const establishedAt = new Date().toISOString();
    const facts = { callid: 7, establishedAt, trunk: "10008", number: "4207777", name: "" };
    const talks: Talk[] = [];
    for (const pbx of [made.pbx, second]) {
      const call = new StandInCall(pbx, { ...facts, did: "381213220030" }, plainHabits);
      await call.arrives();
      talks.push(await talked(call, "101", "4207777"));
    }
    // Ids of recordings are the PBX's own: both have the same first, of another tone.
    const [here, there] = talks as [Talk, Talk];
    const tones = [record(made.pbx, here)];
    second.recordings.nextId();
    tones.push(record(second, there, { Id: made.pbx.recordings.rows[0]?.Id ?? 0 }));
    await untilAnnounced(made, 1);
    await untilAnnounced(made, 1, "/there/rec");
    const heard = (path: string) => announcedIn(made, path).map((line) => line.split(" ")[1]);
    expect([heard("/rec"), heard("/there/rec")]).toEqual(tones.map((tone) => [String(tone)]));
    expect(new Set(made.fetched.map(({ url }) => nameIn(url)))).toEqual(
      new Set(["7-1-1", "7-1-2"]),
    );
  });
});

describe("no recording", () => {
  const soon = "RECORDING_SEARCH_S = 0.05,0.1,0.2";

  it("is told to whoever asks, once the search is over", async () => {
    await start(...hooks(), "EXTRA_EVENTS = norecording", soon);
    await talked(made.incoming(1), "101", "4207771");
    await made.receiver.until(() => made.receiver.at("/hook").length === 4, "word of it");
    const told = made.receiver.at("/hook").at(-1);
    const end = made.receiver.at("/hook").at(-2);
    expect(told && fieldsOfBody(told.body)).toEqual([
      ["event", "norecording"],
      ["user", "101"],
      ["id", end && field(end, "id")],
      ["reason", "none"],
    ]);
    expect(made.receiver.at("/rec")).toEqual([]);
  });

  it("is silence for everybody else", async () => {
    const offhook = await start(...hooks(), soon);
    await talked(made.incoming(1), "101", "4207771");
    await offhook.says("recording.none");
    expect(await offhook.stop()).toBe(0);
    expect(made.receiver.requests.map((each) => field(each, "event"))).toEqual([
      "ringing",
      "hangupincoming",
      "incoming",
    ]);
  });
});

describe("what was said", () => {
  it("comes to whoever asks, after the recording, once the PBX has written it down", async () => {
    await start(
      ...hooks(),
      "EXTRA_EVENTS = ai",
      "TRANSCRIPT_SEARCH_S = 0.1,0.6,1.2,1.8,2.4,4,6,8,12,20,30,60",
    );
    record(made.pbx, await talked(made.incoming(1), "101", "4207771"));
    await untilAnnounced(made, 1);
    const { recordings, facts } = made.pbx;
    const lists = recordings.lists;
    await facts.until(() => recordings.lists > lists, "a look in vain");
    const said = { Summary: "Žádost o fakturu", Transcription: "Dobrý den …", SentimentScore: 4 };
    recordings.change(recordings.rows[0]?.Id ?? 0, { ...said, IsTranscribed: true });
    await made.receiver.until(() => made.receiver.at("/hook").length === 4, "the transcript");
    const [end, told] = made.receiver.at("/hook").slice(-2);
    expect(told && fieldsOfBody(told.body)).toEqual([
      ["event", "ai"],
      ["id", end && field(end, "id")],
      ["summary", "Žádost o fakturu"],
      ["transcription", "Dobrý den …"],
      ["sentiment_score", "4"],
    ]);
  });
});
