import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../shared/runs.ts';
import { RecentRuns } from './recent-runs.ts';

function run(at: number, change: Partial<RunSummary> = {}): RunSummary {
  const time = new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();
  return {
    task_id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    user_id: at % 2 === 0 ? 'ada' : 'eve',
    action: null,
    label: `Run ${at}`,
    state: 'running',
    exit_code: null,
    created_at: time,
    started_at: time,
    ended_at: null,
    ...change,
  };
}

function recent(count: number): RecentRuns {
  const runs = new RecentRuns({ get: () => undefined, put: () => undefined });
  for (let at = 1; at <= count; at += 1) runs.note(run(at), at);
  return runs;
}
const labels = (runs: RecentRuns, sub = 'root', role: 'admin' | 'client' = 'admin'): string[] =>
  runs.visibleTo(sub, role).map(({ label }) => label);

describe('the recent runs', () => {
  it('are the newest fifty, each as it is now, a client’s own only', () => {
    const runs = recent(60);
    expect(labels(runs)).toEqual(Array.from({ length: 50 }, (_, i) => `Run ${60 - i}`));
    runs.note(run(58, { state: 'exited', exit_code: 0 }), 100);
    expect(runs.visibleTo('root', 'admin')[2]).toMatchObject({ label: 'Run 58', state: 'exited' });
    expect(labels(runs, 'eve', 'client').slice(0, 2)).toEqual(['Run 59', 'Run 57']);
  });

  it('are not joined by an old run of which there is news', () => {
    const runs = recent(60);
    runs.note(run(3, { state: 'exited' }), 100);
    expect(labels(runs)).not.toContain('Run 3');
    expect(labels(runs)).toHaveLength(50);
    const few = recent(0);
    for (const at of [2, 1, 3]) few.note(run(at), at);
    expect(labels(few)).toEqual(['Run 3', 'Run 2', 'Run 1']);
  });
});
