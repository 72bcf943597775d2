/**
 * `/api/recordings/…`: what became of the recordings of links, looking for them anew, and their removal. POSTs
 * all, as callers' numbers do not belong into a URL. Registered behind the admin API's token.
 */
import type { FastifyInstance } from "fastify";
import type { LinkQuery, RecordedLink } from "../../recordings/ledger.ts";
import { ON_REQUEST } from "../../recordings/links.ts";

/** What the service lets an operator do with recordings. */
export interface RecordingsAdmin {
  find(what: LinkQuery, limit: number): Promise<readonly RecordedLink[]>;
  /** False if there is nothing to retry. */
  retry(link: RecordedLink): Promise<boolean>;
  /** How many files; rejects if one is still there afterwards. */
  remove(link: RecordedLink, reason: string): Promise<number>;
}

export const LINK_STATES = ["seeking", "fetching", "announced", "none", "failed"] as const;

/** Fields as in webhooks; exactly one of them, or none for all. */
export interface RecordingsChosen {
  /** A call's id, with or without the link. */
  readonly call?: string;
  readonly callerid?: string;
  readonly state?: (typeof LINK_STATES)[number];
}

export interface RetryAnswer {
  readonly retried: number;
}

export interface RemoveAnswer {
  readonly links: number;
  readonly files: number;
}

const LIMIT_MAX = 1000;
/** More than any caller has. */
const LINKS_MAX = 10_000;
const RETRIED_TOGETHER = 200;
const callGrammar = /^(\d{12}_\d{1,10})(?:-(\d{1,6}))?$/;

/** Null if the id of the call is none. */
export function queryOf({ call, callerid, state }: RecordingsChosen): LinkQuery | null {
  if (call !== undefined) {
    const [, callId, link] = callGrammar.exec(call) ?? [];
    if (callId === undefined) return null;
    return { by: "call", callId, link: link === undefined ? null : Number(link) };
  }
  if (callerid !== undefined) return { by: "callerid", callerid: digitsOf(callerid) };
  return state === undefined ? { by: "all" } : { by: "state", state };
}

/** As webhooks tell it: no plus, nothing between the digits. */
function digitsOf(number: string): string {
  return /^[+\d\s().-]+$/.test(number) ? number.replaceAll(/\D/g, "") : number;
}

export function recordingsAdminRoutes(admin: RecordingsAdmin) {
  return async (api: FastifyInstance): Promise<void> => {
    api.post<{ Body: RecordingsChosen & { readonly limit?: number } }>(
      "/list",
      { schema: { body: schemaOf(["call", "callerid", "state"], 0, true) } },
      async ({ body: { limit = 100, ...chosen } }, reply) => {
        const what = queryOf(chosen);
        if (what === null) return reply.code(400).send({ error: CALL_EXPECTED });
        return { recordings: await admin.find(what, limit) };
      },
    );

    api.post<{ Body: RecordingsChosen }>(
      "/retry",
      { schema: { body: schemaOf(["call", "callerid", "state"], 1) } },
      async ({ body }, reply) => {
        const what = queryOf(body);
        if (what === null) return reply.code(400).send({ error: CALL_EXPECTED });
        let retried = 0;
        const links = await admin.find(what, LINKS_MAX);
        // Together, so that they share the questions to the PBX.
        for (let at = 0; at < links.length; at += RETRIED_TOGETHER) {
          const some = links.slice(at, at + RETRIED_TOGETHER);
          const done = await Promise.all(some.map((link) => admin.retry(link)));
          retried += done.filter(Boolean).length;
        }
        return { retried } satisfies RetryAnswer;
      },
    );

    api.post<{ Body: RecordingsChosen }>(
      "/delete",
      { schema: { body: schemaOf(["call", "callerid"], 1) } },
      async ({ body }, reply) => {
        const what = queryOf(body);
        if (what === null) return reply.code(400).send({ error: CALL_EXPECTED });
        const links = await admin.find(what, LINKS_MAX);
        let files = 0;
        for (const link of links) files += await admin.remove(link, ON_REQUEST);
        return { links: links.length, files } satisfies RemoveAnswer;
      },
    );
  };
}

const CALL_EXPECTED =
  "Expected the id of a call as webhooks have it, like 230115121143_9 or 230115121143_9-1.";

const word = { type: "string", minLength: 1, maxLength: 64 } as const;
const properties = { call: word, callerid: word, state: { enum: LINK_STATES } } as const;

function schemaOf(names: readonly (keyof typeof properties)[], least: number, hasLimit = false) {
  const chosen = Object.fromEntries(names.map((name) => [name, properties[name]]));
  const limit = { type: "integer", minimum: 1, maximum: LIMIT_MAX };
  return {
    type: "object",
    additionalProperties: false,
    minProperties: least,
    maxProperties: hasLimit ? 2 : 1,
    properties: hasLimit ? { ...chosen, limit } : chosen,
  };
}
