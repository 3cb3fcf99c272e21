import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinal } from '../../shared/run-state.ts';
import type { Run } from '../../shared/runs.ts';
import { run as runSchema } from '../../shared/runs.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let cleo: Caller;
let otto: Caller;
beforeAll(async () => {
  api = await makeApi();
  cleo = await api.caller('cleo', 'client');
  otto = await api.caller('otto', 'client');
  api.script('echo.sh', '#!/bin/sh\nfor a in "$@"; do echo "$a"; done\n');
  api.script(
    'mixed.sh',
    '#!/bin/sh\nprintf out; until [ -e "$0.3" ]; do sleep 0.01; done; printf err >&2; until [ -e "$0.6" ]; do sleep 0.01; done; printf "\\377\\303"; exit 3\n',
  );
  api.script('wait.sh', '#!/bin/sh\necho ready\nexec sleep 60\n');
  await api.ask(api.admin, 'POST', '/api/actions', {
    label: 'Greet',
    script: 'echo.sh',
    args: ['fixed'],
    inputs: [{ type: 'text', name: 'who', label: 'Who' }],
    allow: 'everyone',
  });
  await api.ask(api.admin, 'POST', '/api/actions', { label: 'Wait', script: 'wait.sh', allow: 'everyone' });
  await api.ask(api.admin, 'POST', '/api/actions', { label: 'Closed', script: 'echo.sh' });
});
afterAll(() => api.close());

const codeOf = (json: unknown): unknown => Object(json).error?.code;

async function start(caller: Caller, body: unknown): Promise<string> {
  const { status, json } = await api.ask(caller, 'POST', '/api/runs', body);
  expect(status).toBe(202);
  expect(json).toEqual({ task_id: expect.any(String), state: expect.stringMatching(/^(?:queued|running)$/) });
  return Object(json).task_id;
}

async function end(caller: Caller, id: string): Promise<Run> {
  for (;;) {
    const run = runSchema.parse((await api.ask(caller, 'GET', `/api/runs/${id}`)).json);
    if (isFinal(run.state)) return run;
    await sleep(10);
  }
}

/** Ends with both streams in a known order: the script goes on when what it printed so far has been seen. */
async function mixed(): Promise<Run> {
  const id = await start(api.admin, { script: 'mixed.sh' });
  for (const seen of [3, 6]) {
    await expect.poll(() => api.runs.log(id).end).toBe(seen);
    writeFileSync(join(api.scriptsDir, `mixed.sh.${seen}`), '');
  }
  const run = await end(api.admin, id);
  for (const seen of [3, 6]) rmSync(join(api.scriptsDir, `mixed.sh.${seen}`));
  return run;
}

/** Waits until the run has printed so much: it is under way. */
async function printed(caller: Caller, id: string, text: string): Promise<void> {
  await expect.poll(async () => (await api.ask(caller, 'GET', `/api/runs/${id}/output`)).text).toContain(text);
}

