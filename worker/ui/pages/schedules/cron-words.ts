import { planOfCron } from '../../../../shared/cron-plan.ts';
import { dateFormat } from '../../formats.ts';
import { shown, t } from '../../translate.ts';

/** A schedule in words: “Every day at 03:00”; an expression for which there are none as it is. */
export function cronWords(cron: string): string {
  const plan = planOfCron(cron);
  switch (plan?.every) {
    case 'minutes':
      return plan.minutes === 1 ? t('Every minute') : t('Every {minutes} minutes', { minutes: plan.minutes });
    case 'hour':
      return plan.minute === 0 ? t('Every hour') : t('Every hour, {minute} minutes past', { minute: plan.minute });
    case 'day':
      return t('Every day at {time}', { time: plan.time });
    case 'weekday':
      return t('Monday to Friday at {time}', { time: plan.time });
    case 'week':
      return t('{days} at {time}', { days: plan.days.map((day) => dayName(day)).join(', '), time: plan.time });
    case 'month':
      return t('On day {day} of each month at {time}', { day: plan.day, time: plan.time });
    case undefined:
      return cron;
  }
}

/** @param day from 0, Sunday, to 6. */
export function dayName(day: number, weekday: 'long' | 'short' = 'long'): string {
  // The fourth of January 1970 was a Sunday.
  return dateFormat(shown.value.locale, { weekday, timeZone: 'UTC' }).format(new Date(Date.UTC(1970, 0, 4 + day)));
}

/** A time of a schedule, by the clock of its own zone: “Mon 30 Nov, 03:00”. */
export function timeIn(iso: string, timeZone: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone } as const;
  try {
    return dateFormat(shown.value.locale, options).format(new Date(iso));
  } catch {
    // A zone that this browser does not know.
    return dateFormat(shown.value.locale, { ...options, timeZone: 'UTC', timeZoneName: 'short' }).format(new Date(iso));
  }
}
