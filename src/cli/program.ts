/**
 * The command line: one file for each command. Exit codes: 0 done, 1 it did not work (refused, unreachable,
 * port taken), 2 the command or the configuration is wrong and nothing was done.
 */

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { messageOf } from "../util/messageOf.ts";
import { backupCommand } from "./backup.ts";
import { checkCommand } from "./check.ts";
import type { CliContext } from "./context.ts";
import { deliveriesCommand } from "./deliveries.ts";
import { demoCommand } from "./demo.ts";
import { endpointsCommand } from "./endpoints.ts";
import { inboxCommand } from "./inbox.ts";
import { recordingsCommand } from "./recordings.ts";
import { sendTestCommand } from "./sendTest.ts";
import { simulateCommand } from "./simulate.ts";
import { startCommand } from "./start.ts";

const EXIT = { done: 0, failed: 1, misused: 2 } as const;

/** Errors of commander that are about how a command was written. */
const misuse = /^commander\.(help$|unknown|invalid|missing|excess|optionMissing|conflicting)/;

/** Commander's own words about what was typed; ours bring their way out. */
const misspelt = /^error: (unknown|missing|too many|option|required)/;

function buildProgram(context: CliContext): Command {
  const program = new Command("offhook")
    .description("Watches a 3CX phone system and tells other programs, by webhook, what happens.")
    .version(context.version, "--version", "print the version")
    .addHelpText(
      "after",
      `
Exit codes: 0 done; 1 it did not work (the reason is printed); 2 the command or the
configuration is wrong, nothing was done.

First steps:
  offhook demo                     see it work, without a PBX
  offhook check --config FILE      is everything right with PBX and endpoints?
  offhook start --config FILE      do the work`,
    );
  program.addCommand(startCommand(context));
  program.addCommand(checkCommand(context));
  program.addCommand(deliveriesCommand(context));
  program.addCommand(endpointsCommand(context));
  program.addCommand(recordingsCommand(context));
  program.addCommand(backupCommand(context));
  program.addCommand(demoCommand(context));
  program.addCommand(simulateCommand());
  program.addCommand(inboxCommand());
  program.addCommand(sendTestCommand(context));
  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`${context.version}\n`);
    });
  return program;
}

/** Runs one command; resolves with the exit code. Errors are printed as one sentence. */
export async function runCli(
  argv: readonly string[],
  edge: { readonly env: CliContext["env"]; readonly cwd: string },
): Promise<number> {
  const context = { ...edge, version: ownVersion(), exitCode: EXIT.done as number };
  const program = buildProgram(context);
  settle(program, "offhook");
  try {
    await program.parseAsync([...argv]);
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode !== 0 && misuse.test(error.code) ? EXIT.misused : error.exitCode;
    }
    const sentence = messageOf(error);
    process.stderr.write(`error: ${sentence}\n`);
    return EXIT.failed;
  }
}

/**
 * What holds for every command. Commander would end the process: we hand the code to main instead.
 * Its errors and ours begin alike.
 */
function settle(command: Command, path: string): void {
  command.exitOverride().configureOutput({
    outputError(text, write) {
      const sentence = text.startsWith("error: ") ? text : `error: ${text}`;
      write(misspelt.test(text) ? `${sentence.trimEnd()}\nSee ${path} --help.\n` : sentence);
    },
  });
  for (const sub of command.commands) settle(sub, `${path} ${sub.name()}`);
}

function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
