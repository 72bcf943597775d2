/**
 * A value with all that it holds as text, to tell whether two are the same: secrets, which do not print, are opened.
 * So the text is for comparing alone, never for a log.
 */
export function revealed(value: unknown): string {
  return JSON.stringify(opened(value));
}

/** A secret's own toJSON would run before a replacer sees it, so secrets are opened first. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if ("reveal" in value && typeof value.reveal === "function") return { secret: value.reveal() };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, opened(each)]));
}
