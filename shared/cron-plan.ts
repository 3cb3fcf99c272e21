/** A cron expression of five fields that people say in a few words: what the editor of a schedule offers, and what lists show. */
export type CronPlan =
  | { every: 'minutes'; minutes: number }
  | { every: 'hour'; minute: number }
  | { every: 'day'; time: string }
  | { every: 'weekday'; time: string }
  /** Days from 0, Sunday, to 6. */
  | { every: 'week'; days: readonly number[]; time: string }
  | { every: 'month'; day: number; time: string };

const NUMBER = /^\d{1,2}$/;
const WEEKDAYS = '1,2,3,4,5';
const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** What an expression comes to in words; null where it is none of these. */
export function planOfCron(expression: string): CronPlan | null {
  const fields = expression.trim().toLowerCase().split(/\s+/);
  // Six fields begin with seconds.
  const [minute = '', hour = '', day = '', month = '', weekday = '', more] =
    fields.length === 6 && fields[0] === '0' ? fields.slice(1) : fields;
  if (more !== undefined || month !== '*') return null;
  const step = /^\*\/(\d{1,2})$/.exec(minute);
  const everyDay = day === '*' && (weekday === '*' || weekday === '?');
  if (hour === '*' && everyDay) {
    if (minute === '*') return { every: 'minutes', minutes: 1 };
    if (step !== null) {
      const minutes = Number(step[1]);
      return minutes > 0 && 60 % minutes === 0 ? { every: 'minutes', minutes } : null;
    }
    return isBelow(minute, 60) ? { every: 'hour', minute: Number(minute) } : null;
  }
  if (!isBelow(minute, 60) || !isBelow(hour, 24)) return null;
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  if (everyDay) return { every: 'day', time };
  if (day === '*') {
    const days = daysOf(weekday);
    if (days === null) return null;
    return days.join() === WEEKDAYS ? { every: 'weekday', time } : { every: 'week', days, time };
  }
  return weekday === '*' && isBelow(day, 32) && Number(day) > 0 ? { every: 'month', day: Number(day), time } : null;
}

/** The other way round. */
export function cronOfPlan(plan: CronPlan): string {
  switch (plan.every) {
    case 'minutes':
      return plan.minutes === 1 ? '* * * * *' : `*/${plan.minutes} * * * *`;
    case 'hour':
      return `${plan.minute} * * * *`;
    case 'day':
      return `${fieldsOf(plan.time)} * * *`;
    case 'weekday':
      return `${fieldsOf(plan.time)} * * 1-5`;
    case 'week':
      return `${fieldsOf(plan.time)} * * ${plan.days.join(',')}`;
    case 'month':
      return `${fieldsOf(plan.time)} ${plan.day} * *`;
  }
}

/** `03:05` as minute and hour. */
function fieldsOf(time: string): string {
  const [hour = '0', minute = '0'] = time.split(':').map((part) => String(Number(part)));
  return `${minute} ${hour}`;
}

function isBelow(text: string, end: number): boolean {
  return NUMBER.test(text) && Number(text) < end;
}

/** `1-5`, `0,6`, `mon,wed`: in order, each once; null for anything else. */
function daysOf(field: string): number[] | null {
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const [first = '', last = first, more] = part.split('-');
    const from = dayOf(first);
    const to = dayOf(last);
    if (more !== undefined || from === null || to === null || from > to) return null;
    // 7 is Sunday, too.
    for (let day = from; day <= to; day += 1) days.add(day % 7);
  }
  return [...days].sort((a, b) => a - b);
}

function dayOf(text: string): number | null {
  if (/^[0-7]$/.test(text)) return Number(text);
  const at = NAMES.indexOf(text);
  return at === -1 ? null : at;
}
