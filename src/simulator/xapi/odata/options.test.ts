import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress, parseArguments, parseKey } from "./address.ts";
import { type ApplyRules, applyOptions } from "./apply.ts";
import { ODataError } from "./error.ts";
import { EXPAND_DEPTH_MAX, parseQuery, splitOutside } from "./options.ts";
import { entityType, type Row } from "./schema.ts";

const TYPE = entityType("Thing", { number: "Id Rank", text: "Name", time: "At", nav: "Parts" });
const RULES: ApplyRules = { type: TYPE, nowMs: 0, topMax: 100 };

const thing = (Id: number, Rank: number | null, Name: string): Row => ({
  Id,
  Rank,
  Name,
  At: `2026-05-0${(Id % 9) + 1}T00:00:00Z`,
  Parts: [
    { Id: 2, Kind: "b" },
    { Id: 1, Kind: "a" },
  ],
});
const THINGS = [thing(1, 2, "Eva"), thing(2, null, "Petr"), thing(3, 1, "eva"), thing(4, 2, "Jan")];

function ask(query: string, rows: readonly Row[] = THINGS, rules = RULES) {
  return applyOptions(rows, parseQuery(query), rules);
}
const ids = (query: string) => ask(query).rows.map((row) => row.Id);

describe("query options", () => {
  it("reads them encoded, with and without the dollar sign", () => {
    expect(ids("%24filter=Name%20eq%20%27Eva%27&%24select=Id")).toEqual([1]);
    expect(ids("$filter=Rank+eq+2&$orderby=Name")).toEqual([1, 4]);
    expect(ids("filter=Rank eq 2&top=1&skip=1")).toEqual([4]);
  });

  it("orders by several keys, nulls first, and keeps the order of equals", () => {
    expect(ids("$orderby=Rank")).toEqual([2, 3, 1, 4]);
    expect(ids("$orderby=Rank desc,Name desc")).toEqual([4, 1, 3, 2]);
    expect(ids("$orderby=tolower(Name) asc,Id desc")).toEqual([3, 1, 4, 2]);
    expect(ids("$orderby=At desc")).toEqual([4, 3, 2, 1]);
  });

  it("counts what the filter found, not the page", () => {
    const page = ask("$filter=Rank ne null&$top=1&$count=true");
    expect(page.count).toBe(3);
    expect(page.rows).toHaveLength(1);
    expect(ask("$top=1").count).toBeUndefined();
  });

  it("cuts the page before it filters where the report quirk asks for it", () => {
    const quirk = { ...RULES, pageBeforeFilter: true };
    const page = ask("$filter=Name eq 'Jan'&$top=2&$count=true", THINGS, quirk);
    expect(page).toEqual({ rows: [], count: 0 });
    expect(ask("$filter=Name eq 'Eva'&$top=2&$count=true", THINGS, quirk).count).toBe(1);
  });

  it("writes related entities only when expanded, with options of their own", () => {
    expect(ask("$top=1").rows[0]).not.toHaveProperty("Parts");
    expect(ask("$top=1&$select=Id&$expand=Parts").rows).toEqual([
      { Id: 1, Parts: THINGS[0]?.Parts },
    ]);
    const inner = "$select=Id;$filter=Kind ne 'x';$orderby=Id;$top=1";
    expect(ask(`$top=1&$select=Name&$expand=Parts(${inner})`).rows).toEqual([
      { Name: "Eva", Parts: [{ Id: 1 }] },
    ]);
    expect(ask("$top=1&$expand=*").rows[0]).toHaveProperty("Parts");
  });

  it("searches all texts, every term, whatever the case", () => {
    expect(ids("$search=EVA")).toEqual([1, 3]);
    expect(ids('$search="va" AND e')).toEqual([1, 3]);
    expect(ids("$search=eva jan")).toEqual([]);
  });

  it("leaves out nulls where reports do", () => {
    const [, second] = ask("", THINGS, { ...RULES, omitNulls: true }).rows;
    expect(second).not.toHaveProperty("Rank");
    expect(ask("").rows[1]).toHaveProperty("Rank", null);
  });

  it.each([
    ["$top=101", "The limit of '100' for Top query has been exceeded."],
    ["$top=-1", "Invalid value '-1' for $top"],
    ["$top=ten", "Invalid value 'ten' for $top"],
    ["$skip=1.5", "Invalid value '1.5' for $skip"],
    ["$count=yes", "Invalid value 'yes' for $count"],
    ["$select=Nope", "Could not find a property named 'Nope'"],
    ["$orderby=Nope", "Could not find a property named 'Nope'"],
    ["$expand=Name", "is not a navigation property"],
    ["$expand=Nope", "Could not find a property named 'Nope'"],
    ["$expand=Parts(oops)", "Expected option=value in $expand"],
    ["$expand=((", "is not understood"],
    ["$apply=groupby((Name))", "The query parameter '$apply' is not supported."],
    ["$filter=Id eq 1&$filter=Id eq 2", "more than once"],
    ["$filter=%ZZ", "not percent-encoded"],
    [`$expand=${"Parts($expand=".repeat(EXPAND_DEPTH_MAX + 1)}`, "is not understood"],
  ])("refuses %s with 400", (query, message) => {
    expect(() => ask(query)).toThrow(ODataError);
    expect(() => ask(query)).toThrow(message);
  });

  it("is bounded in the depth of $expand", () => {
    const nested = (levels: number): string =>
      levels === 0 ? "Parts" : `Parts($expand=${nested(levels - 1)})`;
    expect(ask(`$expand=${nested(EXPAND_DEPTH_MAX - 1)}`).rows).toHaveLength(4);
    expect(() => ask(`$expand=${nested(EXPAND_DEPTH_MAX)}`)).toThrow("nested deeper");
  });

  it("leaves a client's own parameters alone", () => {
    expect(ids("access_token=abc&$top=1&$format=json")).toEqual([1]);
  });
});

