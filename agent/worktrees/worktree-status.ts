import type { Worktree, WorktreeStatus } from '../../shared/worktrees.ts';
import { GIT_ASK_MS, type Git } from '../git/git.ts';

/** More commits than that are shown as so many. */
const MOST_COMMITS = 1000;
const SIZE_MS = 3000;

/** What is in a worktree that is nowhere else, and how large it is. Never throws: what went wrong is its `problem`. */
export async function statusOf(git: Git, worktree: Worktree, now: number): Promise<WorktreeStatus> {
  const nothing = { upstream: null, ahead: null, behind: null, unpushed: null, staged: 0, changed: 0, untracked: 0, conflicts: 0 };
  const base = { ...worktree, ...nothing, size_bytes: null, problem: null, looked_at: new Date(now).toISOString() };
  if (worktree.missing) return { ...base, problem: 'Its folder is gone.' };
  try {
    const [text, unpushed, size] = await Promise.all([
      git.text(worktree.path, ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=normal']),
      unpushedOf(git, worktree),
      sizeOf(worktree.path),
    ]);
    return { ...base, ...parseStatus(text), unpushed, size_bytes: size };
  } catch (error) {
    return { ...base, problem: error instanceof Error ? error.message : 'git could not be asked.' };
  }
}

/** @param text of `git status --porcelain=v2 --branch -z` (git-status(1), “Porcelain Format Version 2”). */
export function parseStatus(
  text: string,
): Pick<WorktreeStatus, 'upstream' | 'ahead' | 'behind' | 'staged' | 'changed' | 'untracked' | 'conflicts'> {
  const counts = { staged: 0, changed: 0, untracked: 0, conflicts: 0 };
  let upstream: string | null = null;
  let ahead: number | null = null;
  let behind: number | null = null;
  const parts = text.split('\0');
  for (let at = 0; at < parts.length; at += 1) {
    const line = parts[at] ?? '';
    const [kind, second = ''] = line.split(' ', 2);
    if (kind === '#') {
      if (second === 'branch.upstream') upstream = line.slice('# branch.upstream '.length);
      const [, more, less] = /^# branch\.ab \+(\d+) -(\d+)$/.exec(line) ?? [];
      if (more !== undefined) ahead = Number(more);
      if (less !== undefined) behind = Number(less);
    } else if (kind === '1' || kind === '2') {
      if (second[0] !== '.') counts.staged += 1;
      if (second[1] !== '.') counts.changed += 1;
      // The name that it had before is a part of its own.
      if (kind === '2') at += 1;
    } else if (kind === 'u') counts.conflicts += 1;
    else if (kind === '?') counts.untracked += 1;
  }
  return { upstream, ahead, behind, ...counts };
}

async function unpushedOf(git: Git, { path, branch, head }: Worktree): Promise<number | null> {
  if (head === null) return 0;
  const remotes = await git.text(path, ['remote']);
  const others = branch === null ? ['--branches'] : [`--exclude=${branch}`, '--branches'];
  const known = remotes === '' ? others : ['--remotes'];
  const { ok, stdout } = await git.run(path, ['rev-list', '--count', `--max-count=${MOST_COMMITS}`, 'HEAD', '--not', ...known], GIT_ASK_MS);
  return ok ? Number(stdout) : null;
}

/** On the disk, by `du`, which is on every host and in a process of its own. null where it takes long or can't look everywhere. */
async function sizeOf(path: string): Promise<number | null> {
  const { execa } = await import('execa');
  const { failed, stdout } = await execa('du', ['-sk', '--', path], {
    timeout: SIZE_MS,
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    env: { LC_ALL: 'C' },
  });
  const blocks = Number.parseInt(stdout, 10);
  return failed || Number.isNaN(blocks) ? null : blocks * 1024;
}
