import type { Json } from '../job.ts';

/** The filter `date`: a moment, written by a strftime format. Nothing here knows what time it is now. */

interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  milliseconds: number;
  /** East of Greenwich. */
  offsetMinutes: number;
  zone: string;
  /** The same reading of clock and calendar, as if it were UTC. */
  asUtc: number;
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|z|[+-]\d\d:?\d\d)?)?$/;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/**
 * @param value whole seconds since 1970, a date, or a date and time of ISO 8601 (without an offset: UTC).
 * @param format of strftime: `%Y-%m-%d %H:%M`.
 * @param zone an IANA name; null: as the value says it.
 */
export function formatDate(value: Json, format: string, zone: string | null): { text: string } | { problem: string } {
  const moment = momentOf(value);
  if (moment === null) return { problem: `takes seconds since 1970, a date (2026-01-31) or a date and time (2026-01-31T12:00:00Z).` };
  const offset = zone === null ? moment.offsetMinutes : offsetIn(zone, moment.utc);
  if (offset === null) return { problem: `knows no time zone “${zone}”: one is called as in Europe/Copenhagen.` };
  const local = localOf(moment.utc, offset, zone ?? (offset === 0 ? 'UTC' : offsetText(offset, ':')));
  let unknown: string | null = null;
  const text = format.replace(/%([-_0]?)(:?[A-Za-z%+]|\dfs?|$)/g, (all, pad: string, letter: string) => {
    const written = field(letter, local);
    if (written === null) unknown ??= all;
    return padded(written ?? '', pad);
  });
  return unknown === null ? { text } : { problem: `knows no “${unknown}” in a format.` };
}

function momentOf(value: Json): { utc: number; offsetMinutes: number } | null {
  if (typeof value === 'number') {
    const utc = value * 1000;
    return Number.isSafeInteger(value) && Math.abs(utc) <= 8.64e15 ? { utc, offsetMinutes: 0 } : null;
  }
  const found = typeof value === 'string' ? MOMENT.exec(value) : null;
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = found;
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map((digits) => Number(digits ?? 0));
  const local = Date.UTC(y ?? 0, (mo ?? 0) - 1, d, h, mi, s, Number((fraction ?? '').padEnd(3, '0').slice(0, 3)));
  // A day that the month does not have, or an hour 25, would be carried over.
  if (new Date(local).getUTCDate() !== d || (h ?? 0) > 23 || (mi ?? 0) > 59 || (s ?? 0) > 59) return null;
  const offsetMinutes = minutesOf(offset);
  return { utc: local - offsetMinutes * MINUTE, offsetMinutes };
}

function minutesOf(offset: string | undefined): number {
  if (offset === undefined || /^z$/i.test(offset)) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return offset.startsWith('-') ? -minutes : minutes;
}

function offsetIn(zone: string, utc: number): number | null {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(utc);
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    return name === 'GMT' ? 0 : minutesOf(name.slice('GMT'.length));
  } catch {
    return null;
  }
}

function localOf(utc: number, offsetMinutes: number, zone: string): Local {
  const asUtc = utc + offsetMinutes * MINUTE;
  const date = new Date(asUtc);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    milliseconds: date.getUTCMilliseconds(),
    offsetMinutes,
    zone,
    asUtc,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

function offsetText(minutes: number, between: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${between}${two(size % 60)}`;
}

/** `%-d` without a zero before it, `%_d` with a space instead. */
function padded(text: string, pad: string): string {
  if (pad === '-') return text.replace(/^[0 ]+(?=.)/, '');
  return pad === '_' ? text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length)) : text;
}

/** One field of a format; null when there is none of this letter. */
function field(letter: string, local: Local): string | null {
  const weekday = new Date(local.asUtc).getUTCDay();
  const dayOfYear = Math.floor((local.asUtc - Date.UTC(local.year, 0, 1)) / DAY) + 1;
  switch (letter) {
    case 'Y':
      return String(local.year);
    case 'y':
      return two(local.year % 100);
    case 'm':
      return two(local.month);
    case 'd':
      return two(local.day);
    case 'e':
      return String(local.day).padStart(2, ' ');
    case 'H':
      return two(local.hour);
    case 'I':
      return two(local.hour % 12 || 12);
    case 'M':
      return two(local.minute);
    case 'S':
      return two(local.second);
    case 'f':
      return String(local.milliseconds * 1_000_000).padStart(9, '0');
    case '3f':
      return String(local.milliseconds).padStart(3, '0');
    case 'p':
      return local.hour < 12 ? 'AM' : 'PM';
    case 'P':
      return local.hour < 12 ? 'am' : 'pm';
    case 'j':
      return String(dayOfYear).padStart(3, '0');
    case 'u':
      return String(weekday || 7);
    case 'w':
      return String(weekday);
    case 'a':
      return (DAYS[weekday] ?? '').slice(0, 3);
    case 'A':
      return DAYS[weekday] ?? '';
    case 'b':
    case 'h':
      return (MONTHS[local.month - 1] ?? '').slice(0, 3);
    case 'B':
      return MONTHS[local.month - 1] ?? '';
    case 'F':
      return `${local.year}-${two(local.month)}-${two(local.day)}`;
    case 'D':
      return `${two(local.month)}/${two(local.day)}/${two(local.year % 100)}`;
    case 'T':
      return `${two(local.hour)}:${two(local.minute)}:${two(local.second)}`;
    case 'R':
      return `${two(local.hour)}:${two(local.minute)}`;
    case 's':
      return String(Math.floor((local.asUtc - local.offsetMinutes * MINUTE) / 1000));
    case 'z':
      return offsetText(local.offsetMinutes, '');
    case ':z':
      return offsetText(local.offsetMinutes, ':');
    case 'Z':
      return local.zone;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    case '+':
      return `${field('F', local)}T${field('T', local)}${field(':z', local)}`;
    default:
      return null;
  }
}
