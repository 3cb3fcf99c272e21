import type { List } from '../../../../shared/api.ts';
import type { Repository, TrashedWorktree, Worktree, WorktreeStatus } from '../../../../shared/worktrees.ts';
import { agent, read, until } from '../../api.ts';
import { bool, isAnything, listOf, listOfAll, number, orNull, shape, text } from '../../guards.ts';

/** Worktrees of git. Each call throws ToruError. */

const { worktrees } = agent;
const ofWorktree = { path: text, repository: text, branch: orNull(text), main: bool, missing: bool };
const isWorktree = shape<Worktree>(ofWorktree);
const isStatus = shape<WorktreeStatus>({
  ...ofWorktree,
  ahead: orNull(number),
  behind: orNull(number),
  unpushed: orNull(number),
  staged: number,
  changed: number,
  untracked: number,
  size_bytes: orNull(number),
  problem: orNull(text),
});
const isRepository = shape<Repository>({ path: text, name: text });
const isTrashed = shape<TrashedWorktree>({ id: text, path: text, branch: orNull(text), removed_at: text, expires_at: orNull(text) });
const isRoots = shape<{ roots: string[] }>({ roots: listOfAll(text) });

export const listStatus = (signal?: AbortSignal): Promise<List<WorktreeStatus>> =>
  read(listOf(isStatus), worktrees.status.$get({ query: {} }, until(signal)));
export const listRepositories = (signal?: AbortSignal): Promise<List<Repository>> =>
  read(listOf(isRepository), worktrees.repositories.$get({}, until(signal)));
export const getRoots = (signal?: AbortSignal): Promise<{ roots: string[] }> => read(isRoots, worktrees.roots.$get({}, until(signal)));
export const setRoots = (roots: string[]): Promise<{ roots: string[] }> => read(isRoots, worktrees.roots.$put({ json: { roots } }));
export const listTrash = (signal?: AbortSignal): Promise<List<TrashedWorktree>> =>
  read(listOf(isTrashed), worktrees.trash.$get({}, until(signal)));
export const addWorktree = (json: { repository: string; branch: string; base?: string; copy: string[] }): Promise<Worktree> =>
  read(isWorktree, worktrees.$post({ json }));
export const removeWorktree = (path: string, force: boolean): Promise<unknown> =>
  read(isAnything, worktrees.$delete({ query: { path, force: force ? 'true' : 'false' } }));
export const restoreWorktree = (id: string): Promise<Worktree> => read(isWorktree, worktrees.trash[':id'].restore.$post({ param: { id } }));
