import { realpathSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Repository } from '../../shared/worktrees.ts';
import { expandHome } from '../config.ts';

/** Below a root: `~/code/company/project` is three. */
const DEEPEST = 4;
/** A root such as a home folder has more folders than anybody keeps repositories. */
const MOST_FOLDERS = 20_000;
const MOST_FOUND = 500;
/** Folders of other programs, which are large and hold no repository that a person works in. */
const SKIPPED = new Set(['node_modules', 'vendor', 'target', 'dist', 'Library']);

/** A path as the system knows it, without links. null: there is nothing. */
export function realPath(path: string): string | null {
  try {
    return realpathSync(expandHome(path));
  } catch {
    return null;
  }
}

/**
 * A path below one of the roots, links followed: a link out of a root leads nowhere.
 * @throws ToruError not_found; forbidden, which names the next step.
 */
export function insideRoots(path: string, roots: readonly string[]): string {
  const real = realPath(path);
  if (real === null) throw new ToruError('not_found', `There is nothing at ${path}.`);
  if (isInside(real, roots)) return real;
  throw new ToruError('forbidden', `${path} is in none of the folders for worktrees. Name one: toru worktree roots ${path}`);
}

/** @param path without links. */
export function isInside(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const real = realPath(root);
    return real !== null && (path === real || path.startsWith(real === '/' ? '/' : `${real}/`));
  });
}

/** The repositories below the roots, by path. Worktrees, submodules and hidden folders are none. */
export async function repositoriesIn(roots: readonly string[]): Promise<Repository[]> {
  const found = new Map<string, Repository>();
  let left = MOST_FOLDERS;
  const look = async (folder: string, depth: number): Promise<void> => {
    left -= 1;
    if (left < 0 || found.size >= MOST_FOUND) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map(({ name }) => name));
    const own = entries.find(({ name }) => name === '.git');
    const bare = names.has('HEAD') && names.has('objects') && names.has('refs');
    if (own?.isDirectory() === true || bare) {
      found.set(folder, { path: folder, name: basename(folder) });
      return;
    }
    // A file `.git` is of a worktree, whose repository is found by itself.
    if (own !== undefined || depth >= DEEPEST) return;
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name)) await look(join(folder, entry.name), depth + 1);
  };
  for (const root of roots) {
    const real = realPath(root);
    if (real !== null && (await lstat(real)).isDirectory()) await look(real, 0);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
