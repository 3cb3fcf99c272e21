import { dateFormat } from '../formats.ts';
import { shown, t } from '../translate.ts';

export interface Day<T> {
  /** The date, as a key. */
  date: string;
  name: string;
  items: T[];
}

/** By day, in the order given. @param timeOf ISO 8601. @param now in milliseconds: which day is "Today". */
export function daysOf<T>(items: readonly T[], timeOf: (item: T) => string, now: number, locale = shown.value.locale): Day<T>[] {
  const days: Day<T>[] = [];
  for (const item of items) {
    const at = new Date(timeOf(item));
    const date = at.toDateString();
    const last = days.at(-1);
    if (last?.date === date) last.items.push(item);
    else days.push({ date, name: nameOf(at, now, locale), items: [item] });
  }
  return days;
}

function nameOf(at: Date, now: number, locale: string | undefined): string {
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return t('Today');
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return t('Yesterday');
  const year = at.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' as const };
  return dateFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at);
}
