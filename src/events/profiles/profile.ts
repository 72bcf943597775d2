/**
 * What a profile is: for each kind of event, direction and method, the fields in their order.
 * A table is total: what a profile does not send is an entry, `null`, never a gap.
 */
import type { CallEvent, CallFacts, Direction, RecordingEvent, UserKind } from "../event.ts";

/** One field of a body: its name, and how its value is read from the event. */
export type Column<Event> = readonly [name: string, value: (event: Event) => string];

export interface Layout<Event> {
  readonly POST: readonly Column<Event>[];
  readonly GET: readonly Column<Event>[];
}

/** What a table lays out: all that is told of a call but its recordings, which repeat another event. */
export type TabledEvent = Exclude<CallEvent, RecordingEvent>;
export type TabledKind = TabledEvent["kind"];

/** The event type of each kind. */
export type EventOfKind = { readonly [Kind in TabledKind]: Extract<TabledEvent, { kind: Kind }> };

export type Profile = {
  readonly [Kind in TabledKind]: Readonly<Record<Direction, Layout<EventOfKind[Kind]> | null>>;
};

/** The same fields in the same order, whatever the method. */
export function bothMethods<Event>(columns: readonly Column<Event>[]): Layout<Event> {
  return { POST: columns, GET: columns };
}

/** A field whose value is the same in every event of a layout (the event's name). */
export function always(name: string, value: string): Column<CallFacts> {
  return [name, () => value];
}

/** `usertype` (docs/contract.md §3): everything that is neither extension nor queue is `other`. */
export const userTypeOf: Readonly<Record<UserKind, string>> = {
  extension: "ext",
  queue: "queue",
  ivr: "other",
  ringgroup: "other",
  other: "other",
};

/** .NET's text for a Boolean, as the published bodies carry it. */
export function booleanText(value: boolean): string {
  return value ? "True" : "False";
}
