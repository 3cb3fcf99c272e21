import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isMissing, openSource } from './byte-source.ts';
import { packFile } from './pack.ts';
import { openRegular, readRegular } from './regular-file.ts';

const base = mkdtempSync(join(tmpdir(), 'toru-regular-'));
afterAll(() => rmSync(base, { recursive: true }));
const secret = join(base, 'agent.key');
writeFileSync(secret, 'secret');

describe.each([
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a link', (path: string) => symlinkSync(secret, path)],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a device', (path: string) => symlinkSync('/dev/zero', path)],
])('where %s stands in the place of a run’s file', (what, put) => {
  const folder = mkdtempSync(join(base, 'run-'));
  put(join(folder, 'out'));

  test('it is missing, and nobody waits', async () => {
    for (const access of ['r', 'r+'] as const) expect(thrownBy(() => openRegular(join(folder, 'out'), access))).toSatisfy(isMissing);
    expect(thrownBy(() => readRegular(join(folder, 'out'), 'latin1'))).toSatisfy(isMissing);
    expect(thrownBy(() => openSource(folder, 'out', 5))).toSatisfy(isMissing);
    await expect(packFile(folder, 'out', Date.now() + 1000, () => Promise.resolve())).rejects.not.toSatisfy(isMissing);
    expect([what, readFileSync(secret, 'utf8')]).toEqual([what, 'secret']);
  });
});

test('a regular file is read, and written, as it is', () => {
  expect(readRegular(secret, 'utf8')).toBe('secret');
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}
