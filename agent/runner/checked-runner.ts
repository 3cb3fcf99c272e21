import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { compileRunner } from './build.ts';

const CHECKS = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DFUZZ'];

/**
 * For tests: the native runner with checks of memory and arithmetic that end it at the first fault.
 * @returns the program, removed after the tests around the call; null where no compiler can make it.
 */
export function checkedRunner(): string | null {
  if (process.platform !== 'linux') return null;
  const folder = mkdtempSync(join(tmpdir(), 'toru-checked-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'toru-runner');
  return compileRunner(['cc', ...CHECKS], file) === null ? file : null;
}
