import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../shared/runs.ts';
import { seenBy } from './host-report.ts';
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
const labels = (runs: RecentRuns): string[] => runs.all.map(({ label }) => label);

describe('the recent runs', () => {
  it('are the newest fifty, each as it is now', () => {
    const runs = recent(60);
    expect(labels(runs)).toEqual(Array.from({ length: 50 }, (_, i) => `Run ${60 - i}`));
    runs.note(run(58, { state: 'exited', exit_code: 0 }), 100);
    expect(runs.all[2]).toMatchObject({ label: 'Run 58', state: 'exited' });
    const report = {
      at: 1,
      online: true,
      last_sign: 1,
      name: null,
      version: null,
      pending_runs: [],
      kept_webhooks: [],
      recent_runs: runs.all,
      duplicate: null,
    };
    expect(seenBy(report, 'root', 'admin').recent_runs).toHaveLength(50);
    // A client's own only.
    expect(new Set(seenBy(report, 'eve', 'client').recent_runs.map(({ user_id }) => user_id))).toEqual(new Set(['eve']));
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
