import { dateFormat } from './formats.ts';
import { msg, shown, t } from './translate.ts';

/**
 * Times for people, in the page's language. Pure: what is "now" is always given. Units: milliseconds unless said otherwise. Numbers and sizes: amounts.ts.
 */

/**
 * Written out, and not by Intl.RelativeTimeFormat: the first formatter that a page makes takes 50 ms of its processor time, four times
 * that on a phone, before the first tile is drawn.
 */
const STEPS: readonly [limit: number, size: number, short: string, narrow: string, ahead: string][] = [
  [60, 1, msg('{n} sec. ago'), msg('{n}s ago'), msg('in {n} sec.')],
  [3600, 60, msg('{n} min. ago'), msg('{n}m ago'), msg('in {n} min.')],
  [86_400, 3600, msg('{n} hr. ago'), msg('{n}h ago'), msg('in {n} hr.')],
  [2 * 86_400, 86_400, msg('yesterday'), msg('yesterday'), msg('tomorrow')],
  [7 * 86_400, 86_400, msg('{n} days ago'), msg('{n}d ago'), msg('in {n} days')],
];

/**
 * "just now", "3 min. ago", "yesterday"; the date itself when it lies more than a week back.
 * @param style `narrow` where there is little room: "3m ago". @param locale of the date; defaults to the page's.
 */
export function relativeTime(at: number, now: number, style: 'short' | 'narrow' = 'short', locale = shown.value.locale): string {
  const seconds = Math.round((at - now) / 1000);
  const away = Math.abs(seconds);
  if (away < 5) return t('just now');
  const step = STEPS.find(([limit]) => away < limit);
  if (step !== undefined) {
    const [, size, short, narrow, ahead] = step;
    return t(seconds > 0 ? ahead : style === 'narrow' ? narrow : short, { n: Math.floor(away / size) });
  }
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return dateFormat(locale, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at);
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

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
