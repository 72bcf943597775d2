import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUsers, USERS_BYTES_MAX, USERS_MAX } from "./usersCsv.ts";

const parse = (text: string) => parseUsers(new TextEncoder().encode(text));
const pairs = (text: string) => parse(text).users.map(({ user, endpoint }) => [user, endpoint]);

describe("parseUsers", () => {
  it("reads one extension a line, with or without an endpoint", () => {
    const text =
      '\ufeff# sales\r\n101\r\n102,crm\r\n\r\n103 ; "crm"\r\n"104"\t\r\n105,\r\n*777 # desk\r\n';
    expect(parse(text).problems).toEqual([]);
    expect(pairs(text)).toEqual([
      ["101", ""],
      ["102", "crm"],
      ["103", "crm"],
      ["104", ""],
      ["105", ""],
      ["*777", ""],
    ]);
    expect(parse(text).users[1]?.line).toBe(3);
  });

  it("tolerates one header line", () => {
    expect(pairs("Extension;Endpoint\n101;crm")).toEqual([["101", "crm"]]);
    expect(parse("Extension\nNumber\n101").problems).toMatchObject([
      { line: 2, found: '"Number"' },
    ]);
  });

  it("reports all that is wrong, with its line", () => {
    const { users, problems } = parse("101,a\nx y1\n101,b\n101,A\n102,a,reception");
    expect(users.map(({ user }) => user)).toEqual(["101", "102"]);
    expect(problems).toMatchObject([
      { severity: "error", line: 2, found: '"x y1"' },
      { severity: "error", line: 3, expected: expect.stringContaining("line 1") },
      { severity: "warning", line: 5, found: "3 columns" },
    ]);
  });

  it("warns of what no extension is called: a range, a number that a spreadsheet has made", () => {
    const { users, problems } = parse("100-199\n101.0\n102");
    expect(users).toHaveLength(3);
    expect(problems).toMatchObject([
      { severity: "warning", line: 1, found: '"100-199"' },
      { severity: "warning", line: 2, found: '"101.0"' },
    ]);
  });

  it("holds its limits", () => {
    const many = Array.from({ length: USERS_MAX + 5 }, (_, n) => String(n)).join("\n");
    expect(parse(many).problems).toMatchObject([{ line: USERS_MAX + 1 }]);
    expect(parseUsers(new Uint8Array(USERS_BYTES_MAX + 1)).problems).toHaveLength(1);
    expect(parseUsers(new Uint8Array([0x31, 0x0a, 0xff])).problems).toMatchObject([{ line: 2 }]);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        for (const { user } of parseUsers(data).users) expect(user).toMatch(/^[0-9*]/);
      }),
    );
  });

  it("gives back what was written, with any separator and line end", () => {
    const row = fc.tuple(fc.nat({ max: 99_999 }).map(String), fc.constantFrom("", "crm", "a_B-1"));
    const rows = fc.uniqueArray(row, { selector: ([user]) => user });
    const separator = fc.constantFrom(",", ";", " , ", "\t");
    fc.assert(
      fc.property(rows, separator, fc.constantFrom("\n", "\r\n"), (written, between, end) => {
        const text = written.map(([user, name]) => (name ? user + between + name : user)).join(end);
        expect(parse(text).problems).toEqual([]);
        expect(pairs(text)).toEqual(written);
      }),
    );
  });
});
