import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeInherited } from '../../inherited.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** The variables and descriptors of a script, under an agent that npm started. */

let h: Harness;
const NPM = '/clone/node_modules/.bin:/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin';
beforeEach(() => {
  h = makeHarness({
    environment: {
      PATH: `${NPM}:${process.env['PATH']}`,
      HOME: '/home/owner',
      TERM: 'xterm-256color',
      npm_config_registry: 'x',
      npm_lifecycle_event: 'start',
      INIT_CWD: '/clone',
      NODE: '/clone/node',
      ADMIN_PASSWORD: 'do not tell',
      TORU_EDGE_URL: 'http://127.0.0.1:1',
    },
  });
  h.script('env.sh', '#!/bin/sh\nexec env\n');
});
afterEach(() => h.close());

async function variables(
  request: { script: string } | { action: string; inputs?: Record<string, unknown> },
): Promise<Record<string, string>> {
  const { task_id } = await h.runs.start(h.caller('ada'), { ...request, source: 'api' });
  await h.ended(task_id);
  const lines = (await h.output(task_id)).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]));
}

it('a script has what the owner’s login shell gives, and nothing of npm or of the agent', async () => {
  h.settings.env_allow.push('npm_config_registry', 'NODE', 'PATH');
  const found = await variables({ script: 'env.sh' });
  expect(found).toMatchObject({
    HOME: '/home/owner',
    USER: userInfo().username,
    LOGNAME: userInfo().username,
    SHELL: userInfo().shell,
    LANG: expect.stringMatching(/UTF-8/i),
    TERM: 'dumb',
    TORU_SOCKET: join(h.home, 'api.sock'),
    // Somebody asked for it by name.
    NODE: '/clone/node',
  });
  expect(found['PATH']).not.toContain('node_modules');
  expect(Object.keys(found).filter((name) => /^npm_|^INIT_CWD|^ADMIN_|EDGE/.test(name))).toEqual([]);
});

it('an action sets variables of its own, which no input can', async () => {
  const env = { MODE: 'a b$(id)"', EMPTY: '', PATH: `/opt/own:${process.env['PATH']}`, TERM: 'xterm' };
  h.action({ id: 'fixed', script: 'env.sh', env });
  expect(await variables({ action: 'fixed' })).toMatchObject(env);
});

it.runIf(process.platform === 'linux')('a script has its three descriptors, and no other', async () => {
  h.script('fds.sh', '#!/bin/sh\nfor fd in $(seq 0 255); do readlink /proc/self/fd/$fd >/dev/null && echo $fd; done\n');
  for (const stdin of [false, true]) {
    h.action({ id: 'fds', script: 'fds.sh', stdin });
    closeInherited();
    const { task_id } = await h.runs.start(h.caller('ada'), { action: 'fds', source: 'api' });
    await h.ended(task_id);
    expect(await h.output(task_id)).toBe('0\n1\n2\n');
  }
});
