import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { packTar } from 'modern-tar';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeFiles } from './step-files.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-files-'));
  mkdirSync(join(home, 'run/step'), { recursive: true });
  mkdirSync(join(home, 'state'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const file = (name: string, body: string) => ({ header: { name, size: body.length }, body });

it('takes output, results and state, and nothing that leads elsewhere', async () => {
  writeFileSync(join(home, 'state/old'), 'of before');
  writeFileSync(join(home, 'secret'), 'mine');
  const tar = await packTar([
    file('out/output', '{"n":1}'),
    file('out/artifacts/a.txt', 'result'),
    file('out/state/folder/new', 'kept'),
    { header: { name: 'out/artifacts/link', type: 'symlink', size: 0, linkname: join(home, 'secret') } },
    { header: { name: 'out/artifacts/hard', type: 'link', size: 0, linkname: '../../../secret' } },
    { header: { name: 'out/state/folder-link', type: 'symlink', size: 0, linkname: home } },
    file('out/state/folder-link/secret', 'overwritten'),
    file('out/../../escaped', 'out of it'),
    file('/out/absolute', 'out of it'),
    file('elsewhere/x', 'not of out'),
  ]);
  const order = { folder: join(home, 'run'), state: { before: join(home, 'none'), out: join(home, 'state') } };
  await takeFiles(Readable.from([tar]), order);
  expect(readFileSync(join(home, 'run/step/output'), 'utf8')).toBe('{"n":1}');
  expect(readdirSync(join(home, 'run/artifacts'))).toEqual(['a.txt']);
  expect(readFileSync(join(home, 'state/folder/new'), 'utf8')).toBe('kept');
  expect(readFileSync(join(home, 'secret'), 'utf8')).toBe('mine');
  // What the step removed is gone.
  expect(existsSync(join(home, 'state/old'))).toBe(false);
  expect(readdirSync(home).sort()).toEqual(['run', 'secret', 'state']);
});
