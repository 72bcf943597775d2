/**
 * The JSON that a client sends: for a write, an object whose properties the entity type knows, each
 * of the right kind. Annotations (`@odata.context`) are let through and dropped, since clients post
 * back what they were given.
 */
import { assertNever } from "../../util/assertNever.ts";
import { badRequest } from "./odata/error.ts";
import type { EntityType, Kind, Row } from "./odata/schema.ts";
import { parseDuration, parseInstant } from "./odata/value.ts";

export function parseBody(text: string): Row {
  if (text.trim() === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badRequest("Expected the body to be JSON.");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw badRequest("Expected the body to be a JSON object.");
  }
  return Object.fromEntries(Object.entries(parsed));
}

/** The properties of a body that is to be written to an entity. */
export function parseEntity(text: string, type: EntityType): Row {
  const properties: Row = {};
  for (const [name, value] of Object.entries(parseBody(text))) {
    if (name.includes("@")) continue;
    const kind = type.kinds.get(name);
    if (!kind) {
      throw badRequest(
        `The property '${name.slice(0, 80)}' does not exist on type 'Pbx.${type.name}'.`,
        name.slice(0, 80),
      );
    }
    if (value !== null && !fits(value, kind)) {
      throw badRequest(`Expected a value of kind ${kind} for '${name}'.`, name);
    }
    properties[name] = value;
  }
  return properties;
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "number":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "time":
      return typeof value === "string" && parseInstant(value) !== undefined;
    case "duration":
      return typeof value === "string" && parseDuration(value) !== undefined;
    case "list":
      return Array.isArray(value);
    case "complex":
    case "nav":
      return typeof value === "object";
    default:
      return assertNever(kind);
  }
}
