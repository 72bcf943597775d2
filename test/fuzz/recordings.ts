/**
 * Requests for recordings that nobody was given an address of, over the real route: traversal, other ids, altered
 * signatures and times, odd methods and headers, bytes of any kind. The oracle reads the request apart from the
 * server: only an address exactly as it was issued opens its own file. A file out is any byte of one, or a word of
 * whether it is there.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { steadyClock } from "../../src/util/clock.ts";
import type { Chance } from "../simulation/random.ts";
import { type RawAnswer, RawClient } from "../support/rawHttp.ts";
import { type ServedRecordings, serveRecordings } from "../support/servedRecordings.ts";
import { anyText, check, mutated, type Target } from "./target.ts";

/** What a call's file holds, and what the files beside the recordings hold. */
const contentOf = (call: number) => `SOUND of call ${call};`.repeat(20);
const OUTSIDE = "SOUND of no call at all";
const MARK = /SOUND/;

const REMOVED = 3;

const FUTURE = Date.UTC(2100, 0, 1);
const PAST = Date.UTC(2020, 0, 1);

interface World {
  readonly served: ServedRecordings;
  readonly client: RawClient;
  /** Path and query of the addresses that are in force, and the call that each opens. */
  readonly issued: ReadonlyMap<string, number>;
  /** Of what was removed: its address opens nothing, and may be told so. */
  readonly removed: string;
  readonly expired: string;
  /** Path → call, of what is there. */
  readonly there: ReadonlyMap<string, number>;
}

let world: World | null = null;

async function start(): Promise<void> {
  // Time runs, so that no client is ever slowed down: that is tried elsewhere.
  let now = Date.now();
  const tick = () => {
    now += 60_000;
    return now;
  };
  const served = await serveRecordings({ clock: { ...steadyClock(), now: tick } });
  const target = (address: string) => address.slice(served.url.length);
  const issued = new Map<string, number>();
  const there = new Map<string, number>();
  for (const [call, expiresAt] of [[1], [2, FUTURE]] as const) {
    issued.set(target(await served.add(call, Buffer.from(contentOf(call)), expiresAt)), call);
  }
  const removed = target(await served.add(REMOVED, Buffer.from(contentOf(REMOVED))));
  await served.remove(REMOVED);
  const expired = target(await served.add(4, Buffer.from(contentOf(4)), PAST));
  // There, and no address of it was ever given away.
  const unknown = target(await served.add(5, Buffer.from(contentOf(5))));
  for (const each of [...issued.keys(), expired, unknown]) {
    const [path = ""] = each.split("?");
    there.set(path, Number(/_(\d+)-/.exec(path)?.[1]));
  }
  for (const place of ["secret.mp3", "recording-url.key", "recordings/secret.mp3"]) {
    await writeFile(join(served.folder, place), OUTSIDE);
  }
  const client = new RawClient(Number(new URL(served.url).port));
  world = { served, client, issued, removed, expired, there };
}

async function stop(): Promise<void> {
  world?.client.close();
  await world?.served.stop();
  world = null;
}

const TRAVERSALS = [
  "../",
  "..%2f",
  "%2e%2e/",
  "%2e%2e%2f",
  "%252e%252e%252f",
  "..%5c",
  "..\\",
  "....//",
  "%c0%ae%c0%ae%c0%af",
  "..;/",
  "%00/",
  "/./",
  "//",
];
const GOALS = [
  "secret.mp3",
  "recording-url.key",
  "recordings/secret.mp3",
  "etc/passwd",
  "recordings/2021/07/01/210701165649_5-1-1.mp3",
  "2021/07/01/210701165649_5-1-1.mp3",
];

function traversed(chance: Chance): string {
  const up = Array.from({ length: chance.between(1, 8) }, () => chance.pick(TRAVERSALS)).join("");
  const before = chance.pick(["/webapi/recording/", "/webapi/recording", "/webapi/", "/", ""]);
  return `${before}${chance.pick(["", "210701165649_1-1-1.mp3/"])}${up}${chance.pick(GOALS)}`;
}

