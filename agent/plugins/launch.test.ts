import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { launch, pluginEnvironment } from './launch.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-launch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env['PATH'] ?? '';
const SAID = { plugin: 'p', socket: '/none', token: 't' };

test('nothing becomes the plugin before it is written down: without the word, it ends', async () => {
  const made = join(folder, 'never');
  const waiting = await launch({ argv: ['touch', made], cwd: folder, environment: { PATH } }, null);
  // As when the agent dies in this moment.
  const ended = once(waiting.child, 'exit');
  waiting.release();
  expect(await ended).toEqual([125, null]);
  expect(existsSync(made)).toBe(false);
});

test('with the word it is the plugin, under the same pid, with the rest of its input', async () => {
  const waiting = await launch({ argv: ['sh', '-c', 'echo $$; cat'], cwd: folder, environment: { PATH } }, null);
  let printed = '';
  waiting.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  waiting.go(SAID);
  await expect.poll(() => printed).toBe(`${waiting.pid}\n${JSON.stringify(SAID)}\n`);
  // The end of its input is the end of the agent.
  const ended = once(waiting.child, 'exit');
  waiting.release();
  await ended;
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
