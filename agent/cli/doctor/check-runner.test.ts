import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runnerFiles } from '../../runner/runner-files.ts';
import { checkRunner } from './check-runner.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-check-runner-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILES = runnerFiles();

it.runIf(FILES.length > 0)('names the native runner that starts, and passes by those that do not', async () => {
  const [file = ''] = FILES;
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'no program', { mode: 0o755 });
  const forbidden = join(folder, 'forbidden');
  copyFileSync(file, forbidden);
  chmodSync(forbidden, 0o644);
  const stale = join(folder, 'stale');
  writeFileSync(stale, '#!/bin/sh\necho "runner 1 0123456789abcdef"\ncat\n', { mode: 0o755 });
  const silent = join(folder, 'silent');
  writeFileSync(silent, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const others = [join(folder, 'missing'), broken, forbidden, stale, silent];
  expect(await checkRunner([...others, file])).toMatchObject({ level: 'ok', what: expect.stringContaining(file) });
  expect(await checkRunner(others)).toMatchObject({ what: expect.stringContaining('a shell carries each run') });
});

it('says so where there is none', async () => {
  expect(await checkRunner([])).toMatchObject({ what: expect.stringContaining('a shell carries each run') });
});
