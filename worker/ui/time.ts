import { dateFormat, numberFormat, relativeFormat } from './formats.ts';
import { msg, shown, t } from './translate.ts';

/**
 * Times, numbers and sizes for people, in the page's language. Pure: what is "now" is always given. Units: milliseconds unless said otherwise.
 */

const STEPS: readonly [limit: number, unit: Intl.RelativeTimeFormatUnit, size: number][] = [
  [60, 'second', 1],
  [3600, 'minute', 60],
  [86_400, 'hour', 3600],
  [7 * 86_400, 'day', 86_400],
];

/**
 * "just now", "3 minutes ago", "yesterday"; the date itself when it lies more than a week back.
 * @param style `narrow` where there is little room: "3m ago". @param locale defaults to the page's.
 */
export function relativeTime(at: number, now: number, locale = shown.value.locale, style: 'short' | 'narrow' = 'short'): string {
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) < 5) return t('just now');
  for (const [limit, unit, size] of STEPS) {
    if (Math.abs(seconds) < limit) {
      return relativeFormat(locale, { numeric: 'auto', style }).format(Math.trunc(seconds / size), unit);
    }
  }
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return dateFormat(locale, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at);
}

/** How long something took: "0.4 s", "12 s", "3 min 05 s", "2 h 04 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 9950) return t('{s} s', { s: decimal(Math.max(0, ms) / 1000, ms < 0 ? 0 : 1) });
  const s = Math.round(ms / 1000);
  if (s < 60) return t('{s} s', { s });
  if (s < 3600) return t('{min} min {s} s', { min: Math.floor(s / 60), s: pad(s % 60) });
  if (s < 86_400) return t('{h} h {min} min', { h: Math.floor(s / 3600), min: pad(Math.floor((s % 3600) / 60)) });
  return t('{d} d {h} h', { d: Math.floor(s / 86_400), h: Math.floor((s % 86_400) / 3600) });
}

/** A running clock: "0:07", "12:45", "1:02:45". */
export function clockTime(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${minutes}:${pad(s % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(s % 60)}`;
}

/** Date and time in full, for a tooltip. */
export function fullTime(at: number, locale = shown.value.locale): string {
  return dateFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** The time of day; with the date when it is not today's. */
export function shortTime(at: number, now: number, locale = shown.value.locale): string {
  const today = new Date(at).toDateString() === new Date(now).toDateString();
  return dateFormat(locale, today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** The time of day alone: "14:05". */
export function timeOfDay(at: number, locale = shown.value.locale): string {
  return dateFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** The time of day to the second: "14:05:09". */
export function timeToSecond(at: number, locale = shown.value.locale): string {
  return dateFormat(locale, { timeStyle: 'medium' }).format(at);
}

/** "1,204", as the page's language groups digits. */
export function counted(count: number, locale = shown.value.locale): string {
  return numberFormat(locale).format(count);
}

const UNITS = [msg('{n} B'), msg('{n} kB'), msg('{n} MB'), msg('{n} GB'), msg('{n} TB')];

/** "812 B", "1.4 MB": powers of 1000, as disks and networks count. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return t(UNITS[unit] ?? '{n} TB', { n: decimal(value, unit === 0 || value >= 99.5 ? 0 : 1) });
}

/** With so many places after the point, or whatever the page's language has there: "1.4". */
export function decimal(value: number, places: number): string {
  return numberFormat(shown.value.locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
