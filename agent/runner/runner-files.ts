import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../system/package-root.ts';

/** What the native runner for this processor is called. */
export const RUNNER_NAME = `toru-runner-linux-${process.arch}`;

/**
 * Where a native runner may lie, the best first: compiled by the build on this machine, then prebuilt, in the package and in
 * the sources. Empty where there is none: macOS, and processors nobody built it for.
 */
export function runnerFiles(root: string = packageRoot()): string[] {
  if (process.platform !== 'linux') return [];
  const folders = ['dist/agent/runner/compiled', 'dist/agent/runner', 'agent/runner/prebuilt'];
  return folders.map((folder) => join(root, folder, RUNNER_NAME)).filter((file) => existsSync(file));
}

/** The hash of the source that lies beside, which a runner must have been built from; null in a package without it. */
export function runnerSourceHash(root: string = packageRoot()): string | null {
  try {
    return hashOfSource(readFileSync(join(root, 'agent/runner/runner.c')));
  } catch {
    return null;
  }
}

/** What a runner is compiled with as SOURCE_HASH. */
export function hashOfSource(source: Buffer): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 32);
}
