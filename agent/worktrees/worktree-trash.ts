import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { TrashedWorktree, Worktree } from '../../shared/worktrees.ts';
import { GIT_CHANGE_MS, type Git } from '../git/git.ts';
import type { Database } from '../store/database.ts';

/** Beside the worktree, so that its files are moved and not copied. */
const FOLDER = '.toru-trash';
const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;

const row = z.object({
  id: z.string(),
  path: z.string(),
  repository: z.string(),
  branch: z.string().nullable(),
  head: z.string().nullable(),
  kept_at: z.string(),
  removed_at: z.number(),
  removed_by: z.string(),
});
type Row = z.infer<typeof row>;

/** Removed worktrees: their files wait for some days, and a ref keeps their commit from git's own clean-up. */
export class WorktreeTrash {
  readonly #db: Database;
  readonly #git: Git;
  readonly #days: () => number;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  /** @param options.days how long they wait; 0: for ever. */
  constructor(options: { db: Database; git: Git; days: () => number; now: () => number }) {
    this.#db = options.db;
    this.#git = options.git;
    this.#days = options.days;
    this.#now = options.now;
    this.#watch();
  }

  /** The newest first. */
  list(): TrashedWorktree[] {
    return this.#rows().map((one) => this.#shown(one));
  }

  /**
   * Moves a worktree here. What was staged is not remembered; the files are.
   * @throws ToruError conflict with git's sentence; then it is where it was.
   */
  async take({ path, repository, branch, head }: Worktree, by: string): Promise<TrashedWorktree> {
    const id = randomUUID();
    const kept = join(dirname(path), FOLDER, id);
    mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
    const made: Row = { id, path, repository, branch, head, kept_at: kept, removed_at: this.#now(), removed_by: by };
    if (head !== null) await this.#git.text(repository, ['update-ref', refOf(id), head]);
    this.#insert(made);
    try {
      renameSync(path, kept);
      await this.#git.text(repository, ['worktree', 'remove', '--force', '--force', '--', path], GIT_CHANGE_MS);
    } catch (error) {
      if (existsSync(kept)) renameSync(kept, path);
      await this.#forget(made);
      throw error;
    }
    this.#watch();
    return this.#shown(made);
  }

  /** Puts one back where it was. @returns its path. @throws ToruError not_found, conflict */
  async restore(id: string): Promise<string> {
    const one = this.#get(id);
    const { path, repository, branch, head, kept_at } = one;
    if (existsSync(path)) throw new ToruError('conflict', `There is something at ${path} by now. Move it away, then restore again.`);
    if (!existsSync(kept_at)) throw new ToruError('conflict', `Its files are gone from ${kept_at}. Only its branch is left.`);
    const there =
      branch !== null && (await this.#git.run(repository, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`], GIT_CHANGE_MS)).ok;
    const what = there ? [path, branch] : branch === null ? ['--detach', path, head ?? 'HEAD'] : ['-b', branch, path, head ?? 'HEAD'];
    await this.#git.text(repository, ['worktree', 'add', '--quiet', '--no-checkout', ...what], GIT_CHANGE_MS);
    // Of what git made only the file counts that leads to the repository.
    await rm(join(kept_at, '.git'), { force: true });
    renameSync(join(path, '.git'), join(kept_at, '.git'));
    rmdirSync(path);
    renameSync(kept_at, path);
    await this.#git.text(path, ['reset', '--quiet'], GIT_CHANGE_MS);
    await this.#forget(one);
    return path;
  }

  /** Removes one for good. @throws ToruError not_found */
  async purge(id: string): Promise<void> {
    await this.#purge(this.#get(id));
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Removes what waited long enough, now and each hour, for as long as something is here. */
  async sweep(): Promise<void> {
    const days = this.#days();
    const rows = this.#rows();
    if (rows.length === 0) this.close();
    for (const one of rows) if (days > 0 && one.removed_at + days * DAY_MS <= this.#now()) await this.#purge(one);
  }

  #watch(): void {
    if (this.#timer !== null || this.#rows().length === 0) return;
    this.#timer = setInterval(() => void this.sweep().catch(() => undefined), SWEEP_MS).unref();
  }

  async #purge(one: Row): Promise<void> {
    await rm(one.kept_at, { recursive: true, force: true });
    await this.#forget(one);
  }

  async #forget(one: Row): Promise<void> {
    this.#db.prepare('DELETE FROM worktrees_trash WHERE id = ?').run(one.id);
    // Where the repository is gone there is nothing to forget.
    await this.#git.run(one.repository, ['update-ref', '-d', refOf(one.id)], GIT_CHANGE_MS).catch(() => null);
    const folder = dirname(one.kept_at);
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }

  #insert(made: Row): void {
    this.#db
      .prepare('INSERT INTO worktrees_trash VALUES (@id, @path, @repository, @branch, @head, @kept_at, @removed_at, @removed_by)')
      .run(made);
  }

  #get(id: string): Row {
    const found = this.#rows().find((one) => one.id === id);
    if (found === undefined) throw new ToruError('not_found', 'No worktree with this id is in the trash. See: toru worktree trash');
    return found;
  }

  #rows(): Row[] {
    return z.array(row).parse(this.#db.prepare('SELECT * FROM worktrees_trash ORDER BY removed_at DESC, id').all());
  }

  #shown({ kept_at: _, removed_at, ...rest }: Row): TrashedWorktree {
    const days = this.#days();
    const at = (ms: number): string => new Date(ms).toISOString();
    return { ...rest, removed_at: at(removed_at), expires_at: days === 0 ? null : at(removed_at + days * DAY_MS) };
  }
}

function refOf(id: string): string {
  return `refs/toru/trash/${id}`;
}
