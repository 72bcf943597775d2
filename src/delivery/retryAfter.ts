/**
 * Reads a Retry-After header (RFC 9110 §10.2.3): seconds, or one of the three HTTP date forms.
 * Anything else reads as absent. Pure.
 */
import type { EpochMs } from "../events/event.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const TIME = String.raw`(\d{2}):(\d{2}):(\d{2})`;
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF_FIXDATE = new RegExp(`^[a-z]{3}, (\\d{2}) ([a-z]{3}) (\\d{4}) ${TIME} gmt$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC_850 = new RegExp(`^[a-z]{6,9}, (\\d{2})-([a-z]{3})-(\\d{2}) ${TIME} gmt$`);
/** `Sun Nov  6 08:49:37 1994`, in UTC though it does not say so */
const ASCTIME = new RegExp(`^[a-z]{3} ([a-z]{3}) +(\\d{1,2}) ${TIME} (\\d{4})$`);

/** A hundred years: any time beyond is as good, and this one is still a date. */
const askedMsMax = 100 * 365 * 86_400_000;

/** When the receiver asks to be tried again, never before `now`; null if it does not say. */
export function parseRetryAfter(header: string | null, now: EpochMs): EpochMs | null {
  const text = header?.trim().toLowerCase() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) {
    return now + Math.min(Math.ceil(Number(text) * 1000), askedMsMax);
  }
  const date = parseHttpDate(text, now);
  return date === null ? null : Math.max(now, date);
}

function parseHttpDate(text: string, now: EpochMs): EpochMs | null {
  const fix = IMF_FIXDATE.exec(text);
  if (fix) return utc(fix[3], fix[2], fix[1], fix.slice(4));
  const old = RFC_850.exec(text);
  if (old) return utc(String(fullYear(Number(old[3]), now)), old[2], old[1], old.slice(4));
  const asctime = ASCTIME.exec(text);
  if (asctime) return utc(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return null;
}

/** Two digits mean the nearest year that is not more than 50 years ahead (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, now: EpochMs): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function utc(
  year: string | undefined,
  monthName: string | undefined,
  day: string | undefined,
  time: readonly string[],
): EpochMs | null {
  const month = MONTHS.indexOf(monthName ?? "");
  const [hours, minutes, seconds] = time.map(Number);
  const at = Date.UTC(Number(year), month, Number(day), hours, minutes, seconds);
  return month < 0 || Number.isNaN(at) ? null : at;
}
