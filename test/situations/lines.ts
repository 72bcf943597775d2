/** How the documents write a webhook: one line, with what differs from call to call named. */
import type { Told } from "./play.ts";

/** The caller of every scene that does not say otherwise. */
const usualCaller = "420777000001";

/** The lines of one scene. Where it has several calls or callers, each line says whose it is. */
export function linesOf(webhooks: readonly Told[]): string[] {
  const calls = [...new Set(webhooks.map(({ id }) => callOf(id)))];
  const callers = new Set(webhooks.map(({ callerid }) => callerid));
  const usual = callers.size === 1 && callers.has(usualCaller);
  return webhooks.map((told) => {
    const call = calls.length > 1 ? `call ${calls.indexOf(callOf(told.id)) + 1}` : "";
    const words = [...wordsOf(told), usual ? "" : `callerid=${told.callerid}`];
    return [...words, call, linkOf(told.id)].filter((word) => word !== "").join(" ");
  });
}

function callOf(id = ""): string {
  return id.slice(0, id.lastIndexOf("-"));
}

function linkOf(id = ""): string {
  return id.slice(id.lastIndexOf("-"));
}

function wordsOf(told: Told): string[] {
  const { event = "", user = "", usertype = "", trtype = "", finishtype = "", did = "" } = told;
  const tells = event === "ringing" || finishtype === "Missed" ? usertype : "";
  const passed = told.transfer === "True" ? "transfer=True" : "";
  const title = told.title === undefined ? "" : `"${titleOf(told)}"`;
  const inDid = did === "" ? "" : `did="${did}"`;
  return [event, user, tells, trtype, finishtype, passed, inDid, title];
}

function titleOf({ title = "", callerid = "", did = "" }: Told): string {
  const named = did === "" ? title : title.replace(`${did}:`, "{did}:");
  return named.replace(callerid, "{callerid}").replace(/\(\d+:[0-5]\d\)/, "(m:ss)");
}

/** The line as it would be if nothing told the DID. */
export function withoutDid(line: string): string {
  return line.replace(/ did="[^"]*"/, "").replace("{did}:", "");
}

export function didOf(line: string): string {
  return / did="([^"]*)"/.exec(line)?.[1] ?? "";
}

export function withoutTitle(line: string): string {
  return line.replace(/ "[^"]*"(?= )/, "");
}
