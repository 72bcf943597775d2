/**
 * What a client wrote through XAPI, laid over what the directory says. A row is known by its natural
 * key (a DN's number, else its id) and keeps its id for as long as the simulator runs.
 */
import { badRequest } from "./odata/error.ts";
import { completeRow, type EntityType, type Row } from "./odata/schema.ts";

const STORE_ROWS_MAX = 10_000;
const FIRST_ID = 20;

/** Hands out ids. All DNs share one, as all DNs of a PBX share one table. */
export class Ids {
  readonly #known = new Map<string, number>();
  #last = FIRST_ID - 1;

  of(key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#known.set(key, this.#last);
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

export interface StoreRules {
  readonly type: EntityType;
  readonly ids: Ids;
  /** The property that names a row for good. */
  readonly naturalKey: "Number" | "Id";
  /** What the directory has, without `Id` where the natural key is the number. */
  facts(): readonly Row[];
  /** Properties that are always computed, whatever was written. */
  derived?(row: Row): Row;
}

export class EntityStore {
  readonly #rules: StoreRules;
  readonly #written = new Map<string, Row>();
  readonly #created = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(rules: StoreRules) {
    this.#rules = rules;
  }

  rows(): Row[] {
    return this.bareRows().map((row) => this.#complete(row));
  }

  /** The rows without what is derived from other sets. */
  bareRows(): Row[] {
    const facts = new Map(this.#rules.facts().map((row) => [this.#keyOf(row), row]));
    const keys = new Set([...facts.keys(), ...this.#created]);
    const rows: Row[] = [];
    for (const key of keys) {
      if (this.#removed.has(key) && !this.#created.has(key)) continue;
      rows.push(this.#merge(key, facts.get(key)));
    }
    return rows;
  }

  find(id: unknown): Row | undefined {
    const row = this.bareRows().find((candidate) => candidate.Id === id);
    return row && this.#complete(row);
  }

  create(properties: Row): Row {
    if (this.#created.size >= STORE_ROWS_MAX) {
      throw badRequest(`The simulator keeps at most ${STORE_ROWS_MAX} created rows.`);
    }
    const row =
      this.#rules.naturalKey === "Id"
        ? { ...properties, Id: this.#rules.ids.next() }
        : { ...properties };
    const key = this.#keyOf(row);
    this.#written.set(key, row);
    this.#created.add(key);
    return this.#complete(this.#merge(key, undefined));
  }

  patch(row: Row, properties: Row): void {
    const key = this.#keyOf(row);
    this.#written.set(key, { ...this.#written.get(key), ...properties });
  }

  remove(row: Row): void {
    const key = this.#keyOf(row);
    this.#written.delete(key);
    if (!this.#created.delete(key) || this.#isFact(key)) this.#removed.add(key);
  }

  #isFact(key: string): boolean {
    return this.#rules.facts().some((row) => this.#keyOf(row) === key);
  }

  #merge(key: string, fact: Row | undefined): Row {
    const { naturalKey, ids } = this.#rules;
    const merged: Row = { ...fact, ...this.#written.get(key) };
    return naturalKey === "Number" ? { ...merged, Id: ids.of(`dn:${key}`) } : merged;
  }

  #complete(row: Row): Row {
    const { type, derived } = this.#rules;
    return completeRow(type, { ...row, ...derived?.(row) });
  }

  #keyOf(row: Row): string {
    return String(row[this.#rules.naturalKey]);
  }
}
