import { type CronPlan, cronOfPlan, planOfCron } from '../../../../shared/cron-plan.ts';

/** A schedule as it stands in its form. */
export interface ScheduleDraft {
  /** Which of the forms below; `cron`: typed by hand. */
  every: 'hour' | 'day' | 'weekday' | 'week' | 'cron';
  minute: string;
  time: string;
  /** From 0, Sunday, to 6. */
  days: readonly number[];
  cron: string;
}

const NEW: ScheduleDraft = { every: 'day', minute: '0', time: '03:00', days: [1], cron: '0 3 * * *' };

/** @param cron null: of a new one. */
export function draftOfCron(cron: string | null): ScheduleDraft {
  const plan = cron === null ? null : planOfCron(cron);
  const draft = { ...NEW, cron: cron ?? NEW.cron };
  switch (plan?.every) {
    case 'hour':
      return { ...draft, every: 'hour', minute: String(plan.minute) };
    case 'day':
    case 'weekday':
      return { ...draft, every: plan.every, time: plan.time };
    case 'week':
      return { ...draft, every: 'week', time: plan.time, days: plan.days };
    case 'minutes':
    case 'month':
      return { ...draft, every: 'cron' };
    case undefined:
      return { ...draft, every: cron === null ? 'day' : 'cron' };
  }
}

/** The expression that a form comes to; null while it is not filled. */
export function cronOfDraft({ every, minute, time, days, cron }: ScheduleDraft): string | null {
  const plan = planOf(every, minute, time, days);
  if (every === 'cron') return cron.trim() === '' ? null : cron.trim();
  return plan === null ? null : cronOfPlan(plan);
}

function planOf(every: ScheduleDraft['every'], minute: string, time: string, days: readonly number[]): CronPlan | null {
  if (every === 'hour') return /^\d{1,2}$/.test(minute) && Number(minute) < 60 ? { every, minute: Number(minute) } : null;
  if (!/^\d{2}:\d{2}$/.test(time)) return null;
  if (every === 'day' || every === 'weekday') return { every, time };
  return every === 'week' && days.length > 0 ? { every, time, days: days.toSorted((a, b) => a - b) } : null;
}
