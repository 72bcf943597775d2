/** `offhook backup FILE`: a consistent copy of the store, beside the running service or without one. */
import { resolve } from "node:path";
import { Command } from "commander";
import { backUp } from "../outbox/sqlite/backup.ts";
import { type CliContext, CONFIG_OPTION, configured, print } from "./context.ts";

const MEGABYTE = 1e6;

export function backupCommand(context: CliContext): Command {
  return new Command("backup")
    .description("copy the store, while it is in use, into a new file")
    .argument("<file>", "must not be there yet")
    .option(...CONFIG_OPTION)
    .addHelpText(
      "after",
      "\nThe copy is checked before it gets its name. It holds numbers and names of callers:\n" +
        "keep it as the store itself. To restore it, see docs/operations.md.",
    )
    .action(async (file: string, said: { config?: string }) => {
      const loaded = await configured(context, said.config, "aside");
      if (loaded === null) return;
      const { bytes, events, pending } = backUp(loaded.config.dataDir, resolve(context.cwd, file));
      const size = (bytes / MEGABYTE).toFixed(1);
      print(`${file}: ${events} events, ${pending} deliveries pending, ${size} MB; checked.`);
    });
}
