import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startLocalTransport } from '../transports/local-transport.ts';
import { beginCommand, Keys } from './keyboard-harness.ts';

let api: ApiHarness;
let transport: LocalTransport;
beforeAll(async () => {
  api = await makeApi();
  transport = await startLocalTransport({ home: api.home, api: api.app, log: { error: () => undefined } });
});
afterAll(async () => {
  await transport.close();
  await api.close();
});

/** Begins a command. @param keys: it runs at a terminal. */
const begin = (args: string[], keys: Keys | null = null, input = '') => beginCommand(api.home, ['terminal', ...args], keys, input);

async function toru(args: string[], input = ''): Promise<string> {
  const { code, out, err } = begin(args, null, input);
  expect([await code, err()]).toEqual([0, '']);
  return out();
}

test('one is opened, listed, typed into, asked beside, and closed', async () => {
  const id = (await toru(['new', '--name', 'build', '--cwd', '/usr', '--', 'sh', '-c', 'while read x; do echo "got $x"; done'])).trim();
  expect(await toru(['list'])).toMatch(new RegExp(`${id.slice(0, 8)}\\s+build\\s+running\\s+0 .*/usr`));
  await toru(['send', 'build', 'hello', '--enter']);
  await toru(['send', id.slice(0, 8)], 'piped\r');
  await expect.poll(() => toru(['scrollback', 'build', '--lines', '2'])).toMatch(/piped\ngot piped/);
  expect(await toru(['exec', 'last', '--', 'pwd'])).toBe('/usr\n');
  const failed = begin(['exec', 'build', '--', 'sh', '-c', 'echo no >&2; exit 9']);
  expect([await failed.code, failed.err()]).toEqual([9, 'no\n']);
  await toru(['suspend', 'build']);
  await toru(['resume', 'build']);
  await toru(['close', 'build']);
  expect(await toru(['list'])).toMatch(/build\s+ended/);
  await toru(['close', id]);
  expect(await toru(['list'])).toMatch(/No terminals/);
});

test('attach is a raw terminal: keys go through, ~. and Ctrl-] leave, and it goes on', async () => {
  const id = (await toru(['new', '--', 'sh', '-c', 'while read x; do echo "got $x"; done; echo over; exit 6'])).trim();
  for (const leave of ['~.', '\u001d']) {
    const keys = new Keys();
    const attached = begin(['attach', id], keys);
    await expect.poll(() => keys.raw).toBe(true);
    keys.type(`${leave.length}a~.b\r`);
    await expect.poll(attached.out).toMatch(`got ${leave.length}a~.b`);
    keys.type(leave);
    expect(await attached.code).toBe(0);
    expect(keys.raw).toBe(false);
    expect(attached.err()).toMatch(/it goes on/);
  }
  const keys = new Keys();
  const attached = begin(['attach', id], keys);
  await expect.poll(() => keys.raw).toBe(true);
  // The end of its input: the program ends, and so does the command, with its code.
  keys.type('\u0004');
  await expect.poll(attached.out).toMatch(/over/);
  expect(await attached.code).toBe(6);
  expect(keys.raw).toBe(false);
});

test('without a terminal, attach says what else there is', async () => {
  const id = (await toru(['new', '--', 'sleep', '600'])).trim();
  const refused = begin(['attach', id]);
  expect(await refused.code).toBe(125);
  expect(refused.err()).toMatch(/toru terminal send, exec and scrollback/);
  const unknown = begin(['attach', 'nothing']);
  expect(await unknown.code).toBe(125);
});

test('who is attached is a viewer: of two one answers what the program asks, nothing that was asked before, and nobody typed it', async () => {
  const script = 'stty -echo; printf "first\\033[6n"; while read x; do printf "asked\\033[6n"; done';
  const id = (await toru(['new', '--', 'bash', '-c', script])).trim();
  await expect.poll(() => toru(['scrollback', id])).toContain('first');
  const { terminals } = api.services;
  const [one, two] = [new Keys(), new Keys()];
  const first = begin(['attach', id], one);
  await expect.poll(first.out).toContain('first');
  const second = begin(['attach', id], two);
  await expect.poll(second.out).toContain('first');
  expect(terminals.viewers(id)).toBe(2);
  expect(first.out() + second.out()).not.toContain('\u001b[6n');
  one.type('\r');
  await expect.poll(first.out).toContain('asked\u001b[6n');
  await expect.poll(second.out).toContain('asked');
  expect(second.out()).not.toContain('\u001b[6n');
  const typed = terminals.times(id).person;
  one.type('\u001b[5;1R');
  two.type('\r');
  // Who typed last answers now.
  await expect.poll(second.out).toContain('asked\u001b[6n');
  expect(terminals.times(id).person).toBeGreaterThanOrEqual(typed ?? 0);
  const before = terminals.times(id).person;
  two.type('\u001b[6;1R');
  await expect.poll(() => toru(['exec', id, '--', 'true'])).toBe('');
  expect(terminals.times(id).person).toBe(before);
  for (const [keys, attached] of [
    [one, first],
    [two, second],
  ] as const) {
    keys.type('\u001d');
    expect(await attached.code).toBe(0);
  }
  await expect.poll(() => terminals.viewers(id)).toBe(0);
  await toru(['close', id]);
});
