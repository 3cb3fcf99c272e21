import type { AuditEntry } from '../../../../shared/audit.ts';

export interface Day {
  /** The date, as a key. */
  date: string;
  name: string;
  entries: AuditEntry[];
}

/** By day, in the order given. @param now in milliseconds: which day is "Today". */
export function daysOf(entries: readonly AuditEntry[], now: number, locale?: string): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const at = new Date(entry.time);
    const date = at.toDateString();
    const last = days.at(-1);
    if (last?.date === date) last.entries.push(entry);
    else days.push({ date, name: nameOf(at, now, locale), entries: [entry] });
  }
  return days;
}

function nameOf(at: Date, now: number, locale?: string): string {
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return 'Today';
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return 'Yesterday';
  const year = at.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' as const };
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at);
}
