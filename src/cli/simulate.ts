/**
 * `offhook simulate`: a 3CX V20 without a 3CX, and the commands that talk to one that runs.
 */

import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { scenes } from "../simulator/scenes/index.ts";
import { createSimulator, type Simulator } from "../simulator/server.ts";
import { defaultSettings } from "../simulator/settings.ts";
import type { Log } from "../util/log.ts";
import { messageOf } from "../util/messageOf.ts";
import { print, readPort, stopAsked } from "./context.ts";
import { readPace, readSwitches, simulateClientCommands } from "./simulateClient.ts";

const DEFAULT_PORT = 5001;
/** Where a PBX answers programs of its own machine without TLS; 3CX's samples use it, too. */
const PBX_LOOPBACK_PORT = 5004;

interface Said {
  readonly port: number;
  readonly host: string;
  readonly tls?: true;
  readonly caFile?: string;
  readonly loopbackPort?: number | "none";
  readonly set?: Readonly<Record<string, unknown>>;
  readonly play?: readonly string[];
  readonly pace: number;
  readonly loop?: true;
  readonly list?: true;
}

export function simulateCommand(): Command {
  const command = new Command("simulate")
    .description("run a simulated 3CX V20 here, or tell a running one what happens on it")
    .option("--port <number>", "port to listen on, 0 = any free one", readPort, DEFAULT_PORT)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--tls", "serve https with a certificate made for it")
    .option("--ca-file <path>", "write that certificate there, for PBX_CA_FILE")
    .addOption(
      new Option(
        "--loopback-port <number>",
        "also serve plain http at 127.0.0.1 there, as a PBX does; none = do not " +
          `(with --tls: ${PBX_LOOPBACK_PORT} if it is free)`,
      ).argParser(readLoopbackPort),
    )
    .option("--set <switch=value...>", "set switches, e.g. attendedTransfer=keepY", readSwitches)
    .option("--play <scene...>", "play scenes, one after another", collect)
    .option("--pace <factor>", "stretch (2) or shrink (0.5) the waits of scenes", readPace, 1)
    .option("--loop", "play the scenes again and again")
    .option("--list", "list scenes and switches, and end")
    .addHelpText(
      "after",
      `
Examples:
  offhook simulate --tls
  offhook simulate --play answered-in-queue outgoing-answered --loop
  offhook simulate call --from 420777000001 --did 420222000150
  offhook simulate answer 150
  offhook simulate hangup 150`,
    )
    .enablePositionalOptions() // play has a --pace of its own
    .action(run);
  for (const client of simulateClientCommands(DEFAULT_PORT)) command.addCommand(client);
  return command;
}

async function run(said: Said, command: Command): Promise<void> {
  if (said.list) {
    print(...listing());
    return;
  }
  if (said.caFile !== undefined && !said.tls) {
    command.error("Expected --tls with --ca-file: without it there is no certificate.", {
      exitCode: 2,
    });
  }
  const unknown = said.play?.find((name) => !scenes.some((scene) => scene.name === name));
  if (unknown !== undefined) {
    command.error(`Expected the name of a scene, got "${unknown}". See: offhook simulate --list.`, {
      exitCode: 2,
    });
  }
  const simulator = await open(said, command);
  const loopbackUrl = await furnish(simulator, said, command).catch(async (error: unknown) => {
    await simulator.close();
    throw error;
  });
  print(...greeting(simulator, loopbackUrl, said));
  const stopping = new AbortController();
  const asked = stopAsked().then(() => stopping.abort());
  const playing = playAll(simulator, said, stopping.signal);
  await asked;
  await simulator.close();
  await playing;
  print("Stopped.");
}

function open(said: Said, command: Command): Promise<Simulator> {
  const { port, host, tls = false, set = {} } = said;
  const opened = createSimulator({ port, host, tls, settings: set, log: consoleLog });
  return opened.catch((error: unknown) =>
    command.error(refused(error, `${host}:${port}`, "--port"), { exitCode: 1 }),
  );
}

