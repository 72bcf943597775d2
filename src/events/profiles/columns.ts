/**
 * The fields that the profiles `classic` and `current` have in common (docs/contract.md §3).
 */
import { linkId } from "../callId.ts";
import type { AnsweredEvent, CallFacts, EndedEvent } from "../event.ts";
import { titleOf } from "../title.ts";
import { always, booleanText, type Column, userTypeOf } from "./profile.ts";

export function eventName(name: string): Column<CallFacts> {
  return always("event", name);
}

export const callerid: Column<CallFacts> = ["callerid", (event) => event.callerid];
export const user: Column<CallFacts> = ["user", (event) => event.user];
export const usertype: Column<CallFacts> = ["usertype", (event) => userTypeOf[event.userKind]];
export const did: Column<CallFacts> = ["did", (event) => event.did];
export const id: Column<CallFacts> = ["id", (event) => linkId(event.callId, event.link)];
export const trtype: Column<AnsweredEvent> = ["trtype", (event) => event.transferType];
export const finishtype: Column<EndedEvent> = ["finishtype", (event) => event.finish];
export const transfer: Column<EndedEvent> = ["transfer", (event) => booleanText(event.transferred)];
export const title: Column<EndedEvent> = ["title", titleOf];
