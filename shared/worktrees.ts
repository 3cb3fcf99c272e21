import * as z from 'zod';

/** Worktrees of the git repositories below the folders that an admin names. Paths are absolute, on the host. */

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => text.startsWith('/') || text.startsWith('~/'), 'a path that begins with / or ~/')
  .refine((text) => !/\p{Cc}/u.test(text), 'a path without control characters');

/** A branch, tag or commit, as git takes it; git itself checks the rest. */
const revision = z
  .string()
  .min(1)
  .max(250)
  .refine((text) => !text.startsWith('-') && !/[\p{Cc}\s]/u.test(text), 'no space, and no - at the beginning');

/** Of one worktree or repository at most so many files are copied into a new worktree. */
const MOST_COPIED = 50;

export const worktreeRoots = z.object({ roots: z.array(path).max(50) });

export const worktreesQuery = z.object({ repository: path.optional() });

export const worktreeCreate = z.object({
  repository: path,
  branch: revision,
  /** Where a new branch begins; without it, at the repository's HEAD. */
  base: revision.optional(),
  /** The name of the folder beside the repository; without it, made of the repository's and the branch's. */
  name: z
    .string()
    .regex(/^[\p{L}\p{N}_+][\p{L}\p{N}_+.@-]{0,99}$/u, 'letters, digits and _ + . @ -, at most 100, not beginning with . or -')
    .optional(),
  /** Untracked files to copy, such as `.env`: paths within the repository. */
  copy: z
    .array(
      z
        .string()
        .min(1)
        .max(400)
        .refine(
          (text) => !text.startsWith('/') && !text.split('/').includes('..') && !/\p{Cc}/u.test(text),
          'a path within the repository, without ..',
        ),
    )
    .max(MOST_COPIED)
    .default([]),
});

export const worktreeRemoval = z.object({
  path,
  /** `true`: although there is work in it that is nowhere else. */
  force: z.enum(['true', 'false']).default('false'),
});

export const worktreeStatusQuery = z.object({ repository: path.optional(), path: path.optional() });

export const trashedParam = z.object({ id: z.uuid() });

/** A git repository below one of the roots. */
export interface Repository {
  path: string;
  /** The last part of its path. */
  name: string;
}

export interface Worktree {
  path: string;
  /** The repository's own worktree, or the repository itself where it is bare. */
  repository: string;
  /** null: no branch is checked out, only a commit. */
  branch: string | null;
  /** The commit; null where there is none yet. */
  head: string | null;
  /** The one that the repository was made with: it can't be removed. */
  main: boolean;
  locked: boolean;
  /** Its folder is gone. */
  missing: boolean;
}

export interface WorktreeStatus extends Worktree {
  /** The branch that it follows, such as `origin/main`. */
  upstream: string | null;
  /** Commits that the upstream does not have, and that it has more. null without an upstream. */
  ahead: number | null;
  behind: number | null;
  /** Commits that no remote has; where there is no remote, that no other branch has. */
  unpushed: number | null;
  /** Files. */
  staged: number;
  changed: number;
  untracked: number;
  conflicts: number;
  /** Of its files on the disk; null where that took too long. */
  size_bytes: number | null;
  /** Why nothing is known of it, instead of all that; null when all is well. */
  problem: string | null;
  looked_at: string;
}

/** A worktree that was removed, and waits in the trash. */
export interface TrashedWorktree {
  id: string;
  path: string;
  repository: string;
  branch: string | null;
  head: string | null;
  removed_at: string;
  removed_by: string;
  /** When it goes for good; null: never. */
  expires_at: string | null;
}
