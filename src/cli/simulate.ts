/**
 * `offhook simulate`: a 3CX V20 without a 3CX, and the commands that talk to one that runs.
 */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { scenes } from "../simulator/scenes/index.ts";
import { createSimulator, type Simulator } from "../simulator/server.ts";
import { defaultSettings } from "../simulator/settings.ts";
import type { Log } from "../util/log.ts";
import { readSwitches, simulateClientCommands } from "./simulateClient.ts";

const DEFAULT_PORT = 5001;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

interface Said {
  readonly port: number;
  readonly host: string;
  readonly tls?: true;
  readonly caFile?: string;
  readonly set: Readonly<Record<string, unknown>>;
  readonly play: readonly string[];
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
    .option(
      "--set <switch=value...>",
      "set switches, e.g. attendedTransfer=keepY",
      readSwitches,
      {},
    )
    .option("--play <scene...>", "play scenes, one after another", collect, [])
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
    .action(run);
  for (const client of simulateClientCommands(DEFAULT_PORT)) command.addCommand(client);
  return command;
}

async function run(said: Said, command: Command): Promise<void> {
  if (said.list) {
    print(listing());
    return;
  }
  if (said.caFile !== undefined && !said.tls) {
    command.error("Expected --tls with --ca-file: without it there is no certificate.", {
      exitCode: 2,
    });
  }
  const unknown = said.play.find((name) => !scenes.some((scene) => scene.name === name));
  if (unknown !== undefined) {
    command.error(`Expected the name of a scene, got "${unknown}". See: offhook simulate --list.`, {
      exitCode: 2,
    });
  }
  const simulator = await open(said, command);
  if (said.caFile !== undefined) writeFileSync(said.caFile, simulator.certificate ?? "");
  print(greeting(simulator, said));
  const stop = stopAsked();
  const playing = playAll(simulator, said, stop.signal);
  await stop.asked;
  await simulator.close();
  await playing;
  print(["Stopped."]);
}

async function open(said: Said, command: Command): Promise<Simulator> {
  try {
    return await createSimulator({
      port: said.port,
      host: said.host,
      tls: said.tls === true,
      settings: said.set,
      log: consoleLog,
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EADDRINUSE") {
      command.error(
        `Expected port ${said.port} to be free, another program listens there. ` +
          `Choose another with --port.`,
        { exitCode: 1 },
      );
    }
    throw error;
  }
}

/** Until told to stop, if in a loop; a scene that fails is told and does not end the simulator. */
async function playAll(simulator: Simulator, said: Said, stopped: AbortSignal): Promise<void> {
  do {
    for (const name of said.play) {
      if (stopped.aborted) return;
      print([`▶ ${name}`]);
      await simulator.play(name, said.pace).catch((error: unknown) => {
        print([`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`]);
      });
    }
  } while (said.loop && said.play.length > 0 && !stopped.aborted);
}

function greeting(simulator: Simulator, said: Said): string[] {
  const { clientId, clientSecret } = simulator.client;
  return [
    `A simulated 3CX V20 at ${simulator.url} (Ctrl-C ends it). In TCXWebAPI.ini:`,
    `  PBX_URL = ${simulator.url}`,
    `  PBX_CLIENT_ID = ${clientId}`,
    `  PBX_CLIENT_SECRET = ${clientSecret}`,
    ...trust(said),
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

/** Settles at the first SIGINT or SIGTERM; a second one ends the process as usual. */
function stopAsked(): { readonly asked: Promise<void>; readonly signal: AbortSignal } {
  const stopping = new AbortController();
  const asked = new Promise<void>((resolve) => {
    const stop = () => {
      for (const signal of SIGNALS) process.off(signal, stop);
      stopping.abort();
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, stop);
  });
  return { asked, signal: stopping.signal };
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a number from 0 to 65535.");
}

function readPace(text: string): number {
  const pace = Number(text);
  if (text !== "" && pace >= 0 && pace <= 100) return pace;
  throw new InvalidArgumentError("Expected a number from 0 to 100.");
}

function collect(value: string, former: readonly string[]): readonly string[] {
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

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
