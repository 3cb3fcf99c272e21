import { readFileSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processTable } from '../process/process-table.ts';
import { listIn } from './launch/launch-record.ts';
import type { PluginsHarness } from './plugins-harness.ts';
import { ADMIN, makePlugins } from './plugins-harness.ts';

/** Plugins that do what a plugin must not: each is told by an event and a line of the log, and harms nobody. */

let h: PluginsHarness;
/** One crash is enough there. */
let once: PluginsHarness;
let goodPid: number | null;

beforeAll(async () => {
  h = await makePlugins({ timing: { backoffMs: [0], maxCrashes: 2 } });
  once = await makePlugins({ timing: { maxCrashes: 1, graceMs: 100 } });
  h.add('good', 'serve');
  goodPid = (await h.enable('good')).pid;
  expect(goodPid).not.toBeNull();
});
afterAll(async () => {
  // All of this happened beside a plugin that never noticed.
  expect(h.details('good')).toMatchObject({ state: 'running', pid: goodPid, crashes: 0 });
  await Promise.all([h.close(), once.close()]);
});

/** Enables one that behaves so, and waits until it is given up. @returns why. */
async function givenUp(id: string, where = once): Promise<string> {
  where.add(id, id);
  await where.enable(id);
  const { problem, enabled } = await where.when(id, ({ state }) => state === 'failed');
  expect(enabled).toBe(false);
  expect(listIn(join(where.home, 'run/plugins')).filter((name) => name === `${id}.json`)).toEqual([]);
  return problem ?? '';
}

/** What the supervisor's log says about it: lines of an event. */
function told(id: string, event: string, where = once): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = where
    .supervisorLog()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return lines.filter(
    ({ plugin, message, fields }) => plugin === id && (message === event || JSON.stringify(fields).includes(`"event":"${event}"`)),
  );
}

test('crash at start: its last words are in the reason', async () => {
  expect(await givenUp('crash', h)).toContain(
    'It crashed 2 times, and is not started any more. The last time: it ended with code 3 before it was ready: “no such module: left-pad”',
  );
  expect(h.events('crash')).toEqual(['found', 'accepted', 'enabled', 'crashed', 'crashed', 'disabled']);
  expect(told('crash', 'crashed', h)).toMatchObject([
    { level: 'error', error: expect.stringContaining('code 3'), timestamp: expect.stringMatching(/Z$/) },
    {},
  ]);
  expect(() => h.plugins.peer(ADMIN, 'crash', 'GET', '/')).toThrow(/does not run \(failed\)\. It crashed 2 times/);
});

test('crash in a request: whoever waits hears of it, and it is up again', async () => {
  h.add('mortal', 'serve');
  await h.enable('mortal');
  const peer = h.plugins.peer(ADMIN, 'mortal', 'GET', '/crash');
  peer.send({
    type: 'http',
    timestamp: '',
    request_id: 'r1',
    payload: {
      action: 'request',
      method: 'GET',
      path: '/crash',
      query: '',
      headers: [],
      user: { id: 'a', username: 'ada', role: 'admin' },
    },
  });
  const why: unknown = await new Promise((resolve) => peer.gone.addEventListener('abort', () => resolve(peer.gone.reason)));
  expect(why).toMatchObject({ code: 'plugin_down', message: expect.stringContaining('SIGKILL') });
  await expect(peer.room()).rejects.toBe(why);
  await h.when('mortal', ({ state, crashes }) => state === 'running' && crashes === 1);
  expect(h.events('mortal').slice(-2)).toEqual(['crashed', 'restarted']);
  expect(h.plugins.peer(ADMIN, 'mortal', 'GET', '/').gone.aborted).toBe(false);
});

test('hang: unanswered pings end it, and it is started again', async () => {
  const own = await makePlugins({ timing: { pingMs: 50, misses: 2, backoffMs: [0], maxCrashes: 2 } });
  try {
    expect(await givenUp('hang', own)).toContain('it hangs: 2 pings in a row were not answered');
    expect(own.events('hang')).toEqual(['found', 'accepted', 'enabled', 'started', 'hung', 'restarted', 'hung', 'disabled']);
  } finally {
    await own.close();
  }
});

test('a flood on standard output is cut, counted, and never waited for', async () => {
  h.add('flood', 'flood');
  await h.enable('flood');
  const counted = async (): Promise<number> =>
    (await h.log('flood')).reduce((sum, { message }) => {
      const dropped = Number(/^(\d+) lines were dropped/.exec(message)?.[1] ?? 0);
      return sum + dropped + (message.startsWith('flood flood') ? 1 : 0);
    }, 0);
  // It printed 400,000, and got to its end; where dropping begins and ends, half a line may not count.
  await expect.poll(counted).toBeGreaterThan(399_900);
  const lines = await h.log('flood');
  expect(Math.max(...lines.map(({ message }) => message.length))).toBeLessThan(8300);
  expect(statSync(join(h.home, 'logs/plugins/flood.log')).size).toBeLessThan(2 * 1024 * 1024);
  expect(h.details('flood')).toMatchObject({ state: 'running', crashes: 0 });
});

test.each([
  ['huge', /its connection was ended for a message of more than 1048576 bytes/],
  ['garbage', /its connection was ended for a line that is not JSON/],
  ['half-utf8', /its connection was ended for bytes that are not UTF-8/],
])('%s: the connection ends, and the reason says why', async (behaviour, reason) => {
  expect(await givenUp(behaviour)).toMatch(reason);
  expect(once.events(behaviour)).toContain('bad_message');
  expect(told(behaviour, 'bad_message').length).toBeGreaterThan(0);
});

