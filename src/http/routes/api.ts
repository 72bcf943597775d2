/**
 * The admin API, `/api/…`: what was and was not delivered, replay, endpoints. Everything here needs the token,
 * as it tells of calls. Must hold: what is asked is bounded and checked before anything is done.
 */
import type { FastifyInstance, FastifySchemaValidationError } from "fastify";
import {
  ANY_DELIVERY,
  DELIVERY_STATES,
  type DeliveryDetail,
  type DeliveryFilter,
  EVENT_NAMES,
  IDS_MAX,
  type Listed,
  type ListPage,
} from "../../outbox/lookup.ts";
import { isAuthorised } from "../adminToken.ts";
import { type RecordingsAdmin, recordingsAdminRoutes } from "./recordings.ts";

/** An endpoint as the running service knows it, and what the store has for it. */
export interface EndpointReport {
  readonly name: string;
  /** `healthy`, `failing`, `paused`, `unconfigured` … */
  readonly state: string;
  /** Why, since when, until when: whatever the state comes with. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly pending: number;
  readonly delivered: number;
  readonly dead: number;
  readonly expired: number;
  readonly oldestPendingAt: number | null;
  readonly deadRemoved: number;
}

export interface ReplayOrder {
  readonly filter: DeliveryFilter;
  readonly through: number;
  readonly after: number | null;
}

export interface ReplayAnswer {
  readonly replayed: number;
  readonly until: number;
  readonly next: number | null;
}

/** What the service lets an operator do. */
export interface Admin {
  /** The token in force. */
  token(): string;
  endpoints(): Promise<readonly EndpointReport[]>;
  /** False if the configuration has no endpoint of that name. */
  resume(name: string): Promise<boolean>;
  list(filter: DeliveryFilter, page: ListPage): Promise<Listed>;
  show(deliveryId: number): Promise<DeliveryDetail | null>;
  replay(order: ReplayOrder): Promise<ReplayAnswer>;
  readonly recordings: RecordingsAdmin;
}

const ROWS_MAX = 1000;
const id = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const digits = { type: "string", pattern: "^\\d{1,15}$" } as const;
const orNull = <T extends object>(schema: T) => ({ ...schema, nullable: true });
const word = { type: "string", maxLength: 256 } as const;
const time = { type: "integer" } as const;

const filterSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    ids: orNull({ type: "array", maxItems: IDS_MAX, items: id }),
    eventId: orNull(word),
    states: orNull({
      type: "array",
      maxItems: DELIVERY_STATES.length,
      items: { enum: DELIVERY_STATES },
    }),
    endpoint: orNull(word),
    pbx: orNull(word),
    kinds: orNull({ type: "array", maxItems: 50, items: { enum: Object.keys(EVENT_NAMES) } }),
    user: orNull(word),
    callerid: orNull(word),
    callId: orNull(word),
    fromAt: orNull(time),
    toAt: orNull(time),
    outcome: orNull(word),
  },
} as const;

interface ListOrder {
  readonly filter?: Partial<DeliveryFilter>;
  readonly after?: number | null;
  readonly limit?: number;
  readonly order?: ListPage["order"];
}

export function adminRoutes(admin: Admin) {
  return async (api: FastifyInstance): Promise<void> => {
    api.setSchemaErrorFormatter(([first], where) => new Error(whatIsWrong(where, first)));
    api.addHook("onRequest", async (request, reply) => {
      reply.header("cache-control", "no-store");
      if (isAuthorised(request.headers.authorization, admin.token())) return;
      reply.header("www-authenticate", "Bearer");
      const error = "Expected the header Authorization: Bearer ADMIN_TOKEN.";
      return reply.code(401).send({ error });
    });

    api.get("/endpoints", async () => ({ endpoints: await admin.endpoints() }));

    api.post<{ Params: { name: string } }>("/endpoints/:name/resume", async (request, reply) => {
      const { name } = request.params;
      if (await admin.resume(name)) return { resumed: name };
      const expected = "Expected the name of an endpoint of the configuration";
      const error = `${expected}, got ${JSON.stringify(name)}.`;
      return reply.code(404).send({ error });
    });

    // A POST, as filters hold callers' numbers, which do not belong into a URL.
    api.post<{ Body: ListOrder }>(
      "/deliveries/list",
      { schema: { body: listSchema } },
      (request) => {
        const { filter = {}, after = null, limit = 100, order = "newest" } = request.body;
        return admin.list({ ...ANY_DELIVERY, ...filter }, { after, limit, order });
      },
    );

    api.get<{ Params: { id: string } }>(
      "/deliveries/:id",
      { schema: { params: { type: "object", properties: { id: digits } } } },
      async (request, reply) => {
        const found = await admin.show(Number(request.params.id));
        if (found !== null) return found;
        return reply.code(404).send({ error: `There is no delivery ${request.params.id}.` });
      },
    );

    await api.register(recordingsAdminRoutes(admin.recordings), { prefix: "/recordings" });

    api.post<{ Body: ReplayOrder }>("/replay", { schema: { body: replaySchema } }, (request) => {
      const { filter, through, after } = request.body;
      return admin.replay({
        filter: { ...ANY_DELIVERY, ...filter },
        through,
        after: after ?? null,
      });
    });
  };
}

/** With the value that is too many, or those that may be: who asks sees neither schema nor page. */
function whatIsWrong(where: string, fault: FastifySchemaValidationError | undefined): string {
  const { instancePath = "", message = "is wrong", params = {} } = fault ?? {};
  const { allowedValues, additionalProperty } = params;
  const more = Array.isArray(allowedValues) ? allowedValues.join(", ") : additionalProperty;
  return `${where}${instancePath} ${message}${more === undefined ? "" : `: ${more}`}`;
}

const listSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    filter: filterSchema,
    after: orNull(id),
    limit: { type: "integer", minimum: 1, maximum: ROWS_MAX },
    order: { enum: ["newest", "oldest"] },
  },
} as const;

const replaySchema = {
  type: "object",
  additionalProperties: false,
  required: ["filter", "through"],
  properties: { filter: filterSchema, through: id, after: orNull(id) },
} as const;