describe('start', () => {
  it('runs a script with arguments, and an action with inputs', async () => {
    const script = await end(api.admin, await start(api.admin, { script: 'echo.sh', args: ['a b', '$(id)', "'"] }));
    expect(script).toMatchObject({
      state: 'exited',
      exit_code: 0,
      script: 'echo.sh',
      args: ['a b', '$(id)', "'"],
      user: 'admin',
      source: 'api',
      address: '203.0.113.7',
    });
    expect((await api.ask(api.admin, 'GET', `/api/runs/${script.task_id}/output`)).text).toBe("a b\n$(id)\n'\n");
    const action = await end(cleo, await start(cleo, { action: 'greet', inputs: { who: 'you' } }));
    expect(action).toMatchObject({ state: 'exited', action: 'greet', label: 'Greet', user: 'cleo', inputs: { who: 'you' } });
    expect((await api.ask(cleo, 'GET', `/api/runs/${action.task_id}/output`)).text).toBe('fixed\nyou\n');
  });

  it('comes from the command line at the local socket', async () => {
    const local: Caller = { ...api.admin, user_id: 'local:0', username: 'local:root', via: 'local', sid: null, address: null };
    const run = await end(local, await start(local, { script: 'echo.sh' }));
    expect(run).toMatchObject({ source: 'cli', user: 'local:root', user_id: 'local:0', address: null, state: 'exited' });
  });

  it('starts one request id once, and refuses another request under it', async () => {
    const request_id = randomUUID();
    const id = await start(cleo, { action: 'greet', request_id });
    const [again, more] = await Promise.all([0, 1].map(() => api.ask(cleo, 'POST', '/api/runs', { action: 'greet', request_id })));
    expect([again?.json, more?.json]).toMatchObject([{ task_id: id }, { task_id: id }]);
    const other = await api.ask(cleo, 'POST', '/api/runs', { action: 'greet', inputs: { who: 'x' }, request_id });
    expect(other).toMatchObject({ status: 409, json: { error: { code: 'request_id_reused' } } });
    expect(await start(otto, { action: 'greet', request_id })).not.toBe(id);
  });

  it('is refused when it comes too late, in the body or the header, and starts nothing', async () => {
    const before = Object((await api.ask(cleo, 'GET', '/api/runs')).json).items.length;
    const late = new Date(Date.now() - 1000).toISOString();
    const said = await api.ask(cleo, 'POST', '/api/runs', { action: 'greet', not_after: late });
    expect([said.status, codeOf(said.json)]).toEqual([412, 'too_late']);
    const headed = await api.ask(cleo, 'POST', '/api/runs', { action: 'greet' }, { 'toru-not-after': late });
    expect([headed.status, codeOf(headed.json)]).toEqual([412, 'too_late']);
    const unreadable = await api.ask(cleo, 'POST', '/api/runs', { action: 'greet', not_after: 'soon' });
    expect([unreadable.status, codeOf(unreadable.json)]).toEqual([400, 'bad_request']);
    expect(Object((await api.ask(cleo, 'GET', '/api/runs')).json).items).toHaveLength(before);
  });

  it('that was started in time says so to a repetition that comes too late', async () => {
    const request_id = randomUUID();
    const not_after = new Date(Date.now() + 1000).toISOString();
    const id = await start(cleo, { action: 'greet', request_id, not_after: new Date(Date.now() + 60_000).toISOString() });
    while (Date.now() <= Date.parse(not_after)) await sleep(50);
    const again = await api.ask(cleo, 'POST', '/api/runs', { action: 'greet', request_id, not_after });
    expect([again.status, Object(again.json).task_id]).toEqual([202, id]);
  });

  it.each([
    [{ script: 'missing.sh' }, 404, 'unknown_script'],
    [{ script: '../echo.sh' }, 400, 'script_outside'],
    [{ action: 'nothing' }, 404, 'unknown_action'],
    [{ action: 'greet', inputs: { nope: 1 } }, 400, 'input_undeclared'],
    [{ action: 'greet', inputs: { who: '-rf' } }, 400, 'input_invalid'],
    [{ script: 'echo.sh', args: ['a\0'] }, 400, 'input_invalid'],
  ])('refuses %j with %s %s', async (body, status, code) => {
    expect(await api.ask(api.admin, 'POST', '/api/runs', body)).toMatchObject({ status, json: { error: { code } } });
  });

  it('lets a client run no script, and no action that is not theirs', async () => {
    expect(await api.ask(cleo, 'POST', '/api/runs', { script: 'echo.sh' })).toMatchObject({
      status: 403,
      json: { error: { code: 'forbidden' } },
    });
    expect(await api.ask(cleo, 'POST', '/api/runs', { action: 'closed' })).toMatchObject({
      status: 404,
      json: { error: { code: 'unknown_action' } },
    });
  });
});

describe('others’ runs', () => {
  it('are unknown to a client, at every route; an admin sees all', async () => {
    const id = await start(cleo, { action: 'wait' });
    await printed(cleo, id, 'ready');
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/output'],
      ['HEAD', ''],
      ['POST', '/cancel'],
    ] as const) {
      const foreign = await api.ask(otto, method, `/api/runs/${id}${path}`);
      const missing = await api.ask(otto, method, `/api/runs/${randomUUID()}${path}`);
      expect(foreign.status, path).toBe(404);
      expect(foreign.text, path).toBe(missing.text);
    }
    expect((await api.ask(otto, 'GET', '/api/runs?limit=200')).text).not.toContain(id);
    expect((await api.ask(otto, 'GET', '/api/runs?user=cleo')).json).toMatchObject({ items: [] });
    expect((await api.ask(api.admin, 'GET', '/api/runs?user=cleo')).text).toContain(id);
    const shown = await api.ask(cleo, 'GET', `/api/runs/${id}`);
    expect(shown.json).not.toHaveProperty('script');
    expect(shown.json).not.toHaveProperty('args');
    const late = { 'toru-not-after': new Date(Date.now() - 1000).toISOString() };
    expect(codeOf((await api.ask(api.admin, 'POST', `/api/runs/${id}/cancel`, undefined, late)).json)).toBe('too_late');
    expect(await api.ask(api.admin, 'POST', `/api/runs/${id}/cancel`)).toMatchObject({ status: 202, json: { task_id: id } });
    expect((await end(cleo, id)).state).toBe('cancelled');
    expect(codeOf((await api.ask(cleo, 'POST', `/api/runs/${(await api.finished(cleo, { action: 'greet' })).task_id}/cancel`)).json)).toBe(
      'not_running',
    );
  });
});

