/**
 * What an entity is made of: its properties and the kind of each, so that a filter over an unknown
 * property, or one that compares a number with a text, is refused as the PBX refuses it.
 * Rows are plain objects; times and durations are kept as the ISO 8601 texts that go on the wire.
 */

/**
 * `open` is what we do not look into: members of complex values and of related entities.
 * `nav` is a related entity or a collection of them: written only when `$expand` asks for it.
 */
export type Kind = "text" | "number" | "flag" | "time" | "duration" | "complex" | "list" | "nav";

export type Row = Record<string, unknown>;

export interface EntityType {
  readonly name: string;
  readonly kinds: ReadonlyMap<string, Kind>;
}

/** Declares an entity type from lists of property names, separated by spaces, for each kind. */
export function entityType(name: string, lists: Partial<Record<Kind, string>>): EntityType {
  const kinds = new Map<string, Kind>();
  for (const [kind, names] of Object.entries(lists)) {
    for (const property of names.split(/\s+/).filter(Boolean)) kinds.set(property, kind as Kind);
  }
  return { name, kinds };
}

/** A row in which every property that is not given is there all the same, empty. */
export function completeRow(type: EntityType, known: Row): Row {
  const row: Row = {};
  for (const [property, kind] of type.kinds) {
    const empty = kind === "list" ? [] : null;
    if (property in known) row[property] = known[property] ?? empty;
    else if (kind !== "nav") row[property] = empty;
  }
  return row;
}
