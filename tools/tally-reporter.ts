import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { root } from './root.ts';

/**
 * Prints the line that CI reads: the last line of a test run, `12 passed, 0 failed`, and `, 1 skipped` where there are any.
 * `TORU_FAILED_FILES` names a file that gets the paths of the test files that failed, a line each: none where an error belongs to no file.
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const list = process.env['TORU_FAILED_FILES'];
    if (list !== undefined && unhandledErrors.length === 0) {
      const failed = new Set(modules.filter((module) => !module.ok()).map(({ moduleId }) => relative(root, moduleId)));
      writeFileSync(list, [...failed].map((path) => `${path}\n`).join(''));
    }
    process.stdout.write(`${tally(modules, unhandledErrors.length)}\n`);
  }
}

/** A file that could not be loaded, a hook that threw and an error that no test caught each count as one failure. */
export function tally(modules: readonly TestModule[], unhandledErrors: number): string {
  const count = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    const before = count.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'pending') count.failed += 1;
      else count[state] += 1;
    }
    if (module.state() === 'failed' && count.failed === before) count.failed += 1;
  }
  return `${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`;
}
