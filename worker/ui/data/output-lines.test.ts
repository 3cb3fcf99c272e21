import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { readOutput } = await import('./output-lines.ts');

const TASK = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';
const asked: string[] = [];
let body = '';

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return new Response(body);
  });
});
afterEach(() => vi.unstubAllGlobals());

it('asks for a part, or for the end', async () => {
  body = '';
  expect(await readOutput(TASK, { from: 5, limit: 10 })).toEqual([]);
  expect(await readOutput(TASK, { tail: 2048 })).toEqual([]);
  expect(asked).toEqual([`/api/runs/${TASK}/output?format=jsonl&from=5&limit=10`, `/api/runs/${TASK}/output?format=jsonl&tail=2048`]);
});

it('takes output and gaps, and leaves out what it does not know', async () => {
  const lines = [
    { stream: 'stdout', data: 'a\n', cursor: 2 },
    { gap: { from: 2, to: 9 }, cursor: 9 },
    { stream: 'stderr', data: '', cursor: 9 },
  ];
  const others = [
    { stream: 'stdin', data: 'x', cursor: 1 },
    { stream: 'stdout', cursor: 1 },
    { gap: { from: 1 }, cursor: 2 },
    null,
    7,
    [],
    {},
  ];
  body = [...lines, ...others].map((line) => `${JSON.stringify(line)}\n`).join('');
  expect(await readOutput(TASK, { tail: 1 })).toEqual(lines);
});

it('says that an answer broke off', async () => {
  body = '{"stream":"stdout","data":"a","cursor":1}\n{"stream":"std';
  await expect(readOutput(TASK, { tail: 1 })).rejects.toMatchObject({ code: 'host_timeout', message: 'The answer broke off. Try again.' });
});
