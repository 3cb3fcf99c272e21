import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './root.ts';

let folder: string;
const node = () => join(folder, 'node_modules/.bin/node');
const lock = (version: string) =>
  JSON.stringify({
    packages: {
      '': {},
      'tools/builder': {},
      'node_modules/a': { version },
      'node_modules/only-elsewhere': { version, optional: true },
      'node_modules/only-for-developers': { version, dev: true },
    },
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-bootstrap-'));
  mkdirSync(join(folder, 'tools'));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(root, 'tools/bootstrap.mjs'), join(folder, 'tools/bootstrap.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), lock('1.0.0'));
  // An npm that installs what is asked for, says that it was here, and makes no link to Node (npm 10 makes none).
  const installed = (names: string[]) =>
    JSON.stringify({ packages: Object.fromEntries(names.map((name) => [`node_modules/${name}`, { version: '1.0.0' }])) });
  writeFileSync(
    join(folder, 'bin/npm'),
    `#!/bin/sh
echo "$@" >>npm-calls
put() { mkdir -p "node_modules/$1" && echo {} >"node_modules/$1/package.json"; }
put a
case "$*" in
*--omit=dev*) echo '${installed(['a'])}' ;;
*) put only-for-developers && echo '${installed(['a', 'only-for-developers'])}' ;;
esac >node_modules/.package-lock.json
`,
  );
  chmodSync(join(folder, 'bin/npm'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bootstrap(...args: string[]): { status: number | null; stderr: string } {
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
  return spawnSync(process.execPath, ['tools/bootstrap.mjs', '--no-build', ...args], { cwd: folder, env, encoding: 'utf8' });
}
const npmCalls = () => readFileSync(join(folder, 'npm-calls'), 'utf8').trim().split('\n');

/** A Node among the packages, as a shell script. */
function packNode(script: string): string {
  const path = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('installs on a fresh clone and says so, and then has nothing to do', () => {
  const first = bootstrap();
  expect(first.status).toBe(0);
  expect(first.stderr).toContain('Installing dependencies');
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci /)]);
  expect(bootstrap()).toMatchObject({ status: 0, stderr: '' });
  expect(npmCalls()).toHaveLength(1);
});

test('a start installs nothing that only developers need; a test adds that, and takes nothing away', () => {
  expect(bootstrap('--start').status).toBe(0);
  expect(bootstrap('--start')).toMatchObject({ status: 0, stderr: '' });
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci --omit=dev --workspace=toru-builder --include-workspace-root /)]);
  expect(bootstrap().status).toBe(0);
  expect(npmCalls().slice(1)).toEqual([expect.stringMatching(/^install --no-save /)]);
});

test('what npm only noted down is not taken for installed', () => {
  bootstrap();
  rmSync(join(folder, 'node_modules/only-for-developers'), { recursive: true });
  expect(bootstrap().status).toBe(0);
  expect(npmCalls()).toHaveLength(2);
});

test('everything runs on the Node of the packages, also where npm made no link to it', () => {
  const packed = packNode('echo v26.0.0');
  expect(bootstrap()).toMatchObject({ status: 0 });
  expect(realpathSync(node())).toBe(realpathSync(packed));
});

test('a Node of the packages that lacks a library gives way to a new one of the machine, with the package to install', () => {
  packNode('echo "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file" >&2; exit 127');
  const { status, stderr } = bootstrap();
  expect(status).toBe(0);
  expect(stderr).toContain('needs the library libatomic.so.1 (Debian, Ubuntu: apt install libatomic1');
  expect(realpathSync(node())).toBe(realpathSync(process.execPath));
  // Said once: the link is there now.
  expect(bootstrap()).toMatchObject({ status: 0, stderr: '' });
});

test('installs again when the lock file asks for another version, and fails clearly when that does not help', () => {
  bootstrap();
  writeFileSync(join(folder, 'package-lock.json'), lock('2.0.0'));
  const { status, stderr } = bootstrap();
  expect(npmCalls()).toHaveLength(2);
  expect(status).toBe(1);
  expect(stderr).toContain('packages are still missing');
});
