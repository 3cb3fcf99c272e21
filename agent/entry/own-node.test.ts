import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFits } from './own-node.ts';

/** A package whose program would need a newer Node than the one that starts it. */
let folder: string;
const asOld = ['--import', 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-own-node-'));
  mkdirSync(join(folder, 'dist'));
  for (const name of ['own-node.ts', 'fetched-node.ts']) copyFileSync(join(import.meta.dirname, name), join(folder, 'dist', name));
  writeFileSync(
    join(folder, 'dist/program.ts'),
    `import { onOwnNode } from './own-node.ts';\nonOwnNode(async () => process.stdout.write('loaded here'));\n`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = () => [join(folder, 'dist/program.ts'), 'status', '--json'];

/** The Node that comes with the package. */
function packNode(script: string): void {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/.bin/node'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'node_modules/.bin/node'), 0o755);
}

test('22.12 and newer fit', () => {
  expect(['18.20.0', '20.20.2', '22.11.0'].map(nodeFits)).toEqual([false, false, false]);
  expect(['22.12.0', '24.0.0', '26.10.0'].map(nodeFits)).toEqual([true, true, true]);
});

test('a Node that fits loads the program itself', () => {
  expect(spawnSync(process.execPath, program(), { encoding: 'utf8' }).stdout).toBe('loaded here');
});

test('an older one hands the command line to the Node of the package, and ends as that one ends', () => {
  packNode('shift 2; echo "$@"; exit 7');
  const { status, stdout } = spawnSync(process.execPath, [...asOld, ...program()], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 7, stdout: `${program().join(' ')}\n` });
});

test('a signal reaches the Node of the package', async () => {
  packNode('trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done');
  const child = spawn(process.execPath, [...asOld, ...program()], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([9, null]);
});

/** A package that may fetch its Node, and an npm that does. @param does what npm does, in its folder. */
function fetching(does: string): NodeJS.ProcessEnv {
  const root = join(folder, 'lib/modules/toru');
  const bin = join(folder, 'bin');
  for (const made of [join(root, 'dist/node'), bin]) mkdirSync(made, { recursive: true });
  for (const name of ['own-node.ts', 'fetched-node.ts', 'program.ts']) copyFileSync(join(folder, 'dist', name), join(root, 'dist', name));
  const order = JSON.stringify({ name: 'toru-node', version: '26.10.0' }, null, 2);
  for (const name of ['package.json', 'package-lock.json']) writeFileSync(join(root, 'dist/node', name), order);
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "npm $*" >> '${folder}/npm.log'\n${does}\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  return { PATH: `${bin}:${process.env['PATH']}`, HOME: folder };
}
const makes = (node: string): string =>
  `d=node_modules/node-${process.platform}-${process.arch}/bin; mkdir -p $d; printf '#!/bin/sh\n${node}\n' > $d/node; chmod 755 $d/node`;
const fetched = (env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, [...asOld, join(folder, 'lib/modules/toru/dist/program.ts'), 'status'], { encoding: 'utf8', env });

test('a package without one lets npm fetch it by the hashes of its lock file, once', () => {
  const env = fetching(makes('[ "$1" = --version ] || { shift 2; echo "fetched $2"; }'));
  expect(fetched(env)).toMatchObject({ status: 0, stdout: 'fetched status\n', stderr: expect.stringMatching(/Fetching Node 26\.10\.0/) });
  expect(fetched(env)).toMatchObject({ status: 0, stdout: 'fetched status\n', stderr: '' });
  expect(readFileSync(join(folder, 'npm.log'), 'utf8')).toMatch(/^npm ci .*--ignore-scripts\n$/);
});

test.each([
  ['npm fails', 'exit 1', /npm could not fetch it/],
  [
    'it lacks a library',
    makes('echo "node: error while loading shared libraries: libatomic.so.1: no" >&2; exit 127'),
    /apt install libatomic1/,
  ],
])('what could not be fetched leaves nothing, and says the next step: %s', (_, does, reason) => {
  const env = fetching(does);
  expect(fetched(env)).toMatchObject({ status: 78, stderr: expect.stringMatching(reason) });
  const left = [join(folder, 'lib/modules'), join(folder, '.local/share/toru')].flatMap((one) => (existsSync(one) ? readdirSync(one) : []));
  expect(left.filter((name) => name !== 'toru')).toEqual([]);
});

test('without one it says which Node is needed, instead of crashing in a native module', () => {
  const { status, stderr } = spawnSync(process.execPath, [...asOld, ...program()], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({
    status: 78,
    stderr: expect.stringMatching(/^toru: this is Node 20\.1\.0, and Toru needs 22\.12 or newer/),
  });
});
