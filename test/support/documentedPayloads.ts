/**
 * Every payload that the product's published articles (2022-2025) and its look-alike's page print.
 */
import { classicPayloads } from "./documented/classic.ts";
import { laterPayloads } from "./documented/later.ts";
import type { DocumentedPayload } from "./documented/payload.ts";

export const documentedPayloads: readonly DocumentedPayload[] = [
  ...classicPayloads,
  ...laterPayloads,
];
