/**
 * `2026-11-22T04:30:15.123Z`, as `Date.toISOString` writes it. Times that are written one after another mostly share
 * their second, so only the first of a second pays for the calendar.
 */
export function isoWriter(): (at: number) => string {
  let second = Number.NaN;
  let upToPoint = "";
  return (at) => {
    const whole = Math.floor(at / 1000);
    if (whole !== second) {
      upToPoint = new Date(whole * 1000).toISOString().slice(0, -"000Z".length);
      second = whole;
    }
    return `${upToPoint}${String(Math.floor(at) - whole * 1000).padStart(3, "0")}Z`;
  };
}

/** For times of events. Who writes other ones between them, as the log does, has a writer of its own. */
export const isoTime = isoWriter();
