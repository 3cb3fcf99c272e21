import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Run, RunSummary } from '../../shared/runs.ts';
import { Broadcasts } from './broadcasts.ts';

const RUN: Run = {
  task_id: randomUUID(),
  host: randomUUID(),
  label: 'Backup',
  script: 'backup.sh',
  args: ['--all'],
  inputs: {},
  user: 'ada',
  user_id: 'u1',
  source: 'page',
  address: null,
  state: 'exited',
  reason: null,
  exit_code: 0,
  signal: null,
  created_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  ended_at: null,
  output_bytes: 0,
  disk_bytes: 0,
  stdin: false,
  note: 'the disk was full',
};

it('brings a note to who follows the runs, and nothing of it to what the edge keeps', () => {
  let change: (run: Run) => void = () => undefined;
  const kept: RunSummary[] = [];
  const published: [string, unknown][] = [];
  const broadcasts = new Broadcasts(
    {
      runs: {
        onChange: (listener) => {
          change = listener;
          return () => undefined;
        },
      },
      system: { subscribe: () => () => undefined },
    },
    {
      watched: () => true,
      tell: (topic, frame) => published.push([topic, JSON.parse(frame)]),
      summary: (run) => kept.push(run),
    },
  );
  change(RUN);
  const { note: _, ...silent } = RUN;
  change(silent);
  broadcasts.close();
  expect(published.map(([topic]) => topic)).toEqual(['runs', 'runs/u1', 'runs', 'runs/u1']);
  expect(published[1]?.[1]).toMatchObject({ type: 'run', run: { label: 'Backup', note: 'the disk was full' } });
  expect(published[3]?.[1]).not.toHaveProperty('run.note');
  expect(JSON.stringify(kept)).not.toMatch(/note|disk|backup\.sh/);
  expect(kept).toHaveLength(2);
});
