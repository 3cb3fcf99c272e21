import { expect, it } from 'vitest';
import { cronOfPlan, planOfCron } from './cron-plan.ts';

it.each([
  ['* * * * *', { every: 'minutes', minutes: 1 }],
  ['*/15 * * * *', { every: 'minutes', minutes: 15 }],
  ['5 * * * *', { every: 'hour', minute: 5 }],
  ['0 3 * * *', { every: 'day', time: '03:00' }],
  ['0 30 3 * * *', { every: 'day', time: '03:30' }],
  ['30 7 * * mon-fri', { every: 'weekday', time: '07:30' }],
  ['0 9 * * 6,0', { every: 'week', days: [0, 6], time: '09:00' }],
  ['0 9 * * 7', { every: 'week', days: [0], time: '09:00' }],
  ['15 4 1 * *', { every: 'month', day: 1, time: '04:15' }],
] as const)('%s is said in words, and comes back as the same times', (cron, plan) => {
  expect(planOfCron(cron)).toEqual(plan);
  expect(planOfCron(cronOfPlan(plan))).toEqual(plan);
});

it.each(['*/7 * * * *', '0 3 * 1 *', '0 3 1 * 1', '0 3,4 * * *', '10 0 3 * * *', '0 24 * * *', '0 3 * * 5-1', '0 3 * * 1#2', 'daily', ''])(
  '%s is shown as it is',
  (cron) => {
    expect(planOfCron(cron)).toBeNull();
  },
);
