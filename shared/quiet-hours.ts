/** Hours of the day in which a device is not told anything. From 22:00 to 07:00 goes over midnight; from 0:00 to 0:00 is the whole day. */
export interface QuietHours {
  /** `HH:MM`, on the clock of `time_zone`. */
  from: string;
  to: string;
  /** An IANA name, as `Europe/Berlin`. */
  time_zone: string;
}

const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;

/**
 * When the quiet that holds at this moment ends; null when it is not quiet. On the day that a clock is put forward or back the end
 * may be an hour off, and is then asked for again.
 * @param now and the result in ms since 1970.
 */
export function quietUntil(quiet: QuietHours | null, now: number): number | null {
  if (quiet === null) return null;
  const minute = minuteOfDay(now, quiet.time_zone);
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!isQuiet) return null;
  const left = (to - minute + DAY_MIN) % DAY_MIN || DAY_MIN;
  return Math.floor(now / MINUTE_MS) * MINUTE_MS + left * MINUTE_MS;
}

/**
 * When a device may be told: the later end of its quiet hours and of a silence that was chosen once; null when neither holds. Of quiet hours that begin
 * before the silence ends, the end is asked for again then.
 */
export function toldAgainAt(device: { quiet: QuietHours | null; silent_until?: number | null | undefined }, now: number): number | null {
  const silent = device.silent_until ?? 0;
  const quiet = quietUntil(device.quiet, now);
  return silent > now ? Math.max(silent, quiet ?? 0) : quiet;
}

/** Does this machine know a time zone of that name? */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

function minuteOfDay(at: number, timeZone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  return minutesOf(clock);
}
