/**
 * The writer's requests as they cross to its thread. What comes by the thousand, events and deliveries that went
 * well, goes as one flat list: objects are copied field by field with their names, and cost the receiving thread
 * four times as much. Everything else goes as it is. Must hold: what is unpacked is what was packed, in its order.
 */
import type { Checkpoint } from "../outbox.ts";
import type { EventRow, Made, Operations, Request, Result, SettleRow } from "./wire.ts";

type Cell = string | number | null;

export interface Packed {
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
  return { cells, others };
}

/** The results of a batch on their way back. */
export interface PackedResults {
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
  return { cells, others };
}

function packMade(cells: number[], events: Deliveries): void {
  cells.push(MADE, events.length);
  for (const made of events) {
    cells.push(made?.length ?? BEFORE);
    for (const [deliveryId, sequence] of made ?? []) cells.push(deliveryId, sequence);
  }
}

export function unpackResults({ cells, others }: PackedResults): readonly Result[] {
  const reader = new Reader(cells);
  const results: Result[] = [];
  let othersRead = 0;
  while (!reader.done) {
    const packed = reader.number();
    if (packed === NOTHING) results.push(DONE);
    else if (packed === MADE) results.push({ ok: true, answer: reader.list(unpackMade) });
    else {
      const other = others[othersRead];
      othersRead += 1;
      if (other !== undefined) results.push(other);
    }
  }
  return results;
}

const DONE: Result = { ok: true, answer: null };

function unpackMade(reader: Reader): readonly Made[] | null {
  const count = reader.number();
  if (count === BEFORE) return null;
  return reader.several(count, () => [reader.number(), reader.number()]);
}

export function unpack({ cells, others }: Packed): readonly Request[] {
  const reader = new Reader(cells);
  const requests: Request[] = [];
  let othersRead = 0;
  while (!reader.done) {
    const packed = reader.text();
    if (packed === "append") {
      const events = reader.list(unpackEvent);
      requests.push({ operation: "append", events, checkpoints: reader.list(unpackCheckpoint) });
    } else if (packed === "delivered") {
      requests.push({ operation: "settle", settlements: reader.list(unpackDelivered) });
    } else {
      const other = others[othersRead];
      othersRead += 1;
      if (other !== undefined) requests.push(other);
    }
  }
  return requests;
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
