import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sizeNote } from '../../shared/terminal/size-notes.ts';
import { runTerminal } from '../../shared/terminal-size.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';

/** What a run's program set in its terminal before the part of its output that a page reads. */

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

/** A run with a terminal that has printed this, and what is asked of it. */
async function printed(script: string, tty = true) {
  api.script('prints.sh', `#!/bin/bash\n${script}\n`);
  const id = `prints-${randomUUID().slice(0, 8)}`;
  expect((await api.ask(api.admin, 'POST', '/api/actions', { id, label: id, script: 'prints.sh', tty })).status).toBe(201);
  const { task_id } = await api.finished(api.admin, { action: id });
  const output = (await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output`)).text;
  const at = (cursor: number) => api.ask(api.admin, 'GET', `/api/runs/${task_id}/terminal?at=${cursor}`);
  return { output, at };
}

test('modes that were set long before a cursor are told there, and not before they were set', async () => {
  const viewer = randomUUID();
  const note = sizeNote({ cols: 132, rows: 43, viewer }).replaceAll('\u001b', '\\033').replaceAll('\u0007', '\\007');
  const { output, at } = await printed(
    `printf 'first\\n\\033[?1049h\\033[?2004h\\033[?1002h\\033[?1006h${note}'; seq 200000; printf '\\033[?1002lend'`,
  );
  const set = output.indexOf('1\r\n2\r\n');
  expect(set).toBeGreaterThan(0);
  const told = async (cursor: number) => runTerminal.parse((await at(cursor)).json);
  expect(await told(0)).toEqual({ modes: '', cols: 80, rows: 24, viewer: null });
  const long = '\u001b[?1049h\u001b[?2004h\u001b[?1002h\u001b[?1006h';
  for (const cursor of [set, output.length - 50]) expect(await told(cursor)).toEqual({ modes: long, cols: 132, rows: 43, viewer });
  expect(await told(output.length)).toEqual({ modes: long.replace('\u001b[?1002h', ''), cols: 132, rows: 43, viewer });
  expect((await at(output.length + 1)).json).toMatchObject({ error: { code: 'bad_cursor' } });
});

test('a run without a terminal has none, and a stranger’s run is unknown', async () => {
  const { at } = await printed('echo here', false);
  expect((await at(0)).json).toMatchObject({ error: { code: 'bad_request' } });
  const cleo = await api.caller('cleo', 'client');
  const { task_id } = await api.finished(api.admin, { script: 'prints.sh' });
  expect((await api.ask(cleo, 'GET', `/api/runs/${task_id}/terminal?at=0`)).status).toBe(404);
});
