import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePredicate } from "./compile.ts";
import { ODataError } from "./error.ts";
import {
  EXPRESSION_CHARS_MAX,
  EXPRESSION_DEPTH_MAX,
  EXPRESSION_NODES_MAX,
  parseExpression,
} from "./expression.ts";
import { entityType, type Row } from "./schema.ts";

const TYPE = entityType("Thing", {
  number: "Id Size",
  text: "Name Note",
  flag: "Enabled",
  time: "StartTime",
  duration: "CallTime",
  complex: "Forward",
  list: "Tags",
  nav: "Groups",
});
const NOW_MS = Date.UTC(2026, 4, 4, 8);

const ROW: Row = {
  Id: 12,
  Size: -3.5,
  Name: "O'Brien Eva",
  Note: null,
  Enabled: true,
  StartTime: "2026-05-04T08:00:09.5Z",
  CallTime: "PT1M5.2S",
  Forward: { To: "Queue", Number: "800" },
  Tags: ["MS", "AI"],
  Groups: [
    { Name: "Sales", Rights: { RoleName: "users" } },
    { Name: "Support", Rights: { RoleName: "managers" } },
  ],
};

function keeps(filter: string, row: Row = ROW): boolean {
  return compilePredicate(parseExpression(filter), { type: TYPE, nowMs: NOW_MS })(row);
}

describe("a filter", () => {
  it.each([
    ["Id eq 12", true],
    ["12 eq Id", true],
    ["Id ne 12", false],
    ["Id gt 11 and Id ge 12 and Id lt 13 and Id le 12", true],
    ["Size lt -3", true],
    ["Size eq -3.5e0", true],
    ["Name eq 'O''Brien Eva'", true],
    ["Name eq 'o''brien eva'", false],
    ["tolower(Name) eq 'o''brien eva'", true],
    ["contains(Name,'Brien') and startswith(Name,'O') and endswith(Name,'Eva')", true],
    ["contains(tolower(Name), tolower('EVA'))", true],
    ["length(Name) eq 11", true],
    ["substring(Name,8) eq 'Eva' and substring(Name,8,1) eq 'E'", true],
    ["indexof(Name,'Eva') eq 8", true],
    ["concat(Name,'!') eq 'O''Brien Eva!'", true],
    ["Note eq null", true],
    ["Note ne null", false],
    ["Note ne 'x'", true],
    ["Note lt 'x'", false],
    ["contains(Note,'x')", false],
    ["not contains(Note,'x')", false],
    ["contains(Note,'x') or Id eq 12", true],
    ["not (Id eq 12) or Enabled", true],
    ["not Id eq 13", true],
    ["Id eq 1 or Id eq 12 and Enabled eq false", false],
    ["(Id eq 1 or Id eq 12) and Enabled eq true", true],
    ["Id in (1,12,13)", true],
    ["Name in ('a','b')", false],
    ["StartTime ge 2026-05-04T08:00:09Z", true],
    ["StartTime lt 2026-05-04T08:00:09.501Z", true],
    ["StartTime eq 2026-05-04T10:00:09.5+02:00", true],
    ["date(StartTime) ge 2026-05-04 and date(StartTime) lt 2026-05-05", true],
    ["date(StartTime) eq 2026-05-05", false],
    ["StartTime ge 2026-05-04", true],
    ["year(StartTime) eq 2026 and month(StartTime) eq 5 and day(StartTime) eq 4", true],
    ["hour(StartTime) eq 8 and minute(StartTime) eq 0 and second(StartTime) eq 9", true],
    ["StartTime gt now()", true],
    ["CallTime gt duration'PT1M5S'", true],
    ["Forward/To eq 'Queue' and Forward/Number eq '800'", true],
    ["Forward/To eq Pbx.DestinationType'Queue'", true],
    ["Forward/Missing eq null", true],
    ["Groups/any(g: g/Name eq 'Sales')", true],
    ["Groups/all(g: g/Name eq 'Sales')", false],
    ["Groups/any(g: g/Rights/RoleName eq 'managers' and g/Name eq 'Support')", true],
    ["Groups/any()", true],
    ["Groups/$count eq 2", true],
    ["Tags/any(t: t eq 'AI')", true],
    ["Tags/any(t: t eq 'Google')", false],
    ["Enabled", true],
    ["$it/Id eq 12", true],
    ["round(Size) eq -3 and floor(Size) eq -4 and ceiling(Size) eq -3", true],
  ])("%s → %s", (filter, expected) => {
    expect(keeps(filter)).toBe(expected);
  });

  it.each([
    ["Missing eq 1", "Could not find a property named 'Missing' on type 'Pbx.Thing'."],
    ["Id eq '12'", "incompatible types"],
    ["StartTime ge '2026-05-04T08:00:00Z'", "incompatible types"],
    ["Name eq 12", "incompatible types"],
    ["nosuch(Name)", "An unknown function with name 'nosuch' was found."],
    ["contains(Name)", "'contains' takes 2 argument(s), got 1."],
    ["contains(Id,'x')", "Argument 1 of 'contains' must be of kind text"],
    ["Id", "Expected a value of kind flag for a filter"],
    ["not Id", "Expected a value of kind flag for 'not'"],
    ["Id eq", "Expected an expression at position 5"],
    ["Id eq 1 1", "Expected an expression at position 8"],
    ["(Id eq 1", "Expected ')'"],
    ["Id eq 'x", "Syntax error at position 6"],
    ["Id eq 2026-13-45T00:00:00Z", "is no date and time"],
    ["Id eq 1 AND Id eq 2", "Expected an expression at position 8"],
    ["Tags/all()", "'all' needs a predicate."],
    ["CallTime gt duration'1 minute'", "is no duration"],
    ["", "Expected an expression at position 0"],
    ["Id add 1 eq 2", "Expected an expression at position 3"],
  ])("refuses %s", (filter, message) => {
    expect(() => keeps(filter)).toThrow(ODataError);
    expect(() => keeps(filter)).toThrow(message);
  });

  it("is bounded in length, depth and size", () => {
    const deep = (levels: number) => `${"(".repeat(levels)}Id eq 12${")".repeat(levels)}`;
    expect(keeps(deep(EXPRESSION_DEPTH_MAX - 1))).toBe(true);
    expect(() => keeps(deep(EXPRESSION_DEPTH_MAX))).toThrow("nested deeper");
    expect(() => keeps(`${"not ".repeat(EXPRESSION_DEPTH_MAX)}Enabled`)).toThrow("nested deeper");
    const wide = Array.from({ length: EXPRESSION_NODES_MAX }, () => "Enabled").join(" or ");
    expect(() => keeps(wide)).toThrow("node count limit");
    expect(() => keeps(`Name eq '${"x".repeat(EXPRESSION_CHARS_MAX)}'`)).toThrow("longer than");
  });
});

