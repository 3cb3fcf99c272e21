import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Packages that no step has used for so long go. A step takes a day at most. */
const UNUSED_MS = 30 * 24 * 3_600_000;

/**
 * Removes packages of scripts (dependencies.ts) that no step needs any more: a step that uses them gives their folder the time. Those of a
 * revision that comes back are installed again. @param home TORU_HOME
 */
export async function removeUnusedDependencies(home: string, now = Date.now()): Promise<void> {
  const folder = join(home, 'dependencies');
  try {
    for (const name of readdirSync(folder))
      if (now - statSync(join(folder, name)).mtimeMs > UNUSED_MS) await rm(join(folder, name), { recursive: true, force: true });
  } catch {
    // There are none, or somebody else removes them. The next look finds what is left.
  }
}
