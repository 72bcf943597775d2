/** JSON and durations as the PBX writes them, and as it does not. */
import { describe, expect, it } from "vitest";
import { durationOf, parseJson } from "./values.ts";

describe("durations", () => {
  it.each([
    ["PT1M5.2S", 65_200],
    ["PT1M59.975875S", 119_976],
    ["PT2H", 7_200_000],
    ["P1DT1S", 86_401_000],
    ["PT0S", 0],
    ["00:01:05.2", 65_200],
    ["1.02:00:00", 93_600_000],
    ["0:00:0", 0],
    ["", null],
    ["-PT1S", null],
    ["P999999999D", null],
    ["a while", null],
  ])("reads %j as %j ms", (text, spanMs) => expect(durationOf(text)).toBe(spanMs));
});

describe("JSON", () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['\ufeff{"a":1}', { a: 1 }],
    ["\ufeff\ufeff{}", undefined],
    ["<html>", undefined],
    ["", undefined],
  ])("reads %j as %j", (text, value) => expect(parseJson(text)).toEqual(value));
});
