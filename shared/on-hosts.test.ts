import { expect, test } from 'vitest';
import { ToruError } from './errors.ts';
import type { OnHost } from './on-hosts.ts';
import { alike, notPressedYet, PressOnHosts, tally } from './on-hosts.ts';
import type { Run } from './runs.ts';

const at = (host: string, content_hash: string | null) => ({ host, action: { content_hash, of: host } });

test('the largest group that is the same is pressed, the first of equally large ones; what can’t be compared is in none', () => {
  expect(alike([at('a', 'x'), at('b', 'y'), at('c', 'y'), at('d', null)])).toMatchObject({
    action: { of: 'b' },
    same: ['b', 'c'],
    other: ['a', 'd'],
  });
  expect(alike([at('a', 'x'), at('b', 'y')])).toMatchObject({ same: ['a'], other: ['b'] });
  expect(alike([at('a', null)])).toEqual({ action: null, same: [], other: ['a'] });
  expect(alike([])).toEqual({ action: null, same: [], other: [] });
});

function run(state: Run['state'], exit_code: number | null = null): Run {
  return {
    task_id: 't',
    host: 'h',
    label: '',
    inputs: {},
    user: '',
    user_id: '',
    source: 'api',
    address: null,
    state,
    reason: null,
    exit_code,
    signal: null,
    created_at: '',
    started_at: null,
    ended_at: null,
    output_bytes: 0,
    disk_bytes: null,
    stdin: false,
  };
}

/** Each host by its name does what the name says. */
function presses(started: readonly OnHost[] = []) {
  const cancelled: string[] = [];
  let over = false;
  const made = new PressOnHosts(
    {
      press: async (host, _inputs, waits_s) => {
        if (host === 'gone' && waits_s === 0) throw new ToruError('host_offline', 'It is away.');
        if (host === 'shut') throw new ToruError('forbidden', 'You may not.');
        return host === 'gone' ? null : `task ${host}`;
      },
      cancel: async (host) => void cancelled.push(host),
      read: async (host) => (over ? run(host === 'fails' ? 'timed_out' : 'exited', 0) : run('running')),
      sentence: (error) => (error instanceof Error ? error.message : ''),
    },
    started,
    () => undefined,
  );
  return { made, cancelled, end: () => (over = true) };
}

test('one result for all, whatever came of each; cancelled are those that are under way', async () => {
  const { made, cancelled, end } = presses();
  await made.press(['fine', 'fails', 'gone', 'shut'], {}, 0);
  expect(tally(made.rows)).toEqual({ ok: 0, failed: 0, under_way: 2, waiting: 0, away: 1, not_started: 1 });
  await made.look();
  await made.cancel();
  expect(cancelled).toEqual(['fine', 'fails']);
  end();
  await made.look();
  expect(tally(made.rows)).toEqual({ ok: 1, failed: 1, under_way: 0, waiting: 0, away: 1, not_started: 1 });
  await made.cancel();
  expect(cancelled).toHaveLength(2);
  // Again, for those that are away: it waits now, and the others are as they were.
  await made.press(['gone'], {}, 60);
  expect(tally(made.rows)).toEqual({ ok: 1, failed: 1, under_way: 0, waiting: 1, away: 0, not_started: 1 });
});

test('a host that is not seen for a while is under way until it is', async () => {
  const { made, end } = presses([{ ...notPressedYet('fine'), task_id: 'task fine', problem: 'not seen just now' }]);
  expect(tally(made.rows).under_way).toBe(1);
  end();
  await made.look();
  expect(made.rows).toMatchObject([{ problem: null }]);
  expect(tally(made.rows).ok).toBe(1);
});

test('what waited for its host is under way once it started, and says why where it did not', async () => {
  const { made } = presses();
  await made.press(['gone'], {}, 60);
  expect(tally(made.rows)).toMatchObject({ waiting: 1, under_way: 0 });
  made.settled('gone', { task_id: 'task gone' });
  expect(tally(made.rows)).toMatchObject({ waiting: 0, under_way: 1 });
  await made.press(['gone'], {}, 60);
  made.settled('gone', { problem: 'The host did not come back in time.' });
  expect(tally(made.rows)).toMatchObject({ waiting: 0, not_started: 1 });
});
