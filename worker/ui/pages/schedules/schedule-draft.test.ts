import { expect, it } from 'vitest';
import { cronOfDraft, draftOfCron } from './schedule-draft.ts';

it.each(['5 * * * *', '0 3 * * *', '30 7 * * 1-5', '0 9 * * 0,6', '*/15 * * * *', '0 3 1 * *', '0 3 * * 1#2'])(
  '%s is the same when its form was opened and saved',
  (cron) => {
    expect(cronOfDraft(draftOfCron(cron))).toBe(cron);
  },
);

it('begins with every day at three', () => {
  expect(cronOfDraft(draftOfCron(null))).toBe('0 3 * * *');
});

it.each([
  { time: '' },
  { every: 'hour', minute: '60' },
  { every: 'hour', minute: '' },
  { every: 'week', days: [] },
  { every: 'cron', cron: ' ' },
] as const)('is no schedule yet: %j', (change) => {
  expect(cronOfDraft({ ...draftOfCron(null), ...change })).toBeNull();
});
