/** `offhook deliveries …`: what was delivered and what was not; to see, to export, and to send again. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { Command, InvalidArgumentError, Option } from "commander";
import { ANY_DELIVERY, type DeliveryDetail, type DeliveryRow } from "../outbox/lookup.ts";
import type { StoreLookup } from "../outbox/sqlite/lookup.ts";
import { messageOf } from "../util/messageOf.ts";
import { errorCodeOf } from "../util/tlsFault.ts";
import { looking } from "./backstage.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";
import { type FilterSaid, filterOf, withFilter } from "./deliveriesFilter.ts";
import { csvLine, details, flat, jsonLine, LIST_HEAD, listRow } from "./deliveriesPrint.ts";
import { replayCommand } from "./deliveriesReplay.ts";
import { heedNames, walk } from "./deliveriesWalk.ts";

export function deliveriesCommand(context: CliContext): Command {
  const command = new Command("deliveries").description(
    "what was delivered and what was not: list, show, export, replay",
  );
  command.addCommand(listCommand(context));
  command.addCommand(showCommand(context));
  command.addCommand(replayCommand(context));
  command.addCommand(exportCommand(context));
  return command.addHelpText(
    "after",
    "\nAll of it works beside the running service and without one.\n",
  );
}

type Said = FilterSaid & { readonly config?: string };

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("deliveries, the newest first")
    .option(...CONFIG_OPTION)
    .option("--limit <count>", "at most this many", readLimit, 50)
    .option("--json", "as JSON Lines");
  return withFilter(command)
    .addHelpText(
      "after",
      "\nWhat is owed or lost:  offhook deliveries list --state pending,dead,expired",
    )
    .action(async (said: Said & { limit: number; json?: boolean }) => {
      const loaded = await configured(context, said.config, "aside");
      if (loaded === null) return;
      await looking(loaded.config, (lookup) => {
        const filter = filterOf(said);
        heedNames(lookup, loaded.config, filter);
        const rows = [...take(walk(lookup, filter, "newest"), said.limit + 1)];
        const shown = rows.slice(0, said.limit);
        if (said.json) for (const row of shown) process.stdout.write(jsonLine(row));
        else print(...table([LIST_HEAD, ...shown.map(listRow)]));
        if (rows.length > said.limit) {
          process.stderr.write(
            `There are more than ${said.limit}; see --limit, or narrow it down.\n`,
          );
        }
      });
    });
}

function showCommand(context: CliContext): Command {
  return new Command("show")
    .description("a delivery: its event and every attempt, with the head of each answer")
    .argument(
      "<id>",
      "as the list shows it; or a webhook-id, for the deliveries of its event, one for each endpoint",
      readShown,
    )
    .option(...CONFIG_OPTION)
    .option("--json", "as JSON; with a webhook-id as an array")
    .action(async (id: number | string, said: { config?: string; json?: boolean }) => {
      const loaded = await configured(context, said.config, "aside");
      if (loaded === null) return;
      const shown = await looking(loaded.config, (lookup) => {
        if (typeof id === "number") return [found(lookup, id)];
        const filter = { ...ANY_DELIVERY, eventId: id };
        heedNames(lookup, loaded.config, filter);
        return [...map(walk(lookup, filter, "oldest"), (row) => found(lookup, row.deliveryId))];
      });
      if (said.json) print(JSON.stringify(typeof id === "number" ? shown[0] : shown, null, 2));
      else
        print(
          ...shown.flatMap((each, at) =>
            at === 0 ? details(each) : ["", ...details(each, false)],
          ),
        );
    });
}

/** A webhook-id is never a number alone: it holds the PBX's name. */
function readShown(text: string): number | string {
  if (/^\d{12}_\d+(-\d+)?$/.test(text)) {
    throw new InvalidArgumentError(`That is a call's id: offhook deliveries list --call ${text}`);
  }
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function found(lookup: StoreLookup, id: number): DeliveryDetail {
  const shown = lookup.show(id);
  if (shown !== null) return shown;
  throw new Error(
    `Expected a delivery ${id} in the store, found none. Retention may have removed it.`,
  );
}

function exportCommand(context: CliContext): Command {
  const command = new Command("export")
    .description("deliveries, the oldest first, for other programs")
    .option(...CONFIG_OPTION)
    .addOption(
      new Option("--format <format>", "JSON Lines or CSV")
        .choices(["jsonl", "csv"])
        .default("jsonl"),
    )
    .option("--output <file>", "into this new file instead of to standard output");
  return withFilter(command).action(
    async (said: Said & { format: "jsonl" | "csv"; output?: string }) => {
      const loaded = await configured(context, said.config, "aside");
      if (loaded === null) return;
      await looking(loaded.config, async (lookup) => {
        const filter = filterOf(said);
        heedNames(lookup, loaded.config, filter);
        const rows = walk(lookup, filter, "oldest");
        const lines = said.format === "csv" ? csvLines(rows) : map(rows, jsonLine);
        if (said.output === undefined) await pour(lines, process.stdout);
        else {
          const file = await openNew(said.output);
          await pour(lines, file);
          file.end();
          await once(file, "close");
        }
      });
    },
  );
}

async function openNew(path: string): Promise<Writable> {
  const file = createWriteStream(path, { flags: "wx", mode: 0o600 });
  await once(file, "open").catch((error: unknown) => {
    const isThere = errorCodeOf(error) === "EEXIST";
    const found = isThere ? `${path} is there already. Move it away` : messageOf(error);
    throw new Error(`Expected a new file for --output, but ${found}.`);
  });
  return file;
}

/** No faster than it is read: what waits to be written is one line. */
async function pour(lines: Iterable<string>, to: Writable): Promise<void> {
  for (const line of lines) if (!to.write(line)) await once(to, "drain");
}

function* csvLines(rows: Iterable<DeliveryRow>): Generator<string> {
  let headed = false;
  for (const row of rows) {
    const cells = flat(row);
    if (!headed) yield csvLine(Object.keys(cells));
    headed = true;
    yield csvLine(Object.values(cells));
  }
}

function* map<T, R>(items: Iterable<T>, change: (item: T) => R): Generator<R> {
  for (const item of items) yield change(item);
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left <= 0) return;
  }
}

const LIMIT_MAX = 100_000;

function readLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit > 0 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Expected a number from 1 to ${LIMIT_MAX}. For all, see export.`);
}
