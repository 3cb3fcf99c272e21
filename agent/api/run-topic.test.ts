import { expect, it } from 'vitest';
import { EXITED_RUN } from '../../shared/fixtures/exited-run.ts';
import type { Run, RunSummary } from '../../shared/runs.ts';
import { runTopic, tellSummaries } from './run-topic.ts';

const RUN: Run = { ...EXITED_RUN, note: 'the disk was full' };

it('brings a note to who follows the runs, and nothing of it to what the edge keeps', () => {
  const changed = new Set<(run: Run) => void>();
  const kept: RunSummary[] = [];
  const published: [string, unknown][] = [];
  const runs = {
    onChange: (listener: (run: Run) => void) => {
      changed.add(listener);
      return () => changed.delete(listener);
    },
  };
  const news = runTopic(runs).start({ watched: () => true, tell: (topic, frame) => published.push([topic, JSON.parse(frame)]) });
  const stop = tellSummaries(runs, { summary: (run) => kept.push(run) });
  const change = (run: Run): void => {
    for (const listener of changed) listener(run);
  };
  change(RUN);
  const { note: _, ...silent } = RUN;
  change(silent);
  news.stop();
  stop();
  expect(changed.size).toBe(0);
  expect(published.map(([topic]) => topic)).toEqual(['runs', 'runs/u1', 'runs', 'runs/u1']);
  expect(published[1]?.[1]).toMatchObject({ type: 'run', run: { label: 'Backup', note: 'the disk was full' } });
  expect(published[3]?.[1]).not.toHaveProperty('run.note');
  expect(JSON.stringify(kept)).not.toMatch(/note|disk|backup\.sh/);
  expect(kept).toHaveLength(2);
});
