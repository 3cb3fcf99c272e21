import { numberFormat } from './formats.ts';
import { msg, shown, t } from './translate.ts';

/** How long, how many, how large: for people, in the page's language. */

/** How long something took: "0.4 s", "12 s", "3 min 05 s", "2 h 04 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 9950) return t('{s} s', { s: decimal(Math.max(0, ms) / 1000, ms < 0 ? 0 : 1) });
  const s = Math.round(ms / 1000);
  if (s < 60) return t('{s} s', { s });
  if (s < 3600) return t('{min} min {s} s', { min: Math.floor(s / 60), s: pad(s % 60) });
  if (s < 86_400) return t('{h} h {min} min', { h: Math.floor(s / 3600), min: pad(Math.floor((s % 3600) / 60)) });
  return t('{d} d {h} h', { d: Math.floor(s / 86_400), h: Math.floor((s % 86_400) / 3600) });
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

/** What these have for a point. The first formatter of Intl takes a phone 40 ms and more, and most pages need no number that these do not write alike. */
const POINTS: Readonly<Record<string, string>> = { en: '.', 'en-US': '.', 'en-GB': '.', de: ',', 'de-DE': ',', 'de-AT': ',' };

/** With so many places after the point, or whatever the page's language has there: "1.4". */
export function decimal(value: number, places: number): string {
  const point = POINTS[shown.value.locale ?? navigator.language];
  if (point !== undefined && value >= 0 && value < 999) return value.toFixed(places).replace('.', point);
  return numberFormat(shown.value.locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
