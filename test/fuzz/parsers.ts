/** Retry-After, the ini, Users.csv and patterns: what others write. */
import { parseIni } from "../../src/config/ini.ts";
import { parseUsers } from "../../src/config/usersCsv.ts";
import { parseRetryAfter } from "../../src/delivery/retryAfter.ts";
import { compilePattern } from "../../src/util/pattern.ts";
import type { Chance } from "../simulation/random.ts";
import { anyText, check, cpuMsSince, mutated, type Target } from "./target.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

/** One instant in each of the three forms of RFC 9110. */
function dated(at: number): readonly string[] {
  const date = new Date(at);
  const day = DAYS[date.getUTCDay()] ?? "";
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const [n, year] = [date.getUTCDate(), date.getUTCFullYear()];
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return [
    `${day.slice(0, 3)}, ${two(n)} ${month} ${year} ${time} GMT`,
    `${day}, ${two(n)}-${month}-${two(year % 100)} ${time} GMT`,
    `${day.slice(0, 3)} ${month} ${String(n).padStart(2, " ")} ${time} ${year}`,
  ];
}

export const retryAfter: Target = {
  name: "retry-after",
  holds: "each form gives its instant, anything else an instant not before now, or none",
  share: 2,
  run(chance, say) {
    const now = Date.UTC(2026, chance.between(0, 11), chance.between(1, 28));
    const at =
      now + chance.between(-40 * 365, 40 * 365) * 86_400_000 + chance.between(0, 86_399) * 1000;
    const seconds = chance.between(0, 2 ** 31);
    const good = chance.happens(0.5);
    const date = chance.pick(dated(at));
    const plain = chance.happens(0.5) ? date : String(seconds);
    const text = good ? plain : mutated(chance, chance.happens(0.2) ? anyText(chance) : plain);
    say({ now, text });
    const found = parseRetryAfter(text, now);
    if (good) {
      check(found === (text === date ? Math.max(now, at) : now + seconds * 1000), `got ${found}`);
    }
    check(found === null || (Number.isFinite(found) && found >= now), `got ${found}`);
  },
};

const bytesOf = (chance: Chance, text: string): Uint8Array => {
  const bytes = Buffer.from(text, "utf8");
  if (chance.happens(0.05) && bytes.length > 0) {
    bytes[chance.between(0, bytes.length - 1)] = chance.between(0, 255);
  }
  return bytes;
};

export const ini: Target = {
  name: "ini",
  holds: "every line is a comment, a section, a key or a problem; no value is quoted in one",
  share: 2,
  run(chance, say) {
    const marker = `s3cret${chance.between(0, 99_999)}`;
    const lines = Array.from({ length: chance.between(1, 8) }, (_, at) => {
      switch (chance.between(0, 6)) {
        case 0:
          return `; ${anyText(chance, 6)}`.replace(/[\r\n]/g, "");
        case 1:
          return `[${chance.pick(["endpoint", "pbx", "other"])}.${chance.pick(["a", "b", "ž"])}]`;
        case 2:
          return mutated(chance, `[endpoint.a${at}]`);
        case 3:
          return `KEY_${at} = ${anyText(chance, 6)}${marker}`;
        case 4:
          return `${anyText(chance, 4)}=${marker}`;
        case 5:
          return mutated(chance, `KEY_${at} = ${marker}`);
        default:
          return anyText(chance, 8);
      }
    });
    const text = lines.join(chance.pick(["\n", "\r\n", "\r"]));
    say(text);
    const bytes = bytesOf(chance, text);
    const { sections, problems } = parseIni(bytes);
    const count = Buffer.from(bytes)
      .toString("latin1")
      .split(/\r\n|\n|\r/).length;
    if (sections.length === 0) check(problems.length === 1, "no section, and not why");
    else check(sections[0]?.kind === "top", "no top section");
    for (const { line, found } of problems) {
      check(line >= 0 && line <= count, `a problem on line ${line} of ${count}`);
      // A header of a section is no secret; all else could be.
      check(found.startsWith("the section") || !found.includes(marker), `quoted: ${found}`);
    }
    for (const { entries } of sections) {
      for (const [name, { key, line, value }] of entries) {
        check(name === key.toUpperCase() && line >= 1 && line <= count, `${name} on line ${line}`);
        check(!/[\r\n]/.test(value), "a value of several lines");
      }
    }
  },
};

export const csv: Target = {
  name: "csv",
  holds: "every line is empty, a user or a problem; each user once",
  share: 2,
  run(chance, say) {
    const users = Array.from({ length: chance.between(0, 6) }, () =>
      String(chance.between(100, 130)),
    );
    const lines = users.map((user) => {
      const line = `${user}${chance.pick(["", ",crm", ";crm", "\tcrm", ' , "crm" # x'])}`;
      return chance.happens(0.6) ? line : mutated(chance, line);
    });
    const text = lines.join(chance.pick(["\n", "\r\n"]));
    say(text);
    const parsed = parseUsers(bytesOf(chance, text));
    const seen = new Set<string>();
    for (const { user, line } of parsed.users) {
      check(/^[0-9*][0-9A-Za-z*#_.-]{0,31}$/.test(user), `user ${user}`);
      check(!seen.has(user) && line >= 1, `${user} twice`);
      seen.add(user);
    }
    for (const { found, expected } of parsed.problems)
      check(found !== "" && expected !== "", "empty");
  },
};

/** Of the processor, for one pattern and text; far more than it takes, far less than a hang. */
const PATTERN_MS_MAX = 2000;

export const patterns: Target = {
  name: "patterns",
  holds: "a pattern is refused with a reason or matches in no time",
  share: 1,
  run(chance, say) {
    const pieces = [
      "(a+)+",
      "(\\d|\\d\\d)*",
      "(.*)",
      "[0-9]{2,30}",
      "a?",
      "x{0,99}",
      "^",
      "$",
      "|",
      "(",
      ")",
      "\\1",
      "(?=a)",
      "[^a]",
      "\\p{L}",
    ];
    const source = Array.from({ length: chance.between(1, 12) }, () =>
      chance.happens(0.8) ? chance.pick(pieces) : anyText(chance, 2),
    ).join("");
    const text = chance.pick(["a", "1", "é"]).repeat(chance.between(0, 256)) + anyText(chance, 2);
    say({ source, text });
    const before = process.threadCpuUsage();
    try {
      compilePattern(source).foundIn(text);
    } catch (error) {
      check(error instanceof Error && error.message !== "", "refused without a reason");
      check(error instanceof Error && !(error instanceof RangeError), String(error));
    }
    const tookMs = cpuMsSince(before);
    check(tookMs < PATTERN_MS_MAX, `took ${Math.round(tookMs)} ms`);
  },
};
