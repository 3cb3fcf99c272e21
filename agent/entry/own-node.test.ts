import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  copyFileSync(join(import.meta.dirname, 'own-node.ts'), join(folder, 'dist/own-node.ts'));
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

test('without one it says which Node is needed, instead of crashing in a native module', () => {
  const { status, stderr } = spawnSync(process.execPath, [...asOld, ...program()], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({
    status: 78,
    stderr: expect.stringMatching(/^toru: this is Node 20\.1\.0, and Toru needs 22\.12 or newer/),
  });
});
