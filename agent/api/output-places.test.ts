import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';

let api: ApiHarness;
let task: string;
beforeAll(async () => {
  api = await makeApi();
  api.script('lines.sh', '#!/bin/sh\necho one\nsleep 0.3\necho two >&2\necho three\nprintf four');
  ({ task_id: task } = await api.finished(api.admin, { script: 'lines.sh' }));
});
afterAll(() => api.close());

test('says where a line begins and which line a place is in, over both streams', async () => {
  const of = async (query: string) => (await api.ask(api.admin, 'GET', `/api/runs/${task}/lines?${query}`)).json;
  expect(await of('line=1')).toEqual({ line: 1, cursor: 0 });
  expect(await of('line=4')).toEqual({ line: 4, cursor: 14 });
  expect(await of('line=99')).toEqual({ line: 4, cursor: 14 });
  expect(await of('cursor=5')).toEqual({ line: 2, cursor: 5 });
  expect(await of('cursor=18')).toEqual({ line: 4, cursor: 18 });
});

test('says when it was printed', async () => {
  const answer = await api.ask(api.admin, 'GET', `/api/runs/${task}/times?from=0&to=18`);
  const { items } = JSON.parse(answer.text);
  expect(items[0].cursor).toBe(4);
  const at = items.map(({ time }: { time: string }) => Date.parse(time));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  // The script slept in between.
  expect(at.at(-1) - at[0]).toBeGreaterThan(200);
  expect(items.at(-1).cursor).toBe(18);
});

test('tells nobody of a foreign run, and what is wrong with a question', async () => {
  const eve = await api.caller('eve', 'client');
  for (const path of ['lines?line=1', 'times?from=0&to=1'])
    expect(await api.ask(eve, 'GET', `/api/runs/${task}/${path}`)).toMatchObject({
      status: 404,
      json: { error: { code: 'unknown_task' } },
    });
  for (const path of ['lines', 'lines?line=1&cursor=1', 'lines?line=0', 'lines?line=x', 'times?from=0'])
    expect(await api.ask(api.admin, 'GET', `/api/runs/${task}/${path}`)).toMatchObject({ status: 400 });
});
