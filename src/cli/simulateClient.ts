/**
 * The commands that tell a running simulator what happens: each is one request to its control API.
 */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { settingsSchema } from "../simulator/settings.ts";

const TIMEOUT_MS = 120_000;

interface Told {
  readonly status: number;
  readonly body: unknown;
}

type Values = Readonly<Record<string, unknown>>;

interface ClientCommand {
  readonly name: string;
  readonly about: string;
  /** commander's notation: `<dn>`, `[slot]`. */
  readonly takes: readonly string[];
  /**
   * Takes an extension, `--call <number>`, or both; the number alone is that call's outside party.
   */
  readonly outside?: true;
  readonly said?: (answer: Values) => string;
}

const commands: readonly ClientCommand[] = [
  {
    name: "dial",
    about: "an extension dials a number",
    takes: ["<dn>", "<number>"],
    said: callSaid,
  },
  {
    name: "answer",
    about: "an extension (or the outside party) answers",
    takes: [],
    outside: true,
  },
  {
    name: "reject",
    about: "an extension (or the outside party) refuses",
    takes: [],
    outside: true,
  },
  {
    name: "hangup",
    about: "an extension (or the outside party) hangs up",
    takes: [],
    outside: true,
  },
  { name: "press", about: "the caller presses a key", takes: ["<callid>", "<key>"] },
  { name: "hold", about: "an extension puts its call on hold", takes: ["<dn>"] },
  { name: "resume", about: "an extension takes its call off hold", takes: ["<dn>"] },
  { name: "transfer", about: "an extension hands its call over, blind", takes: ["<dn>", "<to>"] },
  { name: "complete", about: "an extension joins its two calls and leaves", takes: ["<dn>"] },
  {
    name: "park",
    about: "an extension parks its call",
    takes: ["<dn>", "[slot]"],
    said: ({ slot }) => `Parked at ${String(slot)}.`,
  },
  { name: "unpark", about: "an extension takes a parked call", takes: ["<dn>", "<slot>"] },
  {
    name: "pickup",
    about: "an extension picks up what rings elsewhere",
    takes: ["<dn>", "<from>"],
  },
  { name: "conference", about: "an extension's two calls become one", takes: ["<dn>"] },
  {
    name: "barge",
    about: "an extension joins another's conversation; how: talk or listen",
    takes: ["<dn>", "<heard>", "[how]"],
  },
  { name: "device", about: "an extension goes on with its other phone", takes: ["<dn>"] },
  { name: "wakeup", about: "the PBX wakes an extension", takes: ["<dn>"], said: callSaid },
  { name: "callback", about: "a caller in a queue orders a call-back", takes: ["<callid>"] },
  { name: "restart", about: "the PBX restarts: calls, tokens and sockets are gone", takes: [] },
  { name: "cut", about: "every WebSocket is cut", takes: [] },
];

function callSaid({ callid }: Values): string {
  return `Call ${String(callid)}.`;
}

export function simulateClientCommands(defaultPort: number): Command[] {
  const withUrl = (command: Command) =>
    command.option("--url <url>", "of the simulator", `127.0.0.1:${defaultPort}`);
  return [
    withUrl(callCommand()),
    ...commands.map((each) => withUrl(simple(each))),
    withUrl(playCommand()),
    withUrl(scenesCommand()),
    withUrl(setCommand()),
    withUrl(stateCommand()),
  ];
}

function callCommand(): Command {
  return new Command("call")
    .description("a call comes in from outside")
    .option("--from <number>", "the caller's number, empty = withheld", "420777000001")
    .option("--name <name>", "the caller's name")
    .option("--did <number>", "the DID called, or its rule's name")
    .action(async ({ url, ...body }: Values, command: Command) => {
      print(callSaid(await post(command, url, "call", body)));
    });
}

function simple({ name, about, takes, outside, said }: ClientCommand): Command {
  const command = new Command(name).description(about);
  for (const argument of takes) command.argument(argument);
  if (outside) command.argument("[dn]", "extension");
  if (outside)
    command.option("--call <number>", "in this call; without an extension: its outside party");
  command.action(async () => {
    const { url, call } = command.opts<Values>();
    const body: Record<string, unknown> = {};
    for (const [at, argument] of command.registeredArguments.entries()) {
      const value: unknown = command.args[at];
      const key = argument.name();
      if (value !== undefined) body[key] = key === "callid" ? Number(value) : value;
    }
    if (call !== undefined) body.callid = Number(call);
    if (outside && Object.keys(body).length === 0) {
      command.error(
        `Expected an extension or --call with a call's number. See: offhook simulate ${name} --help.`,
        {
          exitCode: 2,
        },
      );
    }
    const answer = await post(command, url, name, body);
    print(said ? said(answer) : "Done.");
  });
  return command;
}

