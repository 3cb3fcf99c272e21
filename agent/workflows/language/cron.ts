import { Cron } from 'croner';

/**
 * A cron expression of five fields, or six with seconds first, in a time zone. Never starts anything by itself: it is asked for its times.
 * A time of a day that does not exist (summer time begins) is the first valid one after it; one that comes twice is taken once.
 * @param timezone an IANA name. @throws Error with a reason of the library's
 */
export function cronOf(expression: string, timezone: string): Cron {
  return new Cron(expression, { paused: true, timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
}

/** What is wrong with an expression and its time zone, as a sentence; null when it fires some day. */
export function cronProblem(expression: string, timezone: string): { field: 'cron' | 'timezone'; message: string; next: string } | null {
  if (!isTimezone(timezone)) {
    return { field: 'timezone', message: `“${timezone}” is no time zone.`, next: 'Write an IANA name, such as Europe/Copenhagen or UTC.' };
  }
  const fields = expression.trim().split(/\s+/).length;
  const next = 'Write minute, hour, day, month and weekday, such as “0 2 * * *” for 02:00 every day; six fields begin with seconds.';
  if (fields !== 5 && fields !== 6)
    return { field: 'cron', message: `“${expression}” has ${fields} ${fields === 1 ? 'field' : 'fields'}.`, next };
  try {
    const cron = cronOf(expression, timezone);
    if (cron.nextRun() !== null) return null;
    return { field: 'cron', message: `“${expression}” is a time that never comes.`, next: 'Look at its day and month.' };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Cron\w*: /, '').replace(/\.$/, '') : 'it is not understood';
    return { field: 'cron', message: `“${expression}” is no cron expression: ${reason}.`, next };
  }
}

function isTimezone(name: string): boolean {
  // An offset such as +02:00 is none: it knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
