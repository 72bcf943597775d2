/**
 * The writer's requests as they cross to its thread. What comes by the thousand, events and deliveries that went
 * well, goes as one flat list: objects are copied field by field with their names, and cost the receiving thread
 * four times as much. Everything else goes as it is. Must hold: what is unpacked is what was packed, in its order,
 * and as much of it; a message of which something is missing or left over is refused whole.
 */
import type { Checkpoint } from "../outbox.ts";
import type { EventRow, Made, Operations, Request, Result, SettleRow } from "./wire.ts";

type Cell = string | number | null;

export interface Packed {
  readonly count: number;
  /** For each request how it is packed, and its values behind it. */
  readonly cells: readonly Cell[];
  /** Those that are not packed, in their order. */
  readonly others: readonly Request[];
}

/** A settlement of the kind that nearly all are. */
interface Delivered extends SettleRow {
  readonly attempt: NonNullable<SettleRow["attempt"]>;
}

export function pack(requests: readonly Request[]): Packed {
  const cells: Cell[] = [];
  const others: Request[] = [];
  for (const request of requests) {
    if (request.operation === "append" && request.events.every(isPlain)) {
      cells.push("append", request.events.length);
      for (const event of request.events) packEvent(cells, event);
      cells.push(request.checkpoints.length);
      for (const { pbx, key, state } of request.checkpoints) cells.push(pbx, key, state);
    } else if (request.operation === "settle" && request.settlements.every(isDelivered)) {
      cells.push("delivered", request.settlements.length);
      for (const settlement of request.settlements) packDelivered(cells, settlement);
    } else {
      cells.push("other");
      others.push(request);
    }
  }
  return { count: requests.length, cells, others };
}

/** The results of a batch on their way back. */
export interface PackedResults {
  /** Of the requests that they answer. */
  readonly count: number;
  /** For each result how it is packed, and the numbers of new deliveries behind it. */
  readonly cells: readonly number[];
  readonly others: readonly Result[];
}

type Deliveries = Operations["append"]["answer"];

const NOTHING = 0;
const MADE = 1;
const OTHER = 2;
/** Instead of a count: the event was stored before. */
const BEFORE = -1;

export function packResults(
  requests: readonly Request[],
  results: readonly Result[],
): PackedResults {
  const cells: number[] = [];
  const others: Result[] = [];
  results.forEach((result, index) => {
    if (result.ok && result.answer === null) cells.push(NOTHING);
    else if (result.ok && requests[index]?.operation === "append") {
      packMade(cells, result.answer as Deliveries);
    } else {
      cells.push(OTHER);
      others.push(result);
    }
  });
  return { count: requests.length, cells, others };
}

function packMade(cells: number[], events: Deliveries): void {
  cells.push(MADE, events.length);
  for (const made of events) {
    cells.push(made?.length ?? BEFORE);
    for (const [deliveryId, sequence] of made ?? []) cells.push(deliveryId, sequence);
  }
}

export function unpackResults({ count, cells, others }: PackedResults): readonly Result[] {
  const reader = new Reader(cells);
  const rest = new Rest(others);
  const results: Result[] = [];
  while (!reader.done) {
    const packed = reader.number();
    if (packed === NOTHING) results.push(DONE);
    else if (packed === MADE) results.push({ ok: true, answer: reader.list(unpackMade) });
    else results.push(rest.next());
  }
  return whole(results, count, rest);
}

const DONE: Result = { ok: true, answer: null };

function unpackMade(reader: Reader): readonly Made[] | null {
  const count = reader.number();
  if (count === BEFORE) return null;
  return reader.several(count, () => [reader.number(), reader.number()]);
}

export function unpack({ count, cells, others }: Packed): readonly Request[] {
  const reader = new Reader(cells);
  const rest = new Rest(others);
  const requests: Request[] = [];
  while (!reader.done) {
    const packed = reader.text();
    if (packed === "append") {
      const events = reader.list(unpackEvent);
      requests.push({ operation: "append", events, checkpoints: reader.list(unpackCheckpoint) });
    } else if (packed === "delivered") {
      requests.push({ operation: "settle", settlements: reader.list(unpackDelivered) });
    } else requests.push(rest.next());
  }
  return whole(requests, count, rest);
}

/** An answer goes to whoever asked in its place: one too few would give all that follow to the wrong ones. */
function whole<T>(unpacked: readonly T[], count: number, { left }: Rest<unknown>): readonly T[] {
  if (unpacked.length === count && left === 0) return unpacked;
  const got = `${unpacked.length}, and ${left} left over`;
  throw new Error(`Expected ${count} in a message of the store, got ${got}.`);
}

const isPlain = ({ seekAt }: EventRow): boolean => seekAt === undefined;

function isDelivered(settlement: SettleRow): settlement is Delivered {
  const { attempt, fate, standing } = settlement;
  return attempt !== null && fate.state === "delivered" && standing === undefined;
}

function packEvent(cells: Cell[], { eventId, pbx, callId, at, body, endpoints }: EventRow): void {
  cells.push(eventId, pbx, callId, at, body, endpoints.length);
  for (const endpoint of endpoints) cells.push(endpoint);
}

function unpackEvent(reader: Reader): EventRow {
  return {
    eventId: reader.text(),
    pbx: reader.text(),
    callId: reader.text(),
    at: reader.number(),
    body: reader.text(),
    endpoints: reader.list((each) => each.text()),
  };
}

function unpackCheckpoint(reader: Reader): Checkpoint {
  return { pbx: reader.text(), key: reader.text(), state: reader.cell() as string | null };
}

function packDelivered(cells: Cell[], { deliveryId, attempt }: Delivered): void {
  const { number, startedAt, durationMs, status, outcome, responseHead } = attempt;
  cells.push(deliveryId, number, startedAt, durationMs, status, outcome, responseHead);
}

function unpackDelivered(reader: Reader): Delivered {
  return {
    deliveryId: reader.number(),
    attempt: {
      number: reader.number(),
      startedAt: reader.number(),
      durationMs: reader.number(),
      status: reader.cell() as number | null,
      outcome: reader.text(),
      responseHead: reader.text(),
    },
    fate: { state: "delivered" },
  };
}

/** What was not packed, one after another. */
class Rest<T> {
  readonly #items: readonly T[];
  #next = 0;

  constructor(items: readonly T[]) {
    this.#items = items;
  }

  get left(): number {
    return this.#items.length - this.#next;
  }

  next(): T {
    const item = this.#items[this.#next];
    if (item === undefined) throw new Error("Expected more in a message of the store.");
    this.#next += 1;
    return item;
  }
}

/** Reads the cells in the order in which they were packed, so their types are known. */
class Reader {
  readonly #cells: readonly Cell[];
  #next = 0;

  constructor(cells: readonly Cell[]) {
    this.#cells = cells;
  }

  get done(): boolean {
    return this.#next >= this.#cells.length;
  }

  cell(): Cell {
    if (this.done) throw new Error("Expected more in a message of the store.");
    const cell = this.#cells[this.#next];
    this.#next += 1;
    return cell ?? null;
  }

  text(): string {
    return this.cell() as string;
  }

  number(): number {
    return this.cell() as number;
  }

  /** As many as the cell before them says. */
  list<T>(read: (reader: Reader) => T): T[] {
    return this.several(this.number(), read);
  }

  several<T>(count: number, read: (reader: Reader) => T): T[] {
    const items: T[] = [];
    for (let index = 0; index < count; index += 1) items.push(read(this));
    return items;
  }
}
