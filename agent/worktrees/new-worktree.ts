import { constants, copyFileSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { GIT_CHANGE_MS, type Git } from '../git/git.ts';
import { realPath } from './repositories.ts';

/** A file that a person writes: a larger one is data, and not copied by a slip. */
const LARGEST_COPIED = 1024 * 1024;

interface NewWorktree {
  /** The repository's own worktree. */
  repository: string;
  /** The folder of the new one, absolute; nothing is there. */
  path: string;
  branch: string;
  base: string | null;
  copy: readonly string[];
}

/**
 * Makes a worktree: of a branch that is there, of one that a remote has, or of a new branch. Where it fails, nothing is left of it.
 * @throws ToruError conflict with git's own sentence; input_invalid for a file that can't be copied; timed_out.
 */
export async function makeWorktree(git: Git, { repository, path, branch, base, copy }: NewWorktree): Promise<void> {
  const files = copy.map((name) => ({ name, from: copied(repository, name) }));
  const valid = await git.run(repository, ['check-ref-format', `refs/heads/${branch}`], GIT_CHANGE_MS);
  if (!valid.ok) throw new ToruError('bad_request', `git takes no branch named “${branch}”.`, { extra: { field: 'branch' } });
  const has = async (ref: string): Promise<boolean> =>
    (await git.run(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], GIT_CHANGE_MS)).ok;
  if (base !== null && !(await has(base)))
    throw new ToruError('bad_request', `The repository has no branch, tag or commit “${base}”. Fetch it first: git fetch`, {
      extra: { field: 'base' },
    });
  const exists = await has(`refs/heads/${branch}`);
  if (exists && base !== null)
    throw new ToruError('conflict', `The branch “${branch}” is there already. Leave “base” out, or choose another name.`, {
      extra: { field: 'branch' },
    });
  const remote = exists || base !== null ? null : await onRemote(git, repository, branch);
  const what = exists ? [path, branch] : remote === null ? ['-b', branch, path, base ?? 'HEAD'] : ['--track', '-b', branch, path, remote];
  try {
    await git.text(repository, ['worktree', 'add', '--quiet', ...what], GIT_CHANGE_MS);
    for (const { name, from } of files) {
      const to = join(path, name);
      mkdirSync(dirname(to), { recursive: true });
      // A file that the branch has stays the branch's.
      if (!existsSync(to)) copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    }
  } catch (error) {
    await undo(git, repository, path, exists ? null : branch);
    throw error;
  }
}

/** The branch of this name that exactly one remote has, as `origin/main`. */
async function onRemote(git: Git, repository: string, branch: string): Promise<string | null> {
  const refs = await git.text(repository, ['for-each-ref', '--format=%(refname:short)', `refs/remotes/*/${branch}`]);
  const found = refs.split('\n').filter((line) => line !== '');
  if (found.length > 1)
    throw new ToruError('bad_request', `More than one remote has “${branch}”. Say which as “base”: ${found.slice(0, 3).join(' or ')}`, {
      extra: { field: 'base' },
    });
  return found[0] ?? null;
}

/** @returns the file, links followed. @throws ToruError input_invalid */
function copied(repository: string, name: string): string {
  const refuse = (why: string): ToruError => new ToruError('input_invalid', `“${name}” ${why}.`, { extra: { field: 'copy' } });
  const real = realPath(join(repository, name));
  if (real === null) throw refuse('is not in the repository’s folder');
  if (!real.startsWith(`${repository}/`)) throw refuse('leads out of the repository by a link');
  const found = lstatSync(real);
  if (!found.isFile()) throw refuse('is no file; name each file of a folder');
  if (found.size > LARGEST_COPIED) throw refuse('is larger than 1 MiB');
  return real;
}

async function undo(git: Git, repository: string, path: string, branch: string | null): Promise<void> {
  const had = (await git.run(repository, ['worktree', 'list', '--porcelain'], GIT_CHANGE_MS).catch(() => null))?.stdout ?? '';
  if (!had.split('\n').includes(`worktree ${path}`)) return;
  await git.run(repository, ['worktree', 'remove', '--force', '--', path], GIT_CHANGE_MS).catch(() => null);
  rmSync(path, { recursive: true, force: true });
  if (branch !== null) await git.run(repository, ['branch', '-D', '--', branch], GIT_CHANGE_MS).catch(() => null);
}
