/**
 * The names of a call: the id that every webhook carries, its form with the link, and `chid`.
 * Must hold: the same start, zone and number give the same name, whatever the machine's own zone.
 * Source: docs/contract.md §2 (id), §7 (chid).
 */
import type { EpochMs } from "./event.ts";

/** From 1601-01-01 UTC, where a Windows FILETIME begins, to 1970-01-01 UTC. */
const FILETIME_EPOCH_OFFSET_MS = 11_644_473_600_000n;
const FILETIME_TICKS_PER_MS = 10_000n;

/** One per zone in use. Bounded by the zone names that exist: an unknown name throws and is not kept. */
const formatterOfZone = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timezone: string): Intl.DateTimeFormat {
  const known = formatterOfZone.get(timezone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-GB-u-ca-gregory-nu-latn", {
    timeZone: timezone,
    year: "2-digit",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formatterOfZone.set(timezone, formatter);
  return formatter;
}

/** The last minute that was written, as calls come by the minute. */
let written = { minute: Number.NaN, timezone: "", text: "" };

/** `yyMMddHHmm`; zones are whole minutes apart (the last that was not became so in 1972). */
function minuteIn(timezone: string, minute: number): string {
  if (written.minute !== minute || written.timezone !== timezone) {
    // `dd/MM/yy, HH:mm`
    const [day, month, year, ...time] = formatterFor(timezone)
      .format(minute * 60_000)
      .match(/\d\d/g) as string[];
    written = { minute, timezone, text: `${year}${month}${day}${time.join("")}` };
  }
  return written.text;
}

/**
 * `yyMMddHHmmss_N`: the call's start in the PBX's zone (an IANA name), cut to seconds, and its number.
 * In the hour that a clock change repeats, two instants share the date part; the number tells them apart.
 */
export function formatCallId(startedAt: EpochMs, timezone: string, callNumber: number): string {
  const minute = Math.floor(startedAt / 60_000);
  const second = Math.floor(startedAt / 1_000) - minute * 60;
  return `${minuteIn(timezone, minute)}${second < 10 ? "0" : ""}${second}_${callNumber}`;
}

/** `yyMMddHHmmss_N-L`: the id of one link of the call. */
export function linkId(callId: string, link: number): string {
  return `${callId}-${link}`;
}

/**
 * The id of the whole chain, in the form of a GUID: eight zeros, the FILETIME of the call's start
 * (16 hex digits), the call number (8). Made from the start as we know it, so it may differ from the
 * PBX's own by milliseconds.
 */
export function chid(startedAt: EpochMs, callNumber: number): string {
  const startedAtMs = BigInt(Math.floor(startedAt));
  const filetime = (startedAtMs + FILETIME_EPOCH_OFFSET_MS) * FILETIME_TICKS_PER_MS;
  const time = hex(filetime, 16);
  const number = hex(BigInt(callNumber), 8);
  return `00000000-${time.slice(0, 4)}-${time.slice(4, 8)}-${time.slice(8, 12)}-${time.slice(12)}${number}`;
}

/** Lower-case hex of a fixed width; a number too wide keeps its low digits, so the form always holds. */
function hex(value: bigint, digits: number): string {
  return BigInt.asUintN(digits * 4, value)
    .toString(16)
    .padStart(digits, "0");
}
