import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withAgentHome } from './enter-home.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-enter-home-'));
  mkdirSync(join(folder, 'proc'));
  // The caller's own ~/.toru is not there.
  vi.stubEnv('HOME', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A process, as /proc tells of it. */
function running(pid: number, words: string[], environment: Record<string, string>): void {
  const at = join(folder, 'proc', String(pid));
  mkdirSync(at);
  writeFileSync(join(at, 'cmdline'), `${words.join('\0')}\0`);
  writeFileSync(
    join(at, 'environ'),
    Object.entries(environment)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  );
}
const homeFor = (env: Record<string, string>) => withAgentHome({ ...env }, join(folder, 'proc'))['TORU_HOME'];
test('the home of the one agent that runs, started by its parent or as toru agent', () => {
  running(7, ['node', '/x/other.js'], { TORU_HOME: '/not/this' });
  running(8, ['/usr/bin/node', '--flag', '/opt/toru/dist/agent/main.js'], { PATH: '/bin', TORU_HOME: '/srv/toru' });
  expect(homeFor({})).toBe('/srv/toru');
  rmSync(join(folder, 'proc/8'), { recursive: true });
  running(9, ['node', '/usr/local/bin/toru', 'agent'], { TORU_HOME: '/srv/alone' });
  running(10, ['node', '/usr/local/bin/toru', 'status'], { TORU_HOME: '/a/command' });
  expect(homeFor({})).toBe('/srv/alone');
});

test('with several agents, or with TORU_HOME, nothing is guessed', () => {
  running(8, ['node', '/a/dist/agent/main.js'], { TORU_HOME: '/srv/a' });
  expect(homeFor({ TORU_HOME: '/mine' })).toBe('/mine');
  running(9, ['node', '/b/dist/agent/main.js'], { TORU_HOME: '/srv/b' });
  expect(homeFor({})).toBeUndefined();
});
