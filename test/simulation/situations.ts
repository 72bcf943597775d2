/**
 * Situations beyond the ordinary day: each is drawn for a seed, changes the office, and has its own ways of beginning
 * a call. What they are due is in the oracle like everything else.
 */
import type { Destination, Directory } from "../../src/simulator/directory.ts";
import type { Leg } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import { CLIENT_ID } from "./office.ts";
import type { Chance } from "./random.ts";

export const situationNames = [
  /** Extensions send their calls to a mobile: always, busy or unanswered; a number leads straight outside or to a voicemail box. */
  "forwards",
  /** A number leads to the API client's own route point, which takes keys and sends the call on. */
  "application",
  /** Numbers as countries and trunks write them. */
  "numberFormats",
  /** Calls begun by a program or a click: the phone dials itself, or all phones of the user ring first. */
  "makecall",
  /** A user joins the caller with an outside number and leaves. */
  "outsideJoins",
  /** A user sends a call to the own number, or swaps between a call and a consultation. */
  "ownTransfers",
  /** The company's own number is dialled from inside. */
  "ownNumber",
  /** The day on which clocks are put forward or back. */
  "summertime",
  /** With clockSteps: our clock jumps by minutes and hours. */
  "clockJumps",
] as const;
/** Those in which the tracker still errs (docs/reliability.md): played by `--situations all`, not by `npm test`. */
export const openSituations: ReadonlySet<string> = new Set([
  "forwards",
  "outsideJoins",
  "ownTransfers",
  "clockJumps",
]);
export type SituationName = (typeof situationNames)[number];

const outside = (number: string): Destination => ({ to: "external", number });

/** The office with what the situations need. */
export function furnished(
  office: Directory,
  situations: ReadonlySet<SituationName>,
  chance: Chance,
): Directory {
  const numbers = office.extensions.map(({ number }) => number);
  const rule = (id: number, destination: Destination) => ({
    id,
    ruleName: chance.happens(0.5) ? `Extra line ${id}` : "",
    did: `42022201${String(id).padStart(4, "0")}`,
    trunk: "10007",
    destination,
  });
  const extensions = office.extensions.map((row) => {
    const to = outside(`420603000${row.number}`);
    if (!situations.has("forwards")) return row;
    const always = chance.happens(0.08) ? to : null;
    const unregistered = chance.happens(0.08);
    const onNoAnswer = chance.happens(0.5) ? to : row.onNoAnswer;
    const devices = unregistered ? [] : row.devices;
    return { ...row, devices, forwardAll: always, onNoAnswer };
  });
  const rules = [...office.inboundRules];
  if (situations.has("forwards")) {
    rules.push(rule(51, outside("420604000001")));
    rules.push(rule(52, { to: "voicemail", of: chance.pick(numbers) }));
  }
  if (situations.has("application")) rules.push(rule(61, { to: "dn", number: CLIENT_ID }));
  return { ...office, extensions, inboundRules: rules };
}

/** How a caller's number may be written; `digits` are those of the ordinary way, with country. */
export function written(digits: string, chance: Chance): string {
  return chance.pick([
    `+${digits}`,
    digits,
    `00${digits}`,
    digits.slice(3),
    "1188",
    `${digits}001`,
  ]);
}

/** The application's turn, a while after a call reached it: keys, then on to somebody, or nothing. */
export function playApplication(pbx: Pbx, leg: Leg, chance: Chance): void {
  if (chance.happens(0.5)) pbx.press(leg.call.id, chance.pick(["1", "2", "#"]));
  const { extensions, queues } = pbx.directory;
  const deed = chance.weighed({ waits: 1, sends: 3, drops: 1 });
  if (deed === "waits") return;
  const target = (chance.happens(0.7) ? chance.pick(extensions) : chance.pick(queues)).number;
  const action = deed === "drops" ? "drop" : "transferto";
  void pbx.act(leg, { action, destination: deed === "drops" ? "" : target });
}
