/**
 * Hands out the sequences of lanes. Those of late are remembered, so that most events need no look-up.
 * Must hold: what is remembered is what the store says; it is forgotten when a transaction is undone or lanes are
 * removed.
 */
import type { DatabaseSync } from "node:sqlite";

/** A call has few events close together; beyond, all are looked up anew. */
const REMEMBERED_MAX = 10_000;

const FIND =
  "SELECT lane_id, last_sequence FROM lanes WHERE endpoint = ? AND pbx = ? AND call_id = ?";
const BEGIN = "INSERT INTO lanes (endpoint, pbx, call_id, last_sequence) VALUES (?, ?, ?, 1)";
const GO_ON = "UPDATE lanes SET last_sequence = ? WHERE lane_id = ?";

/** A lane, and the last sequence that was handed out in it. */
interface Lane {
  readonly laneId: number;
  sequence: number;
}

export class Lanes {
  readonly #find: ReturnType<DatabaseSync["prepare"]>;
  readonly #begin: ReturnType<DatabaseSync["prepare"]>;
  readonly #goOn: ReturnType<DatabaseSync["prepare"]>;
  /** By endpoint, PBX and call, of which the first two hold no line break. */
  readonly #known = new Map<string, Lane>();

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(FIND);
    this.#begin = db.prepare(BEGIN);
    this.#goOn = db.prepare(GO_ON);
  }

  /** The lane with its next sequence, which is handed out by this. */
  next(endpoint: string, pbx: string, callId: string): Readonly<Lane> {
    const key = `${endpoint}\n${pbx}\n${callId}`;
    const known = this.#known.get(key) ?? this.#stored(endpoint, pbx, callId);
    if (known !== null) {
      known.sequence += 1;
      this.#goOn.run(known.sequence, known.laneId);
      return this.#remember(key, known);
    }
    const { lastInsertRowid } = this.#begin.run(endpoint, pbx, callId);
    return this.#remember(key, { laneId: Number(lastInsertRowid), sequence: 1 });
  }

  forget(): void {
    this.#known.clear();
  }

  #stored(endpoint: string, pbx: string, callId: string): Lane | null {
    const row = this.#find.get(endpoint, pbx, callId);
    if (row === undefined) return null;
    return { laneId: Number(row.lane_id), sequence: Number(row.last_sequence) };
  }

  #remember(key: string, lane: Lane): Lane {
    if (this.#known.size >= REMEMBERED_MAX) this.forget();
    this.#known.set(key, lane);
    return lane;
  }
}