/** What stands beside its port: the plain one, whose address is returned, and the certificate's file. */
async function furnish(simulator: Simulator, said: Said, command: Command): Promise<string | null> {
  const loopbackUrl = await openLoopback(simulator, said, command);
  if (said.caFile !== undefined) writeCertificate(said.caFile, simulator, command);
  return loopbackUrl;
}

/** The port that nobody asked for by name is left out if it cannot be had. */
async function openLoopback(
  simulator: Simulator,
  { tls, loopbackPort }: Said,
  command: Command,
): Promise<string | null> {
  if (loopbackPort === "none" || (loopbackPort === undefined && !tls)) return null;
  const port = loopbackPort ?? PBX_LOOPBACK_PORT;
  return simulator.listenOnLoopback(port).catch((error: unknown) => {
    if (loopbackPort === undefined) return null;
    return command.error(refused(error, `127.0.0.1:${port}`, "--loopback-port"), { exitCode: 1 });
  });
}

function refused(error: unknown, address: string, option: string): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  const why = messageOf(error);
  const found = code === "EADDRINUSE" ? "another program listens there" : `got ${why}`;
  return `Expected to listen on ${address}, but ${found}. Choose another with ${option}.`;
}

function writeCertificate(file: string, { certificate }: Simulator, command: Command): void {
  try {
    writeFileSync(file, certificate ?? "");
  } catch (error) {
    const found = messageOf(error);
    command.error(`Expected --ca-file to be a file that can be written, got ${found}.`, {
      exitCode: 1,
    });
  }
}

/** Until told to stop, if in a loop; a scene that fails is told and does not end the simulator. */
async function playAll(simulator: Simulator, said: Said, stopped: AbortSignal): Promise<void> {
  const { play = [], pace, loop } = said;
  do {
    for (const name of play) {
      if (stopped.aborted) return;
      print(`▶ ${name}`);
      await simulator.play(name, pace).catch((error: unknown) => {
        print(`✗ ${name}: ${messageOf(error)}`);
      });
    }
  } while (loop && play.length > 0 && !stopped.aborted);
}

function greeting(simulator: Simulator, loopbackUrl: string | null, said: Said): string[] {
  const { clientId, clientSecret } = simulator.client;
  return [
    `A simulated 3CX V20 at ${simulator.url} (Ctrl-C ends it). In TCXWebAPI.ini:`,
    `  PBX_URL = ${simulator.url}`,
    `  PBX_CLIENT_ID = ${clientId}`,
    `  PBX_CLIENT_SECRET = ${clientSecret}`,
    ...trust(said),
    ...(loopbackUrl === null ? [] : [`Without TLS, for this machine alone: ${loopbackUrl}`]),
    "",
    "In another terminal:",
    "  offhook simulate play answered-in-queue       a scripted call",
    "  offhook simulate call --did 420222000150      a call to extension 150",
    "  offhook simulate answer 150                   … which it answers",
    "  offhook simulate state                        what is going on",
    "  offhook simulate --list                       all scenes and switches",
    ...(said.port === DEFAULT_PORT ? [] : [`Each with --url ${simulator.url}`]),
    "",
  ];
}

function trust({ tls, caFile }: Said): string[] {
  if (!tls) return [];
  if (caFile !== undefined) return [`  PBX_CA_FILE = ${caFile}`];
  return ["  PBX_TLS_VERIFY = 0", "  ; or --ca-file FILE here and PBX_CA_FILE = FILE there"];
}

function listing(): string[] {
  const width = Math.max(...scenes.map((scene) => scene.name.length));
  const defaults = defaultSettings();
  return [
    "Scenes:",
    ...scenes.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    "",
    "Switches and their defaults (meanings: docs/simulator.md):",
    ...Object.entries(defaults).map(([name, value]) => `  ${name}=${String(value)}`),
  ];
}

function readLoopbackPort(text: string): number | "none" {
  return text === "none" ? text : readPort(text);
}

function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}

const consoleLog: Log = {
  debug() {},
  info() {},
  warn: (fields, line) => complain(fields, line),
  error: (fields, line) => complain(fields, line),
};

function complain(fields: object, line: string): void {
  const error = "err" in fields && fields.err instanceof Error ? `: ${fields.err.message}` : "";
  process.stderr.write(`${line}${error}\n`);
}
