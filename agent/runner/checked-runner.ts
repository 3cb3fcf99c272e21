import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { compileRunner } from './build.ts';

const CHECKS = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DFUZZ'];

const COMPILE_MS = 100_000;

/**
 * For tests: the native runner with checks of memory and arithmetic that end it at the first fault.
 * @param options of the compiler, instead. @returns the program, removed after the tests around the call; null where no compiler can make it.
 */
export function checkedRunner(options: readonly string[] = CHECKS): string | null {
  if (process.platform !== 'linux') return null;
  const folder = mkdtempSync(join(tmpdir(), 'toru-checked-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'toru-runner');
  // A busy machine takes its time: a null that came of that would leave tests out, and nobody would see it.
  const problem = compileRunner(['cc', ...options], file, COMPILE_MS);
  if (problem?.includes('ETIMEDOUT')) throw new Error(`The checked runner was not compiled within ${COMPILE_MS / 1000} s.`);
  return problem === null ? file : null;
}
