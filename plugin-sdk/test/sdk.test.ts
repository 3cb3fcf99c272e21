import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlugin, type TestedPlugin } from '../src/testing.ts';

const KITCHEN = join(import.meta.dirname, 'kitchen');
const MB = 1024 * 1024;

let plugin: TestedPlugin;
beforeAll(async () => {
  plugin = await startPlugin(KITCHEN, {
    settings: { greeting: 'Hi' },
    run: (action) => {
      if (action !== 'backup') throw new Error(`“${action}” is not granted.`);
      return { state: 'exited', exit_code: 3 };
    },
  });
});
afterAll(async () => {
  await plugin.stop();
});

const post = (path: string, body?: BodyInit): Promise<Response> =>
  plugin.fetch(path, { method: 'POST', ...(body === undefined ? {} : { body }) });

/** So many pieces of 256 KiB, made when they are asked for. */
function zeros(mb: number): ReadableStream<Uint8Array> {
  let left = mb * 4;
  return new ReadableStream({
    pull: (controller) => {
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(MB / 4));
      left -= 1;
    },
  });
}

describe('routes', () => {
  it('get their parameters, the settings and who asks; the written-out one wins', async () => {
    const user = { id: 'u', username: 'ann', role: 'client' } as const;
    expect(await (await plugin.fetch('/hello/J%C3%BCrgen%2F1', { user })).json()).toEqual({ text: 'Hi, Jürgen/1', user: 'ann' });
    expect(await (await plugin.fetch('/hello/world')).json()).toBe('written out');
  });

  it('answer what the handler returned: nothing, bytes, a status', async () => {
    expect((await plugin.fetch('/nothing')).status).toBe(204);
    expect(await (await plugin.fetch('/binary')).bytes()).toEqual(new Uint8Array([0xff, 0, 0xc3]));
    const echoed = await post('/echo', 'ünï');
    expect([echoed.status, echoed.headers.get('content-type'), await echoed.text()]).toEqual([201, 'text/plain;charset=UTF-8', 'ünï']);
    const head = await plugin.fetch('/hello/world', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('say no in JSON: no such path, no such method, a wrong encoding, what the handler says', async () => {
    for (const [path, method, status, code] of [
      ['/nowhere', 'GET', 404, 'not_found'],
      ['/hello/world', 'PUT', 405, 'method_not_allowed'],
      ['/hello/%ff', 'GET', 400, 'bad_request'],
      ['/missing', 'GET', 404, 'not_found'],
    ] as const) {
      const answer = await plugin.fetch(path, { method });
      expect([answer.status, await answer.json()]).toEqual([status, { error: { code, message: expect.any(String) } }]);
    }
  });

  it('that throw answer 500 without the text, which stands in the log with its stack', async () => {
    const answer = await plugin.fetch('/throws');
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    await plugin.until(() =>
      plugin.logs.some(({ message, error }) => message === 'GET /throws failed' && error?.includes('plugin.ts:') === true),
    );
  });
});

describe('bodies', () => {
  it('of 64 MB pass both ways in constant memory', async () => {
    const before = Number(await (await plugin.fetch('/rss')).json());
    const up: unknown = await (await post('/length', zeros(64))).json();
    expect(up).toMatchObject({ length: 64 * MB });
    let length = 0;
    for await (const piece of (await plugin.fetch('/zeros/64')).body ?? []) length += piece.length;
    expect(length).toBe(64 * MB);
    const after = Number(await (await plugin.fetch('/rss')).json());
    expect(after - before).toBeLessThan(40 * MB);
  });

  it('of 3 MB come back byte for byte', async () => {
    const bytes = new Uint8Array(3 * MB).map((_, n) => (n * 31) % 251);
    const back = await (await post('/echo', bytes)).bytes();
    expect(Buffer.compare(back, bytes)).toBe(0);
  });

  it('that nobody reads hold up no other request', async () => {
    const unread = await plugin.fetch('/zeros/100');
    expect((await plugin.fetch('/hello/world')).status).toBe(200);
    await unread.body?.cancel();
  });

  it('begin before they are complete, and end where they break', async () => {
    const trickle = await plugin.fetch('/trickle');
    const reader = trickle.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first');
    await reader?.cancel();
    await plugin.until(() => plugin.logs.some(({ message }) => message === 'nobody reads, true'));
    await expect((await plugin.fetch('/breaks')).bytes()).rejects.toThrow('in the middle');
  });

  it('are answered a thousand at a time', async () => {
    const answers = await Promise.all(Array.from({ length: 1000 }, async (_, n) => (await plugin.fetch(`/hello/${n}`)).json()));
    expect(answers.map((answer: unknown) => answer)).toEqual(Array.from({ length: 1000 }, (_, n) => ({ text: `Hi, ${n}`, user: 'admin' })));
  });
});

it('a request whose asker leaves is aborted', async () => {
  const leaving = new AbortController();
  const answer = plugin.fetch('/slow', { signal: leaving.signal });
  leaving.abort();
  await expect(answer).rejects.toThrow('aborted');
  await plugin.until(() => plugin.logs.some(({ message }) => message === 'left alone'));
});

it('storage: versions, compare and set, pages, limits', async () => {
  expect(await (await post('/kv')).json()).toEqual({
    first: 1,
    second: 2,
    lost: null,
    taken: null,
    value: { n: 2 },
    entries: [{ key: 'a', value: { n: 2 }, version: 2, expires_at: null }],
    next: 'a',
    tooLarge: 'too_large',
    gone: true,
    none: null,
  });
  expect(plugin.kv.keys()).toEqual(['a']);
});

it('runs: how they end, and that they may be refused', async () => {
  expect(await (await post('/run/backup')).json()).toMatchObject({ state: 'exited', exit_code: 3 });
  expect((await post('/run/format')).status).toBe(500);
  expect(plugin.runs).toEqual([
    { action: 'backup', inputs: { loud: true } },
    { action: 'format', inputs: { loud: true } },
  ]);
});

it('events, settings, and what is printed', async () => {
  await post('/publish', '{"n":1}');
  await post('/print');
  plugin.setSettings({ greeting: 'Servus' });
  await plugin.until(() => plugin.logs.some(({ message }) => message === 'now Servus'));
  expect(await (await plugin.fetch('/hello/you')).json()).toMatchObject({ text: 'Servus, you' });
  expect(plugin.events).toEqual([{ name: 'news', data: { n: 1 } }]);
  await plugin.until(() => plugin.logs.some(({ message, source }) => message === 'printed' && source === 'stdout'));
});

it('a flood of log lines is cut, and says how many are missing', async () => {
  await post('/flood');
  await post('/flood');
  await plugin.until(() => plugin.logs.some(({ message }) => /^\d+ lines were logged faster/.test(message)));
  expect((await plugin.fetch('/hello/world')).status).toBe(200);
});

describe('the end', () => {
  it('waits for what is under way, and calls shutdown', async () => {
    const other = await startPlugin(KITCHEN);
    const answer = other.fetch('/finish').then((response) => response.json());
    await other.fetch('/hello/world');
    expect(await other.stop()).toBe(0);
    expect(await answer).toBe('finished');
    expect(other.logs.at(-1)?.message).toBe('bye');
  });

  it('does not wait for an answer that was out of credit when its asker left', async () => {
    let pieces = 0;
    const other = await startPlugin(KITCHEN, {
      transcript: (from, line) => {
        if (from === 'plugin' && line.includes('"action":"data"')) pieces += 1;
      },
    });
    const unread = await other.fetch('/zeros/100');
    // All of its first credit: 1 MiB in pieces of 64 KiB.
    await other.until(() => pieces === 16, 'the plugin is out of credit');
    await unread.body?.cancel();
    expect(await other.stop()).toBe(0);
    // One that waits does so for four seconds, with this line in the middle.
    expect(other.logs.map(({ message }) => message).slice(-2)).toEqual(['begun', 'bye']);
  });

  it('comes when init throws: the test is told why', async () => {
    await expect(startPlugin(KITCHEN, { settings: { fail: true } })).rejects.toThrow('told to fail');
  });
});
