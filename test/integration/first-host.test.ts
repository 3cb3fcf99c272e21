import { fork } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { startCloud } from '../harness/cloud.ts';
import { eventually } from '../harness/eventually.ts';
import { leftovers } from '../harness/toru.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-first-host-'));
const home = join(folder, 'home');
const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

test('deploy, claim, link, log in: from nothing to the first host, with the code that deploy printed', async () => {
  // The port is taken first, so that wrangler can name it.
  const before = await startCloud({});
  const { origin, port } = new URL(before.url);
  await before[Symbol.asyncDispose]();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const wrangler = `#!/bin/sh
case "$1 $2" in
  '--version '*) echo 4.155.0 ;;
  'secret list') [ -e "${folder}/secret" ] && echo '[{"name":"SETUP_CODE_HASH"}]' || { echo 'This Worker does not exist [code: 10007]'; exit 1; } ;;
  'secret put') cat >"${folder}/secret" ;;
  'deploy '*) echo "${origin}" ;;
esac
`;
  writeFileSync(join(bin, 'wrangler'), wrangler);
  chmodSync(join(bin, 'wrangler'), 0o755);
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, TORU_HOME: home, LOG_LEVEL: 'error' };
  const toru = (...args: string[]) =>
    execaNode(join(root, 'dist/agent/cli.js'), args, { env, extendEnv: false, reject: false, all: true, stdin: 'ignore' });

  const deployed = await toru('deploy');
  const code = /Setup code {2}(\S+)/.exec(deployed.stdout)?.[1] ?? '';
  expect(deployed.stdout, deployed.all).toContain(`toru up ${origin}`);
  const edge = await startCloud({ SETUP_CODE_HASH: readFileSync(join(folder, 'secret'), 'utf8') }, { port: Number(port) });
  cleanups.push(() => edge[Symbol.asyncDispose]());

  writeFileSync(join(folder, 'code'), `${code.toLowerCase()}\n`);
  const up = await toru('up', origin, '--setup-code-file', join(folder, 'code'), '--no-start');
  expect(up.exitCode, up.all).toBe(0);
  expect(up.stdout).toMatch(/Recovery code\s+(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}/);
  const password = /Password\s+(\S+)/.exec(up.stdout)?.[1] ?? '';

  const agent = fork(join(root, 'dist/agent/main.js'), [], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  cleanups.push(async () => {
    agent.kill();
    await eventually('no process of this home is left', () => leftovers(home).length === 0);
  });
  const client = new Client(origin);
  await eventually('the host is linked', async () => (await client.http('GET', '/api/health')).json().host_online === true);
  expect((await client.login('admin', password)).status).toBe(200);
  expect((await client.http('GET', '/api/hosts')).json().items).toMatchObject([{ home: true, online: true }]);

  const again = await toru('deploy');
  expect(again.stdout, again.all).toContain('Another host joins with');
  expect(again.stdout).not.toContain('Setup code');
  expect(existsSync(join(folder, 'secret'))).toBe(true);
  const second = await toru('deploy', '--new-setup-code');
  expect([second.exitCode, second.stderr]).toEqual([125, expect.stringContaining('has its first host')]);
});