function enumerated(chance: Chance): string {
  const call = chance.happens(0.7) ? chance.between(0, 6) : chance.between(0, 99_999);
  const [link, n] = [chance.between(0, 2), chance.between(0, 2)];
  const at = chance.happens(0.8) ? "210701165649" : String(chance.between(1e11, 9e11));
  const ending = chance.pick(["mp3", "mp3", "mp3", "original", "wav", "mp3%00", "MP3", "mp3/"]);
  return `/webapi/recording/${at}_${call}-${link}-${n}.${ending}`;
}

function otherQuery(chance: Chance, query: string): string {
  const sig = new URLSearchParams(query).get("sig") ?? "";
  switch (chance.between(0, 10)) {
    case 0:
      return mutated(chance, query);
    case 10:
      return query.replace(
        /(sig=[\w.-]+)[\w-]/,
        (_, kept) => `${kept}${chance.pick([..."AEIMQUYcgkosw048BZz_-"])}`,
      );
    case 1:
      return `sig=${sig.slice(0, chance.between(0, sig.length))}`;
    case 2:
      return `sig=${sig}${chance.pick(["=", "A", ".", "%00", "%20", "+"])}`;
    case 3:
      return `sig=${chance.pick([sig.toLowerCase(), sig.toUpperCase(), [...sig].reverse().join("")])}`;
    case 4:
      return `${query}&${chance.pick(["sig", "exp"])}=${chance.pick([sig, "", "4102444800"])}`;
    case 5:
      return `${chance.pick(["sig[]", "SIG", "sig%00", "%73ig", "signature"])}=${sig}`;
    case 6:
      return `sig=${sig}&exp=${chance.pick(["9999999999", "1e99", "-1", "0x7fffffff", "Infinity", "%D9%A1", ""])}`;
    case 7:
      return query.replace(/exp=\d+/, `exp=${chance.between(0, 9_999_999_999)}`);
    case 8:
      return `sig=${anyText(chance, 12)}`;
    default:
      return "";
  }
}

function targetOf(chance: Chance, { issued, removed, expired, there }: World): string {
  const spent = [removed, expired];
  const [path = "", query = ""] = chance.pick([...issued.keys(), ...spent]).split("?");
  const wholes = [...issued.keys()];
  switch (chance.between(0, 7)) {
    case 0:
      return `${traversed(chance)}?${chance.happens(0.7) ? query : otherQuery(chance, query)}`;
    case 1:
      return `${enumerated(chance)}?${chance.happens(0.7) ? query : otherQuery(chance, query)}`;
    case 2:
      return `${path}?${otherQuery(chance, query)}`;
    case 3:
      return mutated(chance, `${path}?${query}`);
    case 4:
      return `${chance.pick([...there.keys()])}?${query}`;
    case 5:
      return chance.pick(spent);
    case 6:
      return `http://127.0.0.1${chance.pick([traversed(chance), enumerated(chance), path])}?${chance.pick([query, ""])}`;
    default:
      return chance.pick(wholes);
  }
}

const HEADERS: readonly ((chance: Chance, world: World) => string)[] = [
  (chance) => `Range: bytes=${chance.pick(["0-", "0-0", "-1", "5-2", "0-,1-", "99999-", "x"])}`,
  (chance) => `If-None-Match: ${chance.pick(["*", '"a"', 'W/"a"', ""])}`,
  (chance) => `If-Range: ${chance.pick(['"a"', "Sat, 21 Nov 2026 00:00:00 GMT"])}`,
  (chance, { issued }) =>
    `${chance.pick(["X-Original-URL", "X-Rewrite-URL", "Referer"])}: ${chance.pick([...issued.keys()])}`,
  (chance) => `${chance.pick(["X-Forwarded-For", "X-Real-IP", "Forwarded"])}: 127.0.0.1`,
  (chance) => `X-HTTP-Method-Override: ${chance.pick(["GET", "HEAD"])}`,
  () => "Authorization: Bearer secret",
];
const METHODS = { GET: 16, HEAD: 4, POST: 1, PUT: 1, DELETE: 1, OPTIONS: 1, PATCH: 1, TRACE: 1 };

