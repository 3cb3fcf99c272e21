import { describe, expect, it } from 'vitest';
import { trigger } from '../../shared/flow/definition.ts';
import { dueTimes, jitterOf, nextDue, toFire } from './due-times.ts';

function scheduler(fields: Record<string, unknown>) {
  const made = trigger.parse({ type: 'scheduler', task: 'x', cron: '30 2 * * *', timezone: 'Europe/Copenhagen', ...fields });
  if (made.type !== 'scheduler') throw new Error('unreachable');
  return made;
}

const at = (text: string): number => Date.parse(text);
const shown = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString());

describe('the times of a schedule', () => {
  it('fire at the first valid time where the clock leaps over them, and once where it comes twice', () => {
    // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
    expect(shown(dueTimes(scheduler({ catch_up_window_s: 1e6 }), at('2026-03-28T01:30:00Z'), at('2026-03-30T12:00:00Z')))).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(shown(dueTimes(scheduler({ catch_up_window_s: 1e6 }), at('2026-10-24T00:30:00Z'), at('2026-10-26T12:00:00Z')))).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('leave out what lies before the window of the catch-up, however long the host was away', () => {
    const every = scheduler({ cron: '* * * * *', catch_up_window_s: 300 });
    const due = dueTimes(every, at('2020-01-01T00:00:00Z'), at('2026-01-01T12:00:30Z'));
    expect(due.length).toBe(5);
    expect(shown(due.slice(-1))).toEqual(['2026-01-01T12:00:00.000Z']);
  });

  it('come one after the other', () => {
    expect(shown([nextDue(scheduler({}), at('2026-05-05T00:30:00Z')) ?? 0])).toEqual(['2026-05-06T00:30:00.000Z']);
  });
});

describe('what fires', () => {
  const now = at('2026-01-01T12:00:10Z');
  const due = ['2026-01-01T10:00:00Z', '2026-01-01T11:00:00Z', '2026-01-01T12:00:00Z'].map(at);

  it.each([
    ['none', due, ['12:00']],
    ['none', due.slice(0, 2), []],
    ['one', due, ['12:00']],
    ['one', due.slice(0, 2), ['11:00']],
    ['all', due, ['10:00', '11:00', '12:00']],
  ] as const)('with catch_up %s', (catch_up, times, expected) => {
    const fired = toFire(scheduler({ catch_up }), times, now);
    expect(shown(fired).map((text) => text.slice(11, 16))).toEqual(expected);
  });

  it('is put off by the same jitter for the same time', () => {
    const jittery = scheduler({ jitter_s: 60 });
    expect(jitterOf(jittery, 'a')).toBe(jitterOf(jittery, 'a'));
    expect(jitterOf(jittery, 'a')).toBeLessThan(60_000);
    expect(jitterOf(scheduler({}), 'a')).toBe(0);
  });
});