describe('list', () => {
  it('pages by cursor and filters', async () => {
    const caller = await api.caller('lister', 'client');
    for (let i = 0; i < 5; i += 1) await api.finished(caller, { action: 'greet', inputs: { who: `n${i}` } });
    const pages: string[] = [];
    let cursor = '';
    do {
      const { json } = await api.ask(caller, 'GET', `/api/runs?limit=2${cursor}`);
      pages.push(
        Object(json)
          .items.map((run: Run) => run.inputs['who'])
          .join(),
      );
      cursor = Object(json).next_cursor === null ? '' : `&cursor=${encodeURIComponent(Object(json).next_cursor)}`;
    } while (cursor !== '');
    expect(pages).toEqual(['n4,n3', 'n2,n1', 'n0']);
    expect((await api.ask(caller, 'GET', '/api/runs?q=n3&status=exited,cancelled&action=greet')).json).toMatchObject({
      items: [{ inputs: { who: 'n3' } }],
    });
    expect((await api.ask(caller, 'GET', '/api/runs?status=running')).json).toMatchObject({ items: [], next_cursor: null });
    expect(await api.ask(caller, 'GET', '/api/runs?cursor=nonsense')).toMatchObject({
      status: 400,
      json: { error: { code: 'bad_cursor' } },
    });
  });
});

