import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import type { Waiting } from './launch-plugin.ts';
import { launch, pluginEnvironment } from './launch-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-launch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env['PATH'] ?? '';
const SAID = { plugin: 'p', socket: '/none', token: 't' };

const begin = (...argv: string[]): Promise<Waiting> => launch({ argv, cwd: folder, environment: { PATH } }, null, folder);

function printed({ stdout, stderr }: Waiting): { text: string } {
  const all = { text: '' };
  for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', (text: string) => (all.text += text));
  return all;
}

test('nothing becomes the plugin before it is written down: without the word, it ends', async () => {
  const made = join(folder, 'never');
  const waiting = await begin('touch', made);
  // As when the agent dies in this moment.
  const ended = once(waiting.child, 'exit');
  waiting.release();
  expect(await ended).toEqual([125, null]);
  expect(existsSync(made), made).toBe(false);
});

test('with the word it is the plugin, under the same pid, with the rest of its input', async () => {
  const waiting = await begin('sh', '-c', 'echo $$; cat');
  const all = printed(waiting);
  waiting.go(SAID);
  await expect.poll(() => all.text).toBe(`${waiting.pid}\n${JSON.stringify(SAID)}\n`);
  // The end of its input is the end of the agent.
  const ended = once(waiting.child, 'exit');
  waiting.release();
  await ended;
});

test('it prints into true pipes, which can be opened by name; nothing of them stays in the folder', async () => {
  const before = readdirSync(folder);
  const waiting = await begin('sh', '-c', 'echo one >/dev/stdout; echo two >/dev/stderr');
  expect(readdirSync(folder)).toEqual(before);
  const all = printed(waiting);
  const ends = [waiting.stdout, waiting.stderr].map((stream) => once(stream, 'close'));
  waiting.go(SAID);
  // They end with who prints into them, and not before.
  await Promise.all(ends);
  expect(all.text.split('\n').sort()).toEqual(['', 'one', 'two']);
});

test('where no pipe can be made it prints all the same', async () => {
  vi.stubEnv('PATH', folder);
  const waiting = await begin('sh', '-c', 'echo one; echo two >&2').finally(() => vi.unstubAllEnvs());
  const all = printed(waiting);
  const ends = [waiting.stdout, waiting.stderr].map((stream) => once(stream, 'close'));
  waiting.go(SAID);
  await Promise.all(ends);
  expect(all.text.split('\n').sort()).toEqual(['', 'one', 'two']);
});

test('what belongs to the agent is not handed on, declared or not', () => {
  const host = { PATH: '/bin', ADMIN_PASSWORD: 'x', TORU_HOME: 'x', TORU_LAUNCH: 'x', HOME: '/root', WANTED: 'yes' };
  expect(
    pluginEnvironment(host, 'p', ['ADMIN_PASSWORD', 'TORU_HOME', 'TORU_LAUNCH', 'WANTED', 'MISSING', 'constructor', '__proto__'], 'mark'),
  ).toEqual({
    PATH: '/bin',
    WANTED: 'yes',
    PYTHONDONTWRITEBYTECODE: '1',
    TORU_PLUGIN: 'p',
    TORU_LAUNCH: 'mark',
  });
});
