import { expect, it, vi } from 'vitest';
import type { Run } from '../../../../shared/runs.ts';

vi.stubGlobal('addEventListener', () => undefined);
const { MergedRuns } = await import('./merged-runs.ts');

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

function run(created_at: string): Run {
  return {
    task_id: created_at,
    created_at,
    user_id: '',
    user: 'ada',
    label: 'Backup',
    state: 'exited',
    exit_code: 0,
    started_at: null,
    ended_at: null,
    script: 'a.sh',
    inputs: {},
    host: '',
    source: 'page',
    address: null,
    reason: null,
    signal: null,
    output_bytes: 0,
    disk_bytes: 0,
    stdin: false,
  };
}

/** Hosts with a run at each of these minutes, given newest first, `limit` at a time. */
function histories(minutes: Readonly<Record<string, readonly number[]>>) {
  const asked: string[] = [];
  const list = async (host: string, query: Record<string, string>) => {
    asked.push(host);
    const all = minutes[host];
    if (all === undefined) throw new Error('away');
    const from = Number(query['cursor'] ?? 0);
    const to = from + Number(query['limit']);
    const items = all.toSorted((a, b) => b - a).slice(from, to);
    return { items: items.map((minute) => run(at(minute))), next_cursor: to < all.length ? String(to) : null };
  };
  return { list, asked };
}

const count = (from: number, to: number, by = 1): number[] => Array.from({ length: Math.ceil((to - from) / by) }, (_, n) => from + n * by);

it('is in one order at every step, lacks nothing, and puts no row above one that was shown', async () => {
  // One is busy, one had its runs long ago, one has a few.
  const minutes = { busy: count(500, 700), old: count(0, 100), few: [50, 550, 650] };
  const { list } = histories(minutes);
  const merged = new MergedRuns(Object.keys(minutes), list);
  let shown: string[] = [];
  do {
    await merged.read();
    const now = merged.rows.value.map(({ host, run: { created_at } }) => `${created_at} ${host}`);
    expect(now.slice(0, shown.length)).toEqual(shown);
    expect(merged.rows.value.map(({ run: { created_at } }) => created_at)).toEqual(
      merged.rows.value
        .map(({ run: { created_at } }) => created_at)
        .toSorted()
        .toReversed(),
    );
    shown = now;
  } while (merged.more.value);
  expect(shown.length).toBe(303);
});

it('reads no further back than it shows, and names a host that could not be read', async () => {
  const { list, asked } = histories({ busy: count(500, 700), old: count(0, 100) });
  const merged = new MergedRuns(['busy', 'old', 'gone'], list);
  await merged.read();
  expect(asked.filter((host) => host === 'old').length).toBe(1);
  expect([...merged.problems.value.keys()]).toEqual(['gone']);
  expect(merged.rows.value.every(({ host }) => host === 'busy')).toBe(true);
});