const someRows = fc
  .array(fc.tuple(fc.option(fc.integer({ min: 0, max: 3 })), fc.constantFrom("a", "b", "c")), {
    maxLength: 30,
  })
  .map((list) => list.map(([rank, name], index) => thing(index, rank, name)));

describe("paging", () => {
  it("gives every row once, in order, whatever the page size", () => {
    fc.assert(
      fc.property(someRows, fc.integer({ min: 1, max: 100 }), (rows, size) => {
        const query = "$filter=Name ne 'b'&$orderby=Rank desc";
        const whole = ask(query, rows).rows;
        const pages: Row[] = [];
        for (let skip = 0; skip <= rows.length; skip += size) {
          pages.push(...ask(`${query}&$top=${size}&$skip=${skip}`, rows).rows);
        }
        expect(pages).toEqual(whole);
        expect(ask(`${query}&$top=1&$count=true`, rows).count).toBe(whole.length);
      }),
    );
  });

  it("throws nothing but its own error, whatever the query", () => {
    const query = fc
      .array(
        fc.tuple(
          fc.constantFrom("$filter", "$top", "$expand", "$orderby", "$select", "$skip", "$search"),
          fc.oneof(fc.string(), fc.constantFrom("Id", "Parts($top=1)", "Name desc", "5", "''(")),
        ),
        { maxLength: 4 },
      )
      .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));
    fc.assert(
      fc.property(query, (text) => {
        try {
          ask(text);
        } catch (error) {
          if (!(error instanceof ODataError && error.status === 400)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("an address", () => {
  it("is cut into segments with what stands in their brackets", () => {
    expect(parseAddress("/Users(Number='100')/Groups")).toEqual([
      { name: "Users", args: "Number='100'" },
      { name: "Groups", args: undefined },
    ]);
    expect(parseAddress("/Users%2812%29/")).toEqual([{ name: "Users", args: "12" }]);
    expect(parseAddress("/Peers/$count")[1]).toEqual({ name: "$count", args: undefined });
  });

  it.each([
    ["12", { property: "", value: 12 }],
    ["'it''s'", { property: "", value: "it's" }],
    ["Number='100'", { property: "Number", value: "100" }],
    ["Id=12", { property: "Id", value: 12 }],
  ])("reads the key (%s)", (args, key) => {
    expect(parseKey(args)).toEqual(key);
  });

  it("reads arguments that hold commas and brackets in quotes", () => {
    expect(parseArguments("a=1,b='x,(y',c=null")).toEqual(
      new Map([
        ["a", "1"],
        ["b", "'x,(y'"],
        ["c", "null"],
      ]),
    );
    expect(splitOutside("a(b,c),'d,e',f", ",")).toEqual(["a(b,c)", "'d,e'", "f"]);
  });

  it("is 404 when it is junk, and never anything worse", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `/Users(${text})`),
        ),
        (path) => {
          try {
            for (const { args } of parseAddress(path)) {
              parseKey(args ?? "1");
              parseArguments(args ?? "");
            }
          } catch (error) {
            if (!(error instanceof ODataError && error.status === 404)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
