import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Starts it with three files open that nobody meant for it, and says which of them a child of it has. */
async function reaching(before: string): Promise<string> {
  const program = `${before}; const { execFileSync } = await import('node:child_process');
    process.stdout.write(execFileSync('/bin/sh', ['-c', 'ls -l /proc/self/fd'], { encoding: 'utf8' }))`;
  const shell = 'exec 5</etc/passwd 20</etc/group 63</etc/hosts; exec "$0" --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)('/bin/bash', ['-c', shell, process.execPath, program]);
  return stdout;
}

it.runIf(process.platform === 'linux')('nothing that whoever started us left open reaches what we start', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'inherited.ts'));
  // What Node itself lets through: else this test would say nothing.
  expect(await reaching('')).toMatch(/\/etc\/(?:group|hosts)/);
  expect(await reaching(`(await import(${module})).closeInherited()`)).not.toMatch(/\/etc\/(?:passwd|group|hosts)/);
});
