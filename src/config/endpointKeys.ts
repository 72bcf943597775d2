/**
 * The keys that say how an endpoint is reached, how its body is written and what it is told: a part of the
 * table of keys (keys.ts).
 */
import { FACTS } from "../events/facts.ts";
import { PATTERN_CHARS_MAX } from "../util/pattern.ts";
import { flag, inherited, key, type Scope, secretText, text } from "./key.ts";
import * as values from "./values.ts";
import * as web from "./webValues.ts";

/** Who we are to the receiver: each target's own, as it must go to nobody else. */
export function accessKeys(scope: Scope, prefix: "WEBHOOK_" | "", suffix: string, who: string) {
  const receiver = who === "" ? "the receiver" : `the receiver ${who}`;
  const name = (word: string) => `${prefix}${word}${suffix}`;
  return {
    basicAuth: key(scope, name("BASIC_AUTH"), {
      parse: web.basicAuth,
      fallback: null,
      defaultText: "none",
      limits: "`user:password`",
      doc: `Log-in at ${receiver}, by HTTP basic authentication`,
      secret: true,
    }),
    bearerToken: key(scope, name("BEARER_TOKEN"), {
      parse: web.bearerToken,
      fallback: null,
      defaultText: "none",
      limits: "4096 characters, no blanks",
      doc: `Bearer token for ${receiver}, sent in the header \`Authorization\``,
      secret: true,
    }),
    clientCert: text(
      scope,
      name("CLIENT_CERT_FILE"),
      `PEM file of the TLS certificate that we show to ${receiver}`,
    ),
    clientKey: key(scope, name("CLIENT_KEY"), {
      parse: web.pemText,
      fallback: null,
      defaultText: "none",
      limits: "PEM, not encrypted; by file or environment",
      doc: "Private key of that certificate",
      secret: true,
    }),
  };
}

export const topWay = {
  caFile: text(
    "top",
    "WEBHOOK_CA_FILE",
    "PEM file of the authorities that receivers' certificates are checked by, instead of the system's",
  ),
  proxy: {
    ...secretText("top", "WEBHOOK_PROXY", "Proxy to the receivers; `none` = straight"),
    parse: web.proxyUrl,
    defaultText: "the environment's",
    limits: "`http://[user:password@]host:port`, `https://…`, `none`",
  },
  allowPrivate: flag(
    "top",
    "ALLOW_PRIVATE",
    true,
    "`0` = webhooks go to no private or loopback address; link-local and metadata addresses never get any",
  ),
};

export const sectionWay = {
  ...accessKeys("endpoint", "", "", ""),
  caFile: inherited("endpoint", "CA_FILE", topWay.caFile),
  proxy: inherited("endpoint", "PROXY", topWay.proxy),
  allowPrivate: inherited("endpoint", "ALLOW_PRIVATE", topWay.allowPrivate),
};

export const bodyKeys = {
  encoding: key("endpoint", "ENCODING", {
    parse: values.word(["json", "form", "query"]),
    fallback: null,
    defaultText: "`json` for POST, `query` for GET",
    limits: "`json`, `form`, `query`",
    doc: "How call events travel: as a JSON body, as a form, in the URL's query",
  }),
  template: key("endpoint", "TEMPLATE", {
    parse: web.templateText,
    fallback: null,
    defaultText: "none: the profile's fields",
    limits: `${FACTS.size} facts by name; 32768 characters, 200 places`,
    doc: "A body (or query) of your own for call events, with `{{fact}}` in it",
  }),
  templateFile: text("endpoint", "TEMPLATE_FILE", "A file with such a template"),
};

export const filterKeys = {
  queues: key("endpoint", "QUEUES", {
    parse: values.userList,
    fallback: null,
    defaultText: "all",
    limits: `${values.LIST_ITEMS_MAX} numbers`,
    doc: "Only events of calls that have come by one of these queues",
  }),
  dids: key("endpoint", "DIDS", {
    parse: web.didList,
    fallback: null,
    defaultText: "all",
    limits: `${values.LIST_ITEMS_MAX} names or numbers, separated by commas`,
    doc: "Only calls to these DIDs, by the rule's name or by number",
  }),
  missedOnly: flag("endpoint", "MISSED_ONLY", false, "`1` = only ends of calls that were missed"),
  callerid: key("endpoint", "CALLERID", {
    parse: web.callerPattern,
    fallback: null,
    defaultText: "all",
    limits: `${PATTERN_CHARS_MAX} characters, RE2 syntax`,
    doc: "Only calls with an outside number in which this regular expression is found",
  }),
};
