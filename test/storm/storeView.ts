/** Looks into the store of a program that runs or is dead, by SQL of its own; changes nothing of what it will find. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Installation } from "../support/process.ts";

export class StoreView {
  readonly #path: string;

  constructor({ folder }: Installation) {
    this.#path = join(folder, "data", "outbox.sqlite");
  }

  /** The column `value` of each row. */
  values(sql: string): string[] {
    // Killed before it made one.
    if (!existsSync(this.#path)) return [];
    const db = new DatabaseSync(this.#path, { readOnly: true });
    try {
      return db
        .prepare(sql)
        .all()
        .map(({ value }) => String(value));
    } finally {
      db.close();
    }
  }

  events(): string[] {
    return this.values("SELECT event_id AS value FROM events");
  }

  /** Events that an endpoint is owed, or was. */
  owedTo(endpoint: string): string[] {
    return this.#eventsWhere(`endpoint = '${endpoint}'`);
  }

  pending(): string[] {
    return this.#eventsWhere("state = 'pending'");
  }

  undelivered(): string[] {
    return this.#eventsWhere("state <> 'delivered'");
  }

  integrity(): string {
    return this.values("SELECT integrity_check AS value FROM pragma_integrity_check").join();
  }

  #eventsWhere(condition: string): string[] {
    return this.values(
      "SELECT event_id AS value FROM deliveries JOIN events ON position = event_position " +
        `WHERE ${condition}`,
    );
  }
}
