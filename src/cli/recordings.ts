/** `offhook recordings …`: what became of each link's recording; to look for it anew, and to remove it. */
import { Command, InvalidArgumentError, Option } from "commander";
import { linkId } from "../events/callId.ts";
import {
  LINK_STATES,
  queryOf,
  type RecordingsChosen,
  type RemoveAnswer,
  type RetryAnswer,
} from "../http/routes/recordings.ts";
import type { RecordedFile, RecordedLink } from "../recordings/ledger.ts";
import { askRecordings, lookingAtRecordings } from "./backstage.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";
import { printable } from "./deliveriesPrint.ts";

interface Said extends RecordingsChosen {
  readonly config?: string;
  readonly json?: boolean;
}

const LIMIT_MAX = 1000;
/** More than any caller has. */
const LINKS_MAX = 100_000;

export function recordingsCommand(context: CliContext): Command {
  const command = new Command("recordings").description(
    "what became of recordings: list, retry, delete",
  );
  command.addCommand(listCommand(context));
  command.addCommand(retryCommand(context));
  command.addCommand(deleteCommand(context));
  return command;
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("answered links whose recording is wanted, the newest first")
    .option("--limit <count>", "at most this many", readLimit, 50)
    .option("--json", "as JSON Lines");
  return chooses(command, true).action(async (said: Said & { limit: number }) => {
    const what = meant(command, said);
    const loaded = await configured(context, said.config, "aside");
    if (loaded === null) return;
    lookingAtRecordings(loaded.config, (store) => {
      const links = store.find(what, said.limit);
      if (said.json) print(...links.map((link) => JSON.stringify(shown(link))));
      else print(...table([HEAD, ...links.map(rowOf)]), "", totalOf(store.counts()));
    });
  });
}

function retryCommand(context: CliContext): Command {
  const command = new Command("retry").description(
    "look anew for recordings that were not found, and fetch anew what could not be converted",
  );
  return chooses(command, true).action(async (said: Said) => {
    const { chosen } = required(command, said, "--call ID, --callerid NUMBER or --state STATE");
    const loaded = await configured(context, said.config, "aside");
    if (loaded === null) return;
    const { retried } = await askRecordings<RetryAnswer>(loaded.config, "retry", chosen);
    const none = "Nothing to retry: only links in the states none and failed are.";
    print(retried === 0 ? none : `${linksOf(retried)} tried anew.`);
  });
}

function deleteCommand(context: CliContext): Command {
  const command = new Command("delete")
    .description("remove the recordings of a call or of an outside number, for good")
    .option("--yes", "remove what matches");
  return chooses(command, false).action(async (said: Said & { yes?: boolean }) => {
    const { chosen, what } = required(command, said, "--call ID or --callerid NUMBER");
    const loaded = await configured(context, said.config, "aside");
    if (loaded === null) return;
    const found = lookingAtRecordings(loaded.config, (store) => store.find(what, LINKS_MAX));
    const files = found.flatMap((link) => link.files.filter(isKept)).length;
    if (found.length === 0 || !said.yes) {
      const way = found.length === 0 ? "" : " Nothing was removed. Add --yes to remove them.";
      print(`${linksOf(found.length)} with ${filesOf(files)}.${way}`);
      return;
    }
    const done = await askRecordings<RemoveAnswer>(loaded.config, "delete", chosen);
    print(`${filesOf(done.files)} of ${linksOf(done.links)} removed, and seen to be gone.`);
  });
}

function chooses(command: Command, hasState: boolean): Command {
  const states = new Option("--state <state>", "how far it has come").choices(LINK_STATES);
  const names = hasState ? ["call", "callerid", "state"] : ["call", "callerid"];
  const others = (name: string) => names.filter((each) => each !== name);
  command
    .option(...CONFIG_OPTION)
    .addOption(new Option("--call <id>", "of this call, or link").conflicts(others("call")))
    .addOption(
      new Option("--callerid <number>", "of this outside number").conflicts(others("callerid")),
    );
  return hasState ? command.addOption(states.conflicts(others("state"))) : command;
}

/** What is to be asked of the service, and of the ledger. */
function required(command: Command, said: Said, ways: string) {
  const { call, callerid, state } = said;
  const what = meant(command, said);
  if (call !== undefined) return { chosen: { call }, what };
  if (callerid !== undefined) return { chosen: { callerid }, what };
  if (state !== undefined) return { chosen: { state }, what };
  return command.error(`Expected to be told which: ${ways}.`, { exitCode: 2 });
}

function meant(command: Command, said: Said) {
  const what = queryOf(said);
  if (what !== null) return what;
  const found = JSON.stringify(said.call);
  return command.error(
    `Expected --call with an id as webhooks have it, like 230115121143_9 or 230115121143_9-1, got ${found}.`,
    { exitCode: 2 },
  );
}

const HEAD = ["ENDED", "STATE", "CALL", "USER", "CALLERID", "FILES", "WHY"];

function totalOf(counts: ReadonlyMap<string, number>): string {
  const told = LINK_STATES.map((state) => `${counts.get(state) ?? 0} ${state}`);
  return `Of all links: ${told.join(", ")}.`;
}

function rowOf({ ended, state, files, reason, dueAt }: RecordedLink): string[] {
  const { at, callId, link, user, callerid } = ended;
  const kept = files.filter(isKept);
  const size = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = kept.length === 0 ? "0" : `${kept.length} (${(size / 1e6).toFixed(1)} MB)`;
  const next = dueAt === null || state === "announced" ? "" : `next try ${iso(dueAt)}`;
  const why = [reason || (files.find((file) => file.reason !== "")?.reason ?? ""), next];
  const who = [user, callerid].map(printable);
  return [iso(at), state, linkId(callId, link), ...who, count, why.filter(Boolean).join("; ")];
}

/** For programs: what is known, with times that can be read. */
function shown({ ended, state, dueAt, tries, reason, files }: RecordedLink) {
  const { pbx, callId, link, user, callerid, direction, at } = ended;
  return {
    id: linkId(callId, link),
    ...{ pbx, user, callerid, direction, state, tries, reason },
    endTime: iso(at),
    dueTime: dueAt === null ? null : iso(dueAt),
    files: files.map(({ n, state: fileState, path, bytes, storedAt, reason: why }) => {
      return {
        n,
        state: fileState,
        path,
        bytes,
        storedTime: storedAt && iso(storedAt),
        reason: why,
      };
    }),
  };
}

const isKept = ({ path, state }: RecordedFile): boolean => path !== "" && state !== "removed";
const iso = (at: number): string => new Date(at).toISOString();
const linksOf = (count: number): string => `${count} ${count === 1 ? "link" : "links"}`;
const filesOf = (count: number): string => `${count} ${count === 1 ? "file" : "files"}`;

function readLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit > 0 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Expected a number from 1 to ${LIMIT_MAX}.`);
}