test('a message of the wrong shape is refused, and nothing ends', async () => {
  h.add('wrong-shape', 'wrong-shape');
  await h.enable('wrong-shape');
  await expect.poll(() => h.events('wrong-shape')).toContain('bad_message');
  // The plugin logs what it was answered.
  await expect
    .poll(async () => (await h.log('wrong-shape')).map(({ message }) => message))
    .toContainEqual(expect.stringMatching(/^kv .*bad_message/));
  expect(h.details('wrong-shape').state).toBe('running');
});

test('wrong version: refused with both ranges', async () => {
  expect(await givenUp('wrong-version')).toContain('It speaks protocol 7 to 9, this Toru 1 to 1');
  expect(told('wrong-version', 'refused').length).toBe(1);
  expect((await once.log('wrong-version')).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^refused: It speaks protocol 7/),
  );
});

test.each(['wrong-token', 'no-hello'])('%s: refused, with an event', async (behaviour) => {
  await givenUp(behaviour);
  expect(once.events(behaviour)).toContain('refused');
  expect(told(behaviour, 'refused')).toMatchObject([{ level: 'warn' }]);
});

test('a second connection finds no socket: the first one took it away', async () => {
  h.add('twice', 'twice');
  await h.enable('twice');
  await expect.poll(async () => (await h.log('twice')).map(({ message }) => message)).toContain('a second connection: ENOENT');
  expect(h.details('twice').state).toBe('running');
  expect(listIn(join(h.home, 'run/plugins')).filter((name) => name.endsWith('.sock'))).toEqual([]);
});

test('one that forks and exits is gone, and what it left dies with it', async () => {
  expect(await givenUp('leaves')).toContain('it ended with code 0');
  const groups = (await once.log('leaves')).flatMap(({ message }) => /^I am (\d+)/.exec(message)?.[1] ?? []).map(Number);
  expect(groups.length).toBe(1);
  expect([...(await processTable()).values()].filter(({ group }) => groups.includes(group))).toEqual([]);
});

test('one that closes its connection and lives on is ended', async () => {
  expect(await givenUp('stays')).toContain('it closed its connection and went on running');
});

test('one that hears neither shutdown nor TERM is killed', async () => {
  const own = await makePlugins({ timing: { graceMs: 100, termMs: 3000 } });
  try {
    own.add('stubborn', 'stubborn');
    const { pid } = await own.enable('stubborn');
    await own.admin.disable(ADMIN, 'stubborn');
    expect(own.details('stubborn')).toMatchObject({ state: 'disabled', pid: null });
    expect((await processTable()).get(pid ?? 0)).toBeUndefined();
    expect((await own.log('stubborn')).map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'asked to stop: disabled',
        'I heard TERM',
        'stopped: It was stopped, and did not end by itself within 100 ms.',
      ]),
    );
  } finally {
    await own.close();
  }
});

test.each([
  ['silent', { connectMs: 300 }, 'it did not say hello within 300 ms'],
  ['unready', { readyMs: 300 }, 'it did not say ready within 300 ms'],
])('%s: waited for, and not for ever', async (behaviour, timing, reason) => {
  const own = await makePlugins({ timing: { ...timing, backoffMs: [0], maxCrashes: 1 } });
  try {
    own.add(behaviour, behaviour);
    await own.enable(behaviour);
    expect((await own.when(behaviour, ({ state }) => state === 'failed')).problem).toContain(reason);
  } finally {
    await own.close();
  }
});

test('a TORU_HOME that is too long for a socket: it stands elsewhere, in a folder of ours alone', async () => {
  const long = await makePlugins({ home: join(h.home, 'x'.repeat(100)) });
  try {
    long.add('far', 'serve');
    expect(await long.enable('far')).toMatchObject({ state: 'running' });
    const init = (await long.log('far')).find(({ message }) => message.startsWith('init '))?.message ?? '';
    const { socket_path }: { socket_path: string } = JSON.parse(init.slice(5));
    expect(Buffer.byteLength(socket_path)).toBeLessThanOrEqual(104);
    expect(statSync(join(socket_path, '..'), { throwIfNoEntry: false })).toBeUndefined();
  } finally {
    await long.close();
  }
});

test('the socket lets nobody in but us', async () => {
  const own = await makePlugins({ timing: { connectMs: 20_000, settleMs: 0 } });
  try {
    own.add('silent', 'silent');
    await own.enable('silent');
    const folder = join(own.home, 'run/plugins');
    await expect.poll(() => listIn(folder).filter((name) => name.endsWith('.sock')).length).toBe(1);
    const socket = join(folder, listIn(folder).find((name) => name.endsWith('.sock')) ?? '');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect.poll(() => statSync(socket).mode & 0o777).toBe(0o600);
    // Somebody else who came first says the wrong thing, and is answered.
    const answer = await new Promise<string>((resolve) => {
      const stranger = createConnection(socket);
      let said = '';
      stranger.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      stranger
        .on('close', () => resolve(said))
        .write(
          '{"type":"lifecycle","timestamp":"","request_id":"1","payload":{"action":"hello","token":"x","protocol":{"min":1,"max":1}}}\n',
        );
    });
    expect(JSON.parse(answer)).toMatchObject({ type: 'lifecycle', payload: { action: 'refused', code: 'bad_token' } });
    expect(own.events('silent')).toContain('refused');
    expect(readFileSync(join(folder, 'silent.json'), 'utf8')).not.toContain('token');
  } finally {
    await own.close();
  }
});