/** The call whose file a request may be answered with; null if none. */
function entitledTo(target: string, method: string, world: World): number | null {
  const { issued, there, served } = world;
  if (method !== "GET" && method !== "HEAD") return null;
  const local = target.replace(/^http:\/\/[^/?#]*/i, "");
  const [path = "", query = ""] = (local.split("#")[0] ?? "").split(/\?(.*)/s);
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (served.settings.isOpen) return there.get(plain) ?? null;
  const given = new URLSearchParams(query);
  for (const [address, call] of [...issued, [world.removed, REMOVED] as const]) {
    const [due = "", wanted = ""] = address.split("?");
    const isSame = (name: string) =>
      given.getAll(name).join("\n") === new URLSearchParams(wanted).getAll(name).join("\n");
    if (plain === due && isSame("sig") && isSame("exp")) return call;
  }
  return null;
}

/** Of the route, whatever it names: then nothing is looked up before the signature, and all are refused alike. */
function isOfRoute(target: string): boolean {
  const path = /^[^?#]*/.exec(target.replace(/^http:\/\/[^/?#]*/i, ""))?.[0] ?? "";
  // Names that are longer are of no route.
  return /^\/webapi\/recording\/[^/]{1,100}$/.test(path);
}

interface Asked {
  readonly target: string;
  readonly method: string;
  readonly isOpen: boolean;
}

function judge(answer: RawAnswer, entitled: number | null, asked: Asked): void {
  const { target, method, isOpen } = asked;
  const { status, headers } = answer;
  const body = answer.body.toString("latin1");
  if (entitled === REMOVED && status === 410) {
    check(!MARK.test(body), "a file that was removed");
    return;
  }
  // Odd ways to write a good address may be refused.
  if (entitled !== null && ![400, 403, 404].includes(status)) {
    check([200, 206, 304, 416].includes(status), `${status} to one who may`);
    check(entitled !== REMOVED, "a file that was removed");
    const isOwn = status !== 200 || body === "" || body === contentOf(entitled);
    check(isOwn && (!MARK.test(body) || contentOf(entitled).includes(body)), "another file");
    return;
  }
  check(!MARK.test(body), `a file out: ${status} ${body.slice(0, 80)}`);
  const isPlain = (method === "GET" || method === "HEAD") && isOfRoute(target);
  const others = isPlain ? (isOpen ? [404, 410] : [403]) : [403, 404, 405, 414];
  const refused = entitled === null ? [400, ...others] : [400, 403, 404];
  check(refused.includes(status), `answered ${status}`);
  for (const name of ["etag", "content-range", "last-modified", "accept-ranges"]) {
    check(!headers.has(name), `tells of a file by ${name}`);
  }
}

export const recordings: Target = {
  name: "recordings",
  holds: "no file, nor a word of it, goes to who has no address of it",
  share: 2,
  start,
  stop,
  async run(chance, say) {
    if (world === null) throw new Error("Expected the target to be started.");
    const { client, served } = world;
    served.settings.isOpen = chance.happens(0.15);
    const method = chance.weighed(METHODS);
    // A line's end would be the end of the request: two of them are no other case.
    const target = targetOf(chance, world).replace(/[\r\n]/g, "%0d");
    const extra = HEADERS.filter(() => chance.happens(0.1)).map((each) =>
      each(chance, world as World),
    );
    say({ target, method, extra, isOpen: served.settings.isOpen });
    const lines = [
      `${method} ${target} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Content-Length: 0",
      ...extra,
    ];
    const answer = await client.ask(
      Buffer.from(`${lines.join("\r\n")}\r\n\r\n`),
      method === "HEAD",
    );
    const entitled = entitledTo(target, method, world);
    judge(answer, entitled, { target, method, isOpen: served.settings.isOpen });
    // And the address as it was given opens, so that the rest means something.
    if (world.issued.has(target) && method === "GET" && extra.length === 0) {
      check(
        answer.status === 200 && answer.body.length > 0,
        `an address in force: ${answer.status}`,
      );
    }
  },
};
