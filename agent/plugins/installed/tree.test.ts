import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkFolder, hashTree, MAX_BYTES, openPlain, readKnown } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-tree-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('no name of a file can be taken for two, and what moves makes another hash', async () => {
  const name = 'a\nb';
  writeFileSync(join(folder, name), 'x');
  const one = await hashTree(folder);
  rmSync(join(folder, name));
  writeFileSync(join(folder, 'a'), 'x');
  writeFileSync(join(folder, 'b'), 'x');
  const two = await hashTree(folder);
  renameSync(join(folder, 'a'), join(folder, 'c'));
  const three = await hashTree(folder);
  expect(new Set([one, two, three].map(({ sha256 }) => sha256)).size).toBe(3);
  appendFileSync(join(folder, 'b'), '');
  expect((await hashTree(folder)).sha256).toBe(three.sha256);
});

test('an empty file counts', async () => {
  writeFileSync(join(folder, 'a'), '');
  const { sha256, files } = await hashTree(folder);
  expect(files.get('a')?.bytes).toBe(0);
  rmSync(join(folder, 'a'));
  expect((await hashTree(folder)).sha256).not.toBe(sha256);
});

test.each<[string, () => unknown, RegExp]>([
  ['a link', () => symlinkSync('/etc/passwd', join(folder, 'x')), /symbolic link/],
  ['a link to a folder', () => symlinkSync('/dev', join(folder, 'x')), /symbolic link/],
  ['a pipe', () => execFileSync('mkfifo', [join(folder, 'x')]), /neither a file nor a folder/],
])('%s is refused, and not waited for', async (_what, make, why) => {
  make();
  await expect(hashTree(folder)).rejects.toThrow(why);
});

test('a socket is refused', async () => {
  const server = createServer().listen(join(folder, 'x'));
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(hashTree(folder)).rejects.toThrow(/neither a file nor a folder/);
  await new Promise((resolve) => server.close(resolve));
});

test('a folder of plugins that is a link is refused as one', async () => {
  mkdirSync(join(folder, 'plugins'), { mode: 0o700 });
  symlinkSync('plugins', join(folder, 'link'));
  await expect(checkFolder(join(folder, 'link'))).rejects.toThrow(/is a symbolic link/);
  await checkFolder(join(folder, 'plugins'));
});

test('folders without end are counted like files', async () => {
  for (const outer of ['a', 'b', 'c']) for (const inner of ['1', '2', '3']) mkdirSync(join(folder, outer, inner), { recursive: true });
  // With the folder itself.
  expect((await hashTree(folder, 13)).files.size).toBe(0);
  await expect(hashTree(folder, 12)).rejects.toThrow(/more than 5000 files/);
});

test.each<[string, () => unknown, RegExp | null]>([
  ['a pipe that takes its place', () => execFileSync('sh', ['-c', 'rm b; mkfifo b'], { cwd: folder }), /pipe or a device/],
  ['what is written to it meanwhile', () => appendFileSync(join(folder, 'b'), 'more'), null],
])('a file is read as it was found, and %s is not waited for', async (_what, change, why) => {
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), name);
  const before = await hashTree(folder);
  const probe = await open(join(folder, 'a'));
  const handles = Object.getPrototypeOf(probe);
  await probe.close();
  const { stat } = handles;
  // The first file is opened: all have been found.
  vi.spyOn(handles, 'stat').mockImplementationOnce(function (this: unknown) {
    change();
    return Reflect.apply(stat, this, []);
  });
  const after = hashTree(folder);
  if (why === null) expect(await after).toEqual(before);
  else await expect(after).rejects.toThrow(why);
  vi.restoreAllMocks();
});

test('what is too large is not read', async () => {
  writeFileSync(join(folder, 'x'), '');
  truncateSync(join(folder, 'x'), MAX_BYTES + 1);
  await expect(hashTree(folder)).rejects.toThrow(/256 MiB/);
});

test('a pipe or a link that took a file’s place makes nobody wait', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/zero', join(folder, 'zero'));
  writeFileSync(join(folder, 'file'), 'x');
  await expect(openPlain(join(folder, 'pipe'))).rejects.toMatchObject({ code: 'plugin_invalid' });
  await expect(openPlain(join(folder, 'zero'))).rejects.toMatchObject({ code: 'ELOOP' });
  const { sha256 } = (await hashTree(join(folder, 'file'))).files.get('') ?? { sha256: '' };
  expect(String(await readKnown(join(folder, 'file'), sha256, 1))).toBe('x');
  expect(await readKnown(join(folder, 'file'), sha256, 0)).toBeNull();
  writeFileSync(join(folder, 'file'), 'y');
  expect(await readKnown(join(folder, 'file'), sha256, 1)).toBeNull();
  expect(open()).toBe(before);
});
