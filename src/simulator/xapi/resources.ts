/**
 * From an address to what it names, and from there to an outcome:
 *
 *   /Set                 GET, POST        /Set/$count         GET
 *   /Set(key)            GET, PATCH, DELETE   /Set(key)/Nav   GET
 *   /Set/Pbx.Name(…)     /Set(key)/Pbx.Name(…)   functions by GET, actions by POST
 *   /Singleton           GET, PATCH       /Singleton/Part     GET
 */
import { assertNever } from "../../util/assertNever.ts";
import type { ApiClient } from "../directory.ts";
import { parseBody, parseEntity } from "./body.ts";
import { EMPTY_SETS } from "./catalogue.ts";
import { parseAddress, parseArguments, parseKey, type Segment } from "./odata/address.ts";
import { notFound, ODataError } from "./odata/error.ts";
import { type Options, parseQuery } from "./odata/options.ts";
import type { Row } from "./odata/schema.ts";
import { unquote } from "./odata/token.ts";
import { parseInstant } from "./odata/value.ts";
import type { ArgumentKind, Operation } from "./operation.ts";
import type { Outcome } from "./outcome.ts";
import type { EntitySet, EntitySets } from "./sets.ts";
import type { Singleton } from "./singletons.ts";

export interface XapiRequest {
  readonly method: string;
  /** Behind the root, undecoded. */
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly client: ApiClient;
}

export interface ResourcesWorld {
  readonly sets: EntitySets;
  readonly liveSets: readonly EntitySet[];
  readonly singletons: ReadonlyMap<string, Singleton>;
  readonly operations: ReadonlyMap<string, Operation>;
  now(): number;
}

const NAMESPACE = "Pbx.";

export class Resources {
  readonly #world: ResourcesWorld;
  readonly #live: ReadonlyMap<string, EntitySet>;

  constructor(world: ResourcesWorld) {
    this.#world = world;
    this.#live = new Map(world.liveSets.map((set) => [set.name, set]));
  }

  async answer(request: XapiRequest): Promise<{ outcome: Outcome; options: Options }> {
    const segments = parseAddress(request.path);
    const options = parseQuery(request.query);
    return { outcome: await this.#outcome(segments, request), options };
  }

  #outcome(segments: readonly Segment[], request: XapiRequest): Outcome | Promise<Outcome> {
    const [first, second, third] = segments;
    if (!first) return this.#serviceDocument(request);
    if (second?.name.startsWith(NAMESPACE)) {
      if (third) throw nothingAt(request);
      return this.#operation(first, second, request);
    }
    const singleton = this.#world.singletons.get(first.name);
    if (singleton && first.args === undefined) return singletonOutcome(singleton, second, request);
    const set = this.#setOf(first.name);
    if (!set) return emptySetOutcome(segments, request);
    if (first.args !== undefined) return this.#entityOutcome(set, first.args, segments, request);
    if (!second) return setOutcome(set, request);
    if (second.name !== "$count" || third) throw nothingAt(request);
    expectMethod(request, ["GET"]);
    return { kind: "count", rows: set.rows(), type: set.type };
  }

  #setOf(name: string): EntitySet | undefined {
    return this.#live.get(name) ?? this.#world.sets.get(name);
  }

  #serviceDocument(request: XapiRequest): Outcome {
    expectMethod(request, ["GET"]);
    const sets = [...this.#world.sets.names(), ...this.#live.keys(), ...EMPTY_SETS];
    const entry = (kind: string) => (name: string) => ({ name, kind, url: name });
    return {
      kind: "rows",
      context: "",
      rows: [
        ...sets.map(entry("EntitySet")),
        ...[...this.#world.singletons.keys()].map(entry("Singleton")),
      ],
      type: undefined,
    };
  }

  #entityOutcome(
    set: EntitySet,
    args: string,
    segments: readonly Segment[],
    request: XapiRequest,
  ): Outcome {
    const [, second, third] = segments;
    const row = findRow(set, args);
    if (third) throw nothingAt(request);
    if (!second) return entityOutcome(set, row, request);
    expectMethod(request, ["GET"]);
    const value = row[second.name];
    if (set.type.kinds.get(second.name) !== "nav" || second.args !== undefined) {
      throw nothingAt(request);
    }
    const context = `${set.name}(${String(row.Id)})/${second.name}`;
    if (Array.isArray(value)) return { kind: "rows", context, rows: value, type: undefined };
    if (typeof value !== "object" || value === null) return { kind: "nothing", status: 204 };
    return {
      kind: "entity",
      context,
      row: Object.fromEntries(Object.entries(value)),
      type: undefined,
    };
  }

  #operation(holder: Segment, called: Segment, request: XapiRequest): Outcome | Promise<Outcome> {
    const bound = holder.args === undefined ? holder.name : `${holder.name}()`;
    const name = called.name.slice(NAMESPACE.length);
    const operation = this.#world.operations.get(`${bound}/${name}`);
    if (!operation) throw nothingAt(request);
    expectMethod(request, [operation.method]);
    return operation.run({
      args: argumentsOf(operation, called.args ?? ""),
      body: operation.method === "POST" ? parseBody(request.body) : {},
      entity: holder.args === undefined ? undefined : this.#boundEntity(holder),
      client: request.client,
    });
  }

  /** Actions are bound to rows of sets that cannot be read by key, too. */
  #boundEntity(holder: Segment): Row {
    const set = this.#setOf(holder.name);
    if (!set) throw notFound(`There is no set ${holder.name}.`);
    return findRow(set.keys.length > 0 ? set : { ...set, keys: ["Id"] }, holder.args ?? "");
  }
}

