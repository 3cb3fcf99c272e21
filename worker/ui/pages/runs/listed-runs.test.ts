import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXITED_RUN } from '../../../../shared/fixtures/exited-run.ts';
import type { Run, RunNews } from '../../../../shared/runs.ts';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { History } = await import('./listed-runs.ts');
const { NO_FILTERS } = await import('./run-filters.ts');

/** A host with runs that are asked for page by page, from the newest on. */
let runs: Run[];
let asked: Record<string, string>[];
let fails: boolean;
const PAGE = 50;

function run(n: number, change: Partial<Run> = {}): Run {
  const created_at = new Date(1_700_000_000_000 + n * 1000).toISOString();
  return {
    ...EXITED_RUN,
    task_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    label: `run ${n}`,
    state: 'running',
    exit_code: null,
    created_at,
    started_at: created_at,
    ended_at: null,
    ...change,
  };
}

const news = (n: number, change: Partial<Run> = {}): RunNews => ({ ...run(n, change), action: null });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  asked = [];
  fails = false;
  runs = Array.from({ length: 120 }, (_, i) => run(119 - i));
  vi.stubGlobal('fetch', async (path: string) => {
    const query = Object.fromEntries(new URL(path, 'http://host').searchParams);
    asked.push(query);
    if (fails) throw new TypeError('no network');
    const from = Number(query['cursor'] ?? 0);
    const next_cursor = from + PAGE < runs.length ? String(from + PAGE) : null;
    return new Response(JSON.stringify({ items: runs.slice(from, from + PAGE), next_cursor }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const shown = (history: InstanceType<typeof History>): string[] => (history.runs.value ?? []).map(({ label }) => label);
const labels = (newest: number, oldest: number): string[] => Array.from({ length: newest - oldest + 1 }, (_, i) => `run ${newest - i}`);

it('reads page after page to the end, each with the filters', async () => {
  const history = new History({ ...NO_FILTERS, result: ['running'], user: 'admin' });
  await history.read();
  expect([shown(history), history.more.value]).toEqual([labels(119, 70), true]);
  await history.read();
  await history.read();
  expect([shown(history), history.more.value]).toEqual([labels(119, 0), false]);
  await history.read();
  const filters = { result: 'running', user: 'admin', limit: '50' };
  expect(asked).toEqual([filters, { ...filters, cursor: '50' }, { ...filters, cursor: '100' }]);
});

it('shows no run twice when others came in between', async () => {
  const history = new History(NO_FILTERS);
  await history.read();
  runs.unshift(run(120));
  await history.read();
  expect(shown(history)).toEqual(labels(119, 21));
});

it('shows a run’s news at once, and reads the first page again soon after, once for many', async () => {
  const history = new History(NO_FILTERS);
  await history.read();
  await history.read();
  const ended = news(100, { state: 'exited', exit_code: 0, ended_at: '2026-01-01T00:00:00.000Z' });
  runs.unshift(run(121), run(120));
  history.note(ended);
  history.note(news(121));
  expect(history.runs.value?.find(({ label }) => label === 'run 100')).toMatchObject({ state: 'exited', exit_code: 0 });
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(400);
  await vi.waitFor(() => expect(shown(history)).toEqual(labels(121, 20)));
  expect(asked).toHaveLength(3);
});

it('says why nothing came, and comes when it is asked again', async () => {
  fails = true;
  const history = new History(NO_FILTERS);
  await history.read();
  expect([history.problem.value, history.runs.value]).toEqual([expect.stringMatching(/^No answer/), null]);
  fails = false;
  await history.refresh();
  expect([history.problem.value, shown(history)]).toEqual([null, labels(119, 70)]);
});

it('asks for nothing more when it is closed', async () => {
  const history = new History(NO_FILTERS);
  await history.read();
  history.note(news(119));
  history.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toHaveLength(1);
});
