import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXITED_RUN } from '../../../../shared/fixtures/exited-run.ts';
import type { SearchLine } from '../../../../shared/search.ts';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { isSearchLine } = await import('../../data/search-lines.ts');
const { SearchProgress } = await import('./search-progress.ts');

const ID = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const TIME = '2026-01-01T00:00:00.000Z';
const run = { ...EXITED_RUN, task_id: ID };
const field = { name: 'label', text: 'Backup', marks: [[0, 4]] } as const;
const place = {
  stream: 'stdout',
  cursor: 5,
  to: 9,
  line: 'back up',
  marks: [[0, 4]],
  cut: { start: false, end: true },
  before: ['before'],
  after: [],
} as const;
const match = { type: 'match', task_id: ID, ...place } as const;

describe('a line of the answer', () => {
  it.each([
    { type: 'run', run, fields: [field] },
    match,
    { type: 'more', task_id: ID, cursor: 9 },
    { type: 'progress', runs: 1, bytes: 2, at: TIME },
    { type: 'end', runs: 1, bytes: 2, next_cursor: null },
    { type: 'error', code: 'internal', data: 'It broke off.' },
  ])('is known as it is, and with more than this page knows: $type', (line) => {
    for (const known of [line, { ...line, later: 1 }]) expect(isSearchLine(known), JSON.stringify(known)).toBe(true);
  });

  it.each([
    null,
    [],
    'run',
    { type: 'later' },
    { type: 'run', run: { ...run, state: 'gone' }, fields: [] },
    { type: 'run', run, fields: [{ ...field, marks: [[0]] }] },
    { type: 'run', run },
    { ...match, task_id: 7 },
    { ...match, before: 'before' },
    { ...match, after: [1] },
    { ...match, cut: null },
    { type: 'more', task_id: ID },
    { type: 'progress', runs: '1', bytes: 2 },
    { type: 'error', code: 'internal' },
  ])('is left out: %j', (line) => {
    expect(isSearchLine(line), JSON.stringify(line)).toBe(false);
  });
});

describe('a search', () => {
  /** Answers in turn: lines; an error of the network; or one whose rest never comes. */
  let answers: (SearchLine[] | Error | 'stuck')[];
  let asked: string[];
  beforeEach(() => {
    asked = [];
    vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
      asked.push(path);
      const answer = answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      if (answer !== 'stuck') return new Response(answer.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return new Response(
        new ReadableStream({
          start: (controller) => init?.signal?.addEventListener('abort', () => controller.error(new DOMException('stopped', 'AbortError'))),
        }),
      );
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const query = { q: 'back', in: '', since: '' } as const;
  const found: SearchLine = { type: 'run', run: { ...run, args: [], inputs: {} }, fields: [{ ...field, marks: [[0, 4]] }] };
  const place1: SearchLine = { ...match, marks: [[0, 4]], before: ['before'], after: [] };

  it('gathers what is found by run, and counts on over its parts', async () => {
    answers = [
      [found, place1, { type: 'more', task_id: ID, cursor: 9 }, { type: 'end', runs: 10, bytes: 100, next_cursor: 'c1' }],
      [found, { type: 'progress', runs: 2, bytes: 5, at: TIME }, { type: 'end', runs: 3, bytes: 7, next_cursor: null }],
    ];
    const search = new SearchProgress(query);
    await search.go();
    expect(search.found.value).toMatchObject([{ run: { task_id: ID }, places: [{ cursor: 5 }], more: 9 }]);
    expect([search.progress.value, search.next.value]).toEqual([{ runs: 10, bytes: 100, at: null }, 'c1']);
    await search.go();
    expect(asked).toEqual(['/api/search?q=back', '/api/search?q=back&cursor=c1']);
    expect([search.progress.value, search.next.value]).toEqual([{ runs: 13, bytes: 107, at: null }, null]);
    expect(search.found.value).toHaveLength(1);
    expect([search.searching.value, search.problem.value]).toEqual([false, null]);
  });

  it('brings the rest of one run, and leaves the count alone', async () => {
    answers = [
      [found, place1, { type: 'more', task_id: ID, cursor: 9 }, { type: 'end', runs: 1, bytes: 1, next_cursor: null }],
      [
        { ...place1, cursor: 20 },
        { type: 'progress', runs: 0, bytes: 9, at: null },
        { type: 'end', runs: 0, bytes: 9, next_cursor: null },
      ],
    ];
    const search = new SearchProgress(query);
    await search.go();
    await search.more(ID);
    await search.more(ID);
    expect(asked.slice(1)).toEqual([`/api/runs/${ID}/search?q=back&from=9`]);
    expect(search.found.value[0]?.places.map(({ cursor }) => cursor)).toEqual([5, 20]);
    expect([search.found.value[0]?.more, search.progress.value.bytes]).toEqual([null, 1]);
  });

  it('says what the host says, and keeps what was found before it', async () => {
    answers = [[found, place1, { type: 'error', code: 'internal', data: 'The log can’t be read.' }]];
    const search = new SearchProgress(query);
    await search.go();
    expect([search.problem.value, search.found.value.length]).toEqual(['The log can’t be read.', 1]);
    answers = [new TypeError('no network')];
    await search.go();
    expect(search.problem.value).toMatch(/^No answer/);
    expect(search.found.value).toHaveLength(1);
  });

  it('stops when it is told, without a complaint, and only one is under way', async () => {
    answers = ['stuck'];
    const search = new SearchProgress(query);
    const going = search.go();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await search.go();
    expect(asked).toHaveLength(1);
    search.stop();
    await going;
    expect([search.stopped.value, search.searching.value, search.problem.value]).toEqual([true, false, null]);
  });
});