/** Pieces of the language, put together without sense. */
const soup = fc
  .array(
    fc.constantFrom(
      ..."Id Name Groups ( ) , / : eq and or not in any all null true 'x' 12 -1.5".split(" "),
      ..."2026-05-04 2026-05-04T08:00:00Z contains( date( Groups/any(g: $count $it ''' ' %".split(
        " ",
      ),
    ),
    { maxLength: 25 },
  )
  .map((pieces) => pieces.join(" "));

describe("whatever the text", () => {
  it("the parser and the compiler throw nothing but their own error", () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: "binary" }), fc.string()), (text) => {
        try {
          keeps(text);
        } catch (error) {
          if (!(error instanceof ODataError && error.status === 400)) throw error;
        }
      }),
      { numRuns: 800 },
    );
  });
});

interface Case {
  readonly filter: string;
  holds(row: Row): boolean;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const word = fc.string({ unit: fc.constantFrom("a", "B", "'", "é", " "), maxLength: 3 });
const size = fc.integer({ min: -3, max: 3 });

const numberCase: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom("eq", "ne", "gt", "ge", "lt", "le"), size)
  .map(([op, wanted]) => ({
    filter: `Size ${op} ${wanted}`,
    holds({ Size: value }) {
      if (typeof value !== "number") return op === "ne";
      const order = Math.sign(value - wanted);
      const accepted = { eq: [0], ne: [-1, 1], gt: [1], ge: [0, 1], lt: [-1], le: [-1, 0] }[op];
      return accepted?.includes(order) ?? false;
    },
  }));
const textCase: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom("contains", "startswith", "endswith"), word)
  .map(([name, wanted]) => ({
    filter: `${name}(Name,${quote(wanted)})`,
    holds({ Name: value }) {
      const text = String(value);
      if (name === "contains") return text.includes(wanted);
      return name === "startswith" ? text.startsWith(wanted) : text.endsWith(wanted);
    },
  }));
const listCase: fc.Arbitrary<Case> = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => ({
  filter: `Name in (${list.map(quote).join(", ")})`,
  holds: ({ Name: value }) => list.includes(String(value)),
}));
const anyCase: fc.Arbitrary<Case> = word.map((wanted) => ({
  filter: `Tags/any(t: t eq ${quote(wanted)})`,
  holds: ({ Tags: tags }) => Array.isArray(tags) && tags.includes(wanted),
}));

const { filters } = fc.letrec<{ filters: Case; not: Case; both: Case; leaf: Case }>((tie) => ({
  filters: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("not"), tie("both")),
  leaf: fc.oneof(numberCase, textCase, listCase, anyCase),
  not: tie("filters").map((inner) => ({
    filter: `not (${inner.filter})`,
    holds: (row) => !inner.holds(row),
  })),
  both: fc.tuple(fc.boolean(), tie("filters"), tie("filters")).map(([and, left, right]) => ({
    filter: `(${left.filter}) ${and ? "and" : "or"} (${right.filter})`,
    holds: (row) =>
      and ? left.holds(row) && right.holds(row) : left.holds(row) || right.holds(row),
  })),
}));

const rows = fc.record({
  Size: fc.option(size),
  Name: word,
  Tags: fc.array(word, { maxLength: 3 }),
});

describe("evaluation", () => {
  it("agrees with a plain predicate", () => {
    fc.assert(
      fc.property(filters, rows, ({ filter, holds }, row) => {
        expect(keeps(filter, row)).toBe(holds(row));
      }),
      { numRuns: 600 },
    );
  });
});
