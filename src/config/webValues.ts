/** Values of keys that have to do with endpoints: how a text becomes one. Pure; the rules of values.ts hold. */

import { parseTemplate, renderTemplate, TEMPLATE_CHARS_MAX } from "../events/template.ts";
import { messageOf } from "../util/messageOf.ts";
import { compilePattern } from "../util/pattern.ts";
import { LIST_ITEMS_MAX, no, ok, type Parser, TEXT_CHARS_MAX, webUrl } from "./values.ts";

const DID_CHARS_MAX = 200;
const PEM_CHARS_MAX = 64 * 1024;

/** The value of the header. */
export const basicAuth: Parser<string> = (text) => {
  const expected = `user:password, printable, at most ${TEXT_CHARS_MAX} characters`;
  const shown = "***";
  if (text.length > TEXT_CHARS_MAX || /\p{Cc}/u.test(text)) return no(expected, shown);
  if (text.indexOf(":") < 1) return no(expected, `${shown}, without a user name and a colon`);
  return ok(`Basic ${Buffer.from(text, "utf8").toString("base64")}`);
};

/** The value of the header. */
export const bearerToken: Parser<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) && text.length <= TEXT_CHARS_MAX
    ? ok(`Bearer ${text}`)
    : no(`a token of at most ${TEXT_CHARS_MAX} printable ASCII characters without blanks`, "***");

/** What it holds is looked at together with the certificate. */
export const pemText: Parser<string> = (text) =>
  text.length <= PEM_CHARS_MAX ? ok(text) : no(`at most ${PEM_CHARS_MAX} characters`, "***");

/** `none`, or the proxy's URL. */
export const proxyUrl: Parser<string> = (text) => {
  if (text.toLowerCase() === "none") return ok("none");
  const expected = "http://host:port, https://host:port or none; user:password@ before the host";
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = /^https?:\/\//i.test(text);
  if (url === null || !scheme || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return no(expected, "***");
  }
  return ok(url.href);
};

export const didList: Parser<readonly string[]> = (text) => {
  const dids = text
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (dids.length === 0) return no("names or numbers of DIDs, comma-separated");
  if (dids.length > LIST_ITEMS_MAX) return no(`at most ${LIST_ITEMS_MAX} DIDs`);
  const long = dids.find((did) => did.length > DID_CHARS_MAX);
  return long === undefined
    ? ok([...new Set(dids)])
    : no(`at most ${DID_CHARS_MAX} characters each`);
};

export const callerPattern: Parser<string> = (text) => {
  try {
    compilePattern(text);
    return ok(text);
  } catch (error) {
    const why = messageOf(error);
    return no(`a regular expression in RE2 syntax, without look-around (${why.slice(0, 120)})`);
  }
};

/** Whether it is a good one depends on the endpoint's encoding. */
export const templateText: Parser<string> = (text) =>
  text.length <= TEMPLATE_CHARS_MAX
    ? ok(text)
    : no(`at most ${TEMPLATE_CHARS_MAX} characters`, `${text.length} characters`);

const PLACE = /\{\{[^{}]*\}\}/g;

/** A URL that may have `{{fact}}` behind its host. Normalised like any other, the places kept. */
export const callUrl: Parser<string> = (text) => {
  if (!text.includes("{{")) return webUrl(text);
  const parsed = parseTemplate(text, "url");
  if (!parsed.ok) {
    const [problem] = parsed.problems;
    return no(problem?.expected ?? "", problem?.found);
  }
  if (!/^https?:\/\/[^/?#\\{}]+[/?]/i.test(text)) {
    return no("a URL that begins with https:// or http:// and a host, with {{…}} behind that");
  }
  const places: string[] = [];
  // A word that the parser of URLs leaves as it is.
  const stem = `offhook${"x".repeat((/x+/.exec(text)?.[0].length ?? 0) + 1)}`;
  const worded = text.replace(PLACE, (place) => `${stem}${places.push(place) - 1}y`);
  const url = webUrl(worded);
  if (!url.ok) return url;
  const expected = "a path whose segments stay the same whatever {{…}} stands for";
  for (const fill of ["", "a", "."]) {
    const facts = { get: () => fill } as unknown as ReadonlyMap<string, string>;
    const filled = new URL(renderTemplate(parsed.template, facts));
    const segments = (of: URL) => of.pathname.split("/").length;
    if (segments(filled) !== segments(new URL(url.value))) return no(expected);
  }
  return ok(places.reduce((href, place, at) => href.replace(`${stem}${at}y`, place), url.value));
};
