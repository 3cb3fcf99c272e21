import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './root.ts';

let folder: string;
const lock = (version: string) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version }, 'node_modules/only-elsewhere': { version, optional: true } } });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-bootstrap-'));
  mkdirSync(join(folder, 'tools'));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(root, 'tools/bootstrap.mjs'), join(folder, 'tools/bootstrap.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), lock('1.0.0'));
  // An npm that installs what is asked for, and says that it was here.
  const installed = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } });
  writeFileSync(
    join(folder, 'bin/npm'),
    `#!/bin/sh\necho "$@" >>npm-calls\nmkdir -p node_modules/.bin\nln -sf "${process.execPath}" node_modules/.bin/node\necho '${installed}' >node_modules/.package-lock.json\n`,
  );
  chmodSync(join(folder, 'bin/npm'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bootstrap(): { status: number | null; stderr: string } {
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
  return spawnSync(process.execPath, ['tools/bootstrap.mjs', '--no-build'], { cwd: folder, env, encoding: 'utf8' });
}
const npmCalls = () => readFileSync(join(folder, 'npm-calls'), 'utf8').trim().split('\n');

test('installs on a fresh clone and says so, and then has nothing to do', () => {
  const first = bootstrap();
  expect(first.status).toBe(0);
  expect(first.stderr).toContain('Installing dependencies');
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci /)]);
  expect(bootstrap()).toMatchObject({ status: 0, stderr: '' });
  expect(npmCalls()).toHaveLength(1);
});

test('installs again when the lock file asks for another version, and fails clearly when that does not help', () => {
  bootstrap();
  writeFileSync(join(folder, 'package-lock.json'), lock('2.0.0'));
  const { status, stderr } = bootstrap();
  expect(npmCalls()).toHaveLength(2);
  expect(status).toBe(1);
  expect(stderr).toContain('packages are still missing');
});
