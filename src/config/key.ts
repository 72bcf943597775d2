/**
 * What a key of the configuration is, and how the table of keys (keys.ts) writes the usual ones.
 * What must hold: `defaultText` says what `fallback` is.
 */

import type { HeaderLine, Parser } from "./values.ts";
import * as values from "./values.ts";
import * as web from "./webValues.ts";

export type Scope = "top" | "pbx" | "endpoint";

export interface Key<T, Fallback = T> {
  /** In upper case. A numbered key ends in `_n` here and in `_1`, `_2` … in the file. */
  readonly name: string;
  readonly scope: Scope;
  readonly parse: Parser<T>;
  readonly fallback: Fallback;
  /** As docs/configuration.md prints it. */
  readonly defaultText: string;
  readonly limits: string;
  readonly doc: string;
  /** Never printed. Unless numbered, it may also come from `NAME_FILE` or the environment. */
  readonly secret: boolean;
  readonly numbered: boolean;
  /** Other names under which it is accepted. */
  readonly aliases: readonly string[];
}

export type AnyKey = Key<unknown, unknown>;

export const HEADERS_MAX = 50;

interface Extras {
  readonly secret?: boolean;
  readonly numbered?: boolean;
  readonly aliases?: readonly string[];
}

type Spec<T, Fallback> = Extras &
  Pick<Key<T, Fallback>, "parse" | "fallback" | "defaultText" | "limits" | "doc">;

export function key<T, const Fallback>(
  scope: Scope,
  name: string,
  spec: Spec<T, Fallback>,
): Key<T, Fallback> {
  return { scope, name, secret: false, numbered: false, aliases: [], ...spec };
}

export function text(scope: Scope, name: string, doc: string, extras: Extras = {}) {
  const spec = { parse: values.plainText, fallback: null, defaultText: "none", ...extras, doc };
  return key(scope, name, { ...spec, limits: `${values.TEXT_CHARS_MAX} characters` });
}

export function url(scope: Scope, name: string, doc: string, extras: Extras = {}) {
  const limits = "`http://` or `https://`, no user name, no `#`";
  const spec = { parse: values.webUrl, fallback: null, defaultText: "none", limits, ...extras };
  return key(scope, name, { ...spec, doc });
}

/** Where call events go: facts of the event may stand behind the host. */
export function callUrl(scope: Scope, name: string, doc: string) {
  const limits = "`http://` or `https://`, no user name, no `#`; `{{fact}}` behind the host";
  return { ...url(scope, name, doc), parse: web.callUrl, limits };
}

export function flag(
  scope: Scope,
  name: string,
  fallback: boolean,
  doc: string,
  extras: Extras = {},
) {
  const defaultText = fallback ? "1" : "0";
  const spec = { parse: values.flag, fallback, defaultText, limits: "`1` or `0`", ...extras };
  return key(scope, name, { ...spec, doc });
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

export function number(scope: Scope, name: string, fallback: number, range: Range, doc: string) {
  const { min, max, unit } = range;
  const parse = values.integer(min, max, unit);
  const spec = { parse, fallback, defaultText: String(fallback), limits: `${min} to ${max}` };
  return key(scope, name, { ...spec, doc });
}

/** The same key in a section: what stands above the first section is its default. */
export function inherited<T, F>(scope: Scope, name: string, from: Key<T, F>): Key<T, null> {
  const changed = { scope, name, fallback: null, aliases: [] };
  return { ...from, ...changed, defaultText: `\`${from.name}\` of the top` };
}

export function secretText(scope: Scope, name: string, doc: string, extras: Extras = {}) {
  return text(scope, name, doc, { secret: true, ...extras });
}

export function signing(scope: Scope, name: string, doc: string, extras: Extras = {}) {
  return key<readonly string[], null>(scope, name, {
    parse: values.signingSecrets,
    fallback: null,
    defaultText: "none: unsigned",
    limits: `\`whsec_\` + base64 of 24 to 64 bytes; ${values.SECRETS_MAX} secrets`,
    doc,
    secret: true,
    ...extras,
  });
}

export function header(scope: Scope, name: string, doc: string) {
  return key<HeaderLine, null>(scope, name, {
    parse: values.headerLine,
    fallback: null,
    defaultText: "none",
    limits: `n from 1 to ${HEADERS_MAX}; no name of ours or of the connection's`,
    doc,
    secret: true,
    numbered: true,
  });
}

export const ms = (min: number, max: number): Range => ({ min, max, unit: "milliseconds" });