function emptySetOutcome([set, part, ...more]: readonly Segment[], request: XapiRequest): Outcome {
  const isCount = part?.name === "$count" && more.length === 0;
  const isKnown = set !== undefined && set.args === undefined && EMPTY_SETS.includes(set.name);
  if (!isKnown || (part && !isCount)) throw nothingAt(request);
  expectMethod(request, ["GET"]);
  if (isCount) return { kind: "count", rows: [], type: undefined };
  return { kind: "rows", context: set.name, rows: [], type: undefined };
}

function setOutcome(set: EntitySet, request: XapiRequest): Outcome {
  const create = set.writes?.create;
  expectMethod(request, create ? ["GET", "POST"] : ["GET"]);
  if (request.method === "GET" || !create) {
    return { kind: "rows", context: set.name, rows: set.rows(), type: set.type };
  }
  const row = create(parseEntity(request.body, set.type));
  const created = `${set.name}(${String(row.Id)})`;
  return { kind: "entity", context: `${set.name}/$entity`, row, type: set.type, created };
}

function entityOutcome(set: EntitySet, row: Row, request: XapiRequest): Outcome {
  const { writes } = set;
  expectMethod(request, writes ? ["GET", "PATCH", "DELETE"] : ["GET"]);
  if (request.method === "PATCH") writes?.patch(row, parseEntity(request.body, set.type));
  else if (request.method === "DELETE") writes?.remove(row);
  else return { kind: "entity", context: `${set.name}/$entity`, row, type: set.type };
  return { kind: "nothing", status: 204 };
}

function singletonOutcome(
  singleton: Singleton,
  part: Segment | undefined,
  request: XapiRequest,
): Outcome {
  if (part) {
    expectMethod(request, ["GET"]);
    const rows = singleton.parts.get(part.name)?.();
    if (!rows) throw nothingAt(request);
    return { kind: "rows", context: `${singleton.name}/${part.name}`, rows, type: undefined };
  }
  const { patch } = singleton;
  expectMethod(request, patch ? ["GET", "PATCH"] : ["GET"]);
  if (request.method === "PATCH" && patch) {
    patch(parseEntity(request.body, singleton.type));
    return { kind: "nothing", status: 204 };
  }
  return { kind: "entity", context: singleton.name, row: singleton.row(), type: singleton.type };
}

function findRow(set: EntitySet, args: string): Row {
  const key = parseKey(args);
  const property = set.keys.find((known) => known === (key.property || "Id"));
  const row = property && set.rows().find((candidate) => candidate[property] === key.value);
  if (!row) throw notFound(`${set.name}(${args.slice(0, 80)}) does not exist.`);
  return row;
}

/** A missing or malformed argument is 404; a date that is none is 500: so does the PBX. */
function argumentsOf(operation: Operation, written: string): Map<string, unknown> {
  const given = parseArguments(written);
  const takes = Object.entries(operation.takes ?? {});
  if (given.size !== takes.length) {
    throw notFound(`Expected ${takes.length} argument(s) in the brackets, got ${given.size}.`);
  }
  return new Map(
    takes.map(([name, kind]) => {
      const literal = given.get(name);
      if (literal === undefined) throw notFound(`The argument ${name} is missing.`);
      return [name, argumentValue(name, literal, kind)];
    }),
  );
}

const ARGUMENT_TIME = /^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)$/;

function argumentValue(name: string, literal: string, kind: ArgumentKind): unknown {
  switch (kind) {
    case "time":
      if (ARGUMENT_TIME.test(literal) && parseInstant(literal)) return literal;
      throw new ODataError(500, `The argument ${name} is no date and time in UTC.`);
    case "number":
      if (/^-?\d{1,10}$/.test(literal)) return Number(literal);
      break;
    case "flag":
      if (/^(true|false)$/i.test(literal)) return literal.toLowerCase() === "true";
      break;
    case "text":
      if (literal === "null") return null;
      if (/^'(?:[^']|'')*'$/.test(literal)) return unquote(literal);
      break;
    default:
      return assertNever(kind);
  }
  throw notFound(`The argument ${name} is no ${kind}.`);
}

function expectMethod(request: XapiRequest, methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  throw new ODataError(405, `Expected ${methods.join(" or ")} here, got ${request.method}.`);
}

function nothingAt(request: XapiRequest): ODataError {
  return notFound(`There is nothing at ${request.path.slice(0, 200)}.`);
}