describe('output', () => {
  it('is the exact bytes, as an attachment that no browser runs', async () => {
    const { task_id } = await mixed();
    const ask = async (query: string): Promise<Response> =>
      api.app.fetch(new Request(`http://host/api/runs/${task_id}/output${query}`), { caller: api.admin });
    const whole = await ask('');
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(Buffer.from('outerr\xff\xc3', 'latin1'));
    expect(await (await ask('?stream=stderr')).text()).toBe('err');
    expect(Buffer.from(await (await ask('?stream=stdout')).arrayBuffer())).toEqual(Buffer.from('out\xff\xc3', 'latin1'));
    expect(await (await ask('?from=3&limit=4')).text()).toMatch(/^err/);
    expect(await (await ask('?from=8')).text()).toBe('');
  });

  it('as lines: text with replacement characters, or the bytes', async () => {
    const { task_id } = await mixed();
    const lines = (await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output?format=jsonl`)).text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { stream: 'stdout', data: 'out', cursor: 3 },
      { stream: 'stderr', data: 'err', cursor: 6 },
      { stream: 'stdout', data: '\ufffd\ufffd', cursor: 8 },
    ]);
    const exact = await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output?format=jsonl&encoding=base64&from=6`);
    expect(JSON.parse(exact.text)).toEqual({ stream: 'stdout', data: Buffer.from('\xff\xc3', 'latin1').toString('base64'), cursor: 8 });
    expect(exact.headers.get('content-type')).toMatch(/ndjson/);
  });

  it.each(['-1', 'x', '1.5', '9', '999999999999999999999', '0x1', ''])('refuses the cursor %j', async (from) => {
    const { task_id } = await mixed();
    expect(await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output?from=${from}`)).toMatchObject({
      status: 400,
      json: { error: { code: 'bad_cursor', end: 8 } },
    });
  });

  it('of 30 MB arrives byte for byte, in bounded pieces', async () => {
    api.script('much.sh', '#!/bin/sh\nyes 0123456789abcde | head -c 30000000\n');
    const { task_id, output_bytes } = await api.finished(api.admin, { script: 'much.sh' });
    expect(output_bytes).toBe(30_000_000);
    const expected = Buffer.from('0123456789abcde\n'.repeat(1_875_000));
    const parts: Uint8Array[] = [];
    for (let from = 0; from < output_bytes; ) {
      const response = await api.app.fetch(new Request(`http://host/api/runs/${task_id}/output?from=${from}`), { caller: api.admin });
      const before = from;
      for await (const part of response.body ?? []) {
        expect(part.length).toBeLessThanOrEqual(65_536);
        parts.push(part);
        from += part.length;
      }
      expect(from).toBeGreaterThan(before);
    }
    expect(Buffer.concat(parts).equals(expected), 'the same bytes').toBe(true);
  });

  it('follows a run at the local socket until it ends, and nowhere else', async () => {
    const id = await start(api.admin, { script: 'wait.sh' });
    const path = `http://host/api/runs/${id}/output?follow=true`;
    expect((await api.app.fetch(new Request(path), { caller: api.admin })).status).toBe(400);
    const response = await api.app.fetch(new Request(path), { caller: { ...api.admin, via: 'local' } });
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString();
      if (text === 'ready\n') await api.ask(api.admin, 'POST', `/api/runs/${id}/cancel`);
    }
    expect(text).toBe('ready\n');
    expect((await end(api.admin, id)).state).toBe('cancelled');
  });

  it('lets go of the log when a follower leaves', async () => {
    const id = await start(api.admin, { script: 'wait.sh' });
    await printed(api.admin, id, 'ready');
    const log = api.runs.log(id);
    const original = log.onGrow.bind(log);
    let listening = 0;
    log.onGrow = (listener) => {
      const stop = original(listener);
      listening += 1;
      return () => {
        listening -= 1;
        return stop();
      };
    };
    const response = await api.app.fetch(new Request(`http://host/api/runs/${id}/output?follow=true`), {
      caller: { ...api.admin, via: 'local' },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    const waiting = reader?.read();
    await expect.poll(() => listening).toBeGreaterThan(0);
    await reader?.cancel();
    await waiting;
    await expect.poll(() => listening).toBe(0);
    await api.ask(api.admin, 'POST', `/api/runs/${id}/cancel`);
    await end(api.admin, id);
  });
});

/** Two hundred at once are in agent/runs/runs.test.ts: here, that the API keeps them apart. */
it('60 runs started in one go all end with their own exit code and their whole output', async () => {
  api.script('code.sh', '#!/bin/sh\necho "begin $1"\necho "end $1" >&2\nexit $(($1 % 7))\n');
  const ids = await Promise.all(Array.from({ length: 60 }, (_, i) => start(api.admin, { script: 'code.sh', args: [String(i)] })));
  expect(new Set(ids).size).toBe(60);
  for (const [i, id] of ids.entries()) {
    expect(await end(api.admin, id)).toMatchObject({ state: 'exited', exit_code: i % 7, args: [String(i)] });
    expect((await api.ask(api.admin, 'GET', `/api/runs/${id}/output?stream=stdout`)).text).toBe(`begin ${i}\n`);
    expect((await api.ask(api.admin, 'GET', `/api/runs/${id}/output?stream=stderr`)).text).toBe(`end ${i}\n`);
  }
});

describe('a note', () => {
  const write = (caller: Caller, id: string, note: unknown) => api.ask(caller, 'PATCH', `/api/runs/${id}`, { note });

  it('is written by the one who ran it and by an admin, while it runs and afterwards, and is told to all who follow', async () => {
    const news: (string | undefined)[] = [];
    const stop = api.runs.onChange((run) => news.push(run.note));
    const id = await start(cleo, { action: 'wait' });
    await printed(cleo, id, 'ready');
    expect((await api.ask(cleo, 'GET', `/api/runs/${id}`)).json).not.toHaveProperty('note');
    expect(await write(cleo, id, '  <b>first</b>\r\nsecond ')).toMatchObject({
      status: 200,
      json: { task_id: id, note: '<b>first</b>\nsecond' },
    });
    expect(news.at(-1)).toBe('<b>first</b>\nsecond');
    await api.ask(cleo, 'POST', `/api/runs/${id}/cancel`);
    expect(await end(cleo, id)).toMatchObject({ state: 'cancelled', note: '<b>first</b>\nsecond' });
    expect(await write(api.admin, id, 'by the admin')).toMatchObject({ status: 200, json: { note: 'by the admin' } });
    expect((await api.ask(cleo, 'GET', '/api/runs?q=the%20admin')).json).toMatchObject({ items: [{ task_id: id, note: 'by the admin' }] });
    expect((await write(cleo, id, ' ')).json).not.toHaveProperty('note');
    expect(news.at(-1)).toBeUndefined();
    stop();
    const { json } = await api.ask(api.admin, 'GET', '/api/audit?event=run.note');
    expect(Object(json).items).toMatchObject([
      { user: 'cleo', target: id, detail: { label: 'Wait', removed: true } },
      { user: 'admin', target: id, detail: { user: 'cleo' } },
      { user: 'cleo', target: id },
    ]);
    expect(JSON.stringify(json)).not.toContain('first');
  });

  it('is refused on a foreign run as on an unknown one, when too long, and with what is no plain text', async () => {
    const id = (await end(cleo, await start(cleo, { action: 'greet' }))).task_id;
    for (const run of [id, randomUUID()])
      expect(await write(otto, run, 'mine')).toMatchObject({ status: 404, json: { error: { code: 'unknown_task' } } });
    expect((await write(cleo, id, 'x'.repeat(2000))).status).toBe(200);
    for (const note of ['x'.repeat(2001), 'a\u001b[2Jb', 'a\u0000b', 7, null])
      expect(await write(cleo, id, note)).toMatchObject({ status: 400, json: { error: { code: 'bad_request', field: 'note' } } });
    expect((await api.ask(cleo, 'PATCH', `/api/runs/${id}`, {})).status).toBe(400);
    expect((await api.ask(cleo, 'GET', `/api/runs/${id}`)).json).toMatchObject({ note: 'x'.repeat(2000) });
  });
});