function playCommand(): Command {
  return new Command("play")
    .description("play scenes, one after another")
    .argument("<scene...>")
    .option("--pace <factor>", "stretch (2) or shrink (0.5) the waits", readPace, 1)
    .action(async (names: readonly string[], said: Values & { pace: number }, command: Command) => {
      const { url, pace } = said;
      for (const scene of names) {
        await post(command, url, "play", { scene, pace });
        print(`Played ${scene}.`);
      }
    });
}

export function readPace(text: string): number {
  const pace = Number(text);
  if (text !== "" && pace >= 0 && pace <= 100) return pace;
  throw new InvalidArgumentError("Expected a number from 0 to 100.");
}

function scenesCommand(): Command {
  return new Command("scenes")
    .description("list the scenes")
    .action(async ({ url }: Values, command: Command) => {
      const scenes = await ask(command, url, "GET", "scenes");
      for (const { name, about } of rows(scenes)) print(`${String(name)}: ${String(about)}`);
    });
}

function setCommand(): Command {
  return new Command("set")
    .description("change switches while it runs")
    .argument("<switch=value...>", "see offhook simulate --list", readSwitches)
    .action(async (patch: Values, { url }: Values, command: Command) => {
      await post(command, url, "settings", patch);
      print("Done.");
    });
}

function stateCommand(): Command {
  return new Command("state")
    .description("show the live calls and their legs")
    .option("--json", "all of it, as JSON")
    .action(async ({ url, json }: Values, command: Command) => {
      const state = await ask(command, url, "GET", "state");
      print(json ? JSON.stringify(state, null, 2) : describe(state));
    });
}

function describe(state: unknown): string {
  const { calls, legs } = object(state);
  const lines = rows(calls).flatMap((call) => [
    `Call ${String(call.id)}: ${String(call.caller)} → ${String(call.callee)}, ` +
      String(call.status),
    ...rows(legs)
      .filter((leg) => leg.callid === call.id)
      .map(
        (leg) =>
          `  ${String(leg.dn)} ${String(leg.status)} with ${String(leg.party_caller_id)} ` +
          `(leg ${String(leg.id)}, ${String(leg.kind)})`,
      ),
  ]);
  return lines.length > 0 ? lines.join("\n") : "No live calls.";
}

function object(value: unknown): Values {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function rows(value: unknown): Values[] {
  return Array.isArray(value) ? value.map(object) : [];
}

async function post(command: Command, url: unknown, path: string, body: Values): Promise<Values> {
  return object(await ask(command, url, "POST", path, body));
}

/** Without a scheme both are tried: a simulator on this machine may run either way. */
async function ask(
  command: Command,
  url: unknown,
  method: string,
  path: string,
  body?: Values,
): Promise<unknown> {
  const given = String(url).replace(/\/+$/, "");
  const bases = given.includes("://") ? [given] : [`http://${given}`, `https://${given}`];
  for (const base of bases) {
    const told = await tell(new URL(`${base}/simulator/${path}`), method, body).catch(() => null);
    if (told === null) continue;
    if (told.status === 200) return told.body;
    const { error } = object(told.body);
    command.error(typeof error === "string" ? error : `The simulator answered ${told.status}.`);
  }
  return command.error(
    `Expected a simulator at ${given}, none answers. Start one: offhook simulate; or give --url.`,
  );
}

function tell(url: URL, method: string, body: Values | undefined): Promise<Told> {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { "content-type": "application/json" },
      timeout: TIMEOUT_MS,
      // Only a simulator is spoken to, whose certificate is made at its start.
      rejectUnauthorized: false,
    };
    const make = url.protocol === "https:" ? httpsRequest : httpRequest;
    const sent = make(url, options, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        answer += chunk;
      });
      response.on("end", () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) });
        } catch {
          resolve({ status: response.statusCode ?? 0, body: null });
        }
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", reject);
    sent.end(text);
  });
}

/** `name=value`; numbers, true, false and null are read as such. */
export function readSwitches(
  text: string,
  former: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const [name = "", ...rest] = text.split("=");
  const value = rest.join("=");
  const patch = { [name]: literal(value) };
  try {
    settingsSchema.parse(patch);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new InvalidArgumentError(`${why}\nSee: offhook simulate --list.`);
  }
  return { ...former, ...patch };
}

function literal(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
  return text in words ? words[text] : text;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
