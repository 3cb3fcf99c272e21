import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { Semaphore } from '../../shared/semaphore.ts';
import type { Repository, TrashedWorktree, Worktree, WorktreeStatus, worktreeCreate } from '../../shared/worktrees.ts';
import type { Audit } from '../audit/audit.ts';
import { GIT_ASK_MS, Git } from '../git/git.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { makeWorktree } from './new-worktree.ts';
import { insideRoots, isInside, realPath, repositoriesIn } from './repositories.ts';
import { folderName, worktreesOf } from './worktree-list.ts';
import { statusOf } from './worktree-status.ts';
import { WorktreeTrash } from './worktree-trash.ts';
import { WORKTREES_TABLES } from './worktrees-tables.ts';

/** A status that is so young is given again. */
const CACHE_MS = 10_000;
/** Worktrees that git is asked about at the same time: it reads each of their files. */
const AT_ONCE = 2;
const MOST_SHOWN = 200;

interface WorktreesOptions {
  db: Database;
  audit: Pick<Audit, 'record'>;
  /** What scripts get. */
  environment: () => Record<string, string>;
  /** How many days a removed worktree waits in the trash; 0: for ever. */
  trashDays: () => number;
  now?: () => number;
}

/** Worktrees of the repositories below the folders that an admin named, by the host's git. Everything else on the disk is refused. */
export class Worktrees {
  readonly #db: Database;
  readonly #audit: Pick<Audit, 'record'>;
  readonly #git: Git;
  readonly #now: () => number;
  readonly #trash: WorktreeTrash;
  readonly #cached = new Map<string, { at: number; status: Promise<WorktreeStatus> }>();
  readonly #slots = new Semaphore({ slots: AT_ONCE, perKey: AT_ONCE, queueLimit: MOST_SHOWN * 4 });

  constructor({ db, audit, environment, trashDays, now = Date.now }: WorktreesOptions) {
    this.#db = db;
    this.#audit = audit;
    this.#now = now;
    this.#git = new Git(environment);
    ownTables(db, 'worktrees', WORKTREES_TABLES);
    this.#trash = new WorktreeTrash({ db, git: this.#git, days: trashDays, now });
  }

  /** The folders, as they were named. */
  roots(): string[] {
    return this.#db.prepare('SELECT path FROM worktrees_roots ORDER BY path').pluck().all().map(String);
  }

  /** @throws ToruError bad_request for what is no folder. */
  setRoots(caller: Caller, roots: readonly string[]): string[] {
    for (const root of roots) {
      const real = realPath(root);
      if (real === null || !statSync(real).isDirectory())
        throw new ToruError('bad_request', `There is no folder ${root} on this host.`, { extra: { field: 'roots' } });
    }
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM worktrees_roots').run();
        for (const root of new Set(roots)) this.#db.prepare('INSERT INTO worktrees_roots VALUES (?)').run(root);
        this.#audit.record({ event: 'worktree.roots', caller, outcome: 'ok', detail: { roots: [...roots] } });
      })
      .immediate();
    return this.roots();
  }

  /** All below the roots. */
  repositories(): Promise<Repository[]> {
    return repositoriesIn(this.roots());
  }

  /** Of one repository, or of all. @throws ToruError not_found, forbidden, conflict */
  async list(repository: string | null): Promise<Worktree[]> {
    if (repository !== null) return worktreesOf(this.#git, insideRoots(repository, this.roots()));
    const found: Worktree[] = [];
    for (const { path } of await this.repositories()) {
      // One that git refuses does not hide the others; asked for by its path, it says why.
      found.push(...(await worktreesOf(this.#git, path).catch(() => [])));
      if (found.length >= MOST_SHOWN) break;
    }
    return found.slice(0, MOST_SHOWN);
  }

  /** @param path of one worktree; null: of all in the repository, or everywhere. @throws ToruError as `list`. */
  async status(repository: string | null, path: string | null): Promise<WorktreeStatus[]> {
    const worktrees = path === null ? await this.list(repository) : [await this.#find(path)];
    return Promise.all(worktrees.map((one) => this.#statusOf(one)));
  }

  /** @throws ToruError as `makeWorktree`; conflict, forbidden */
  async create(caller: Caller, request: z.infer<typeof worktreeCreate>): Promise<Worktree> {
    const [main] = await this.list(request.repository);
    if (main === undefined) throw new ToruError('not_found', `There is no repository at ${request.repository}.`);
    const { repository } = main;
    const name = request.name ?? folderName(repository, request.branch);
    const path = join(dirname(repository), name);
    if (!isInside(dirname(path), this.roots()))
      throw new ToruError(
        'forbidden',
        `The worktree would lie in ${dirname(path)}, beside its repository, and that is in none of the folders for worktrees. Name it, too: toru worktree roots ${dirname(path)}`,
      );
    if (existsSync(path))
      throw new ToruError('conflict', `There is a ${basename(path)} beside the repository already. Choose another name.`, {
        extra: { field: 'name' },
      });
    await makeWorktree(this.#git, { repository, path, branch: request.branch, base: request.base ?? null, copy: request.copy });
    this.#audit.record({ event: 'worktree.create', caller, target: path, outcome: 'ok', detail: { branch: request.branch } });
    return this.#find(path);
  }

  /**
   * Into the trash. @param force although it has work that is nowhere else.
   * @throws ToruError conflict, with what would be lost as `extra`.
   */
  async remove(caller: Caller, path: string, force: boolean): Promise<TrashedWorktree | null> {
    const worktree = await this.#find(path);
    if (worktree.main) throw new ToruError('conflict', 'That is the repository itself, and no worktree of it. Toru removes no repository.');
    if (worktree.locked) throw new ToruError('conflict', `It is locked. Unlock it first: git worktree unlock ${worktree.path}`);
    if (worktree.missing) {
      await this.#git.text(worktree.repository, ['worktree', 'remove', '--force', '--', worktree.path], GIT_ASK_MS);
      return null;
    }
    if (!force) await this.#refuseLoss(worktree);
    const trashed = await this.#trash.take(worktree, caller.username);
    this.#cached.delete(worktree.path);
    this.#audit.record({
      event: 'worktree.remove',
      caller,
      target: worktree.path,
      outcome: 'ok',
      detail: { force, branch: worktree.branch },
    });
    return trashed;
  }

  trash(): TrashedWorktree[] {
    return this.#trash.list();
  }

  /** @throws ToruError not_found, conflict */
  async restore(caller: Caller, id: string): Promise<Worktree> {
    const path = await this.#trash.restore(id);
    this.#audit.record({ event: 'worktree.restore', caller, target: path, outcome: 'ok' });
    return this.#find(path);
  }

  /** For good. @throws ToruError not_found */
  async purge(caller: Caller, id: string): Promise<void> {
    await this.#trash.purge(id);
    this.#audit.record({ event: 'worktree.purge', caller, target: id, outcome: 'ok' });
  }

  /** Removes from the trash what waited long enough. It also happens by itself, each hour. */
  sweep(): Promise<void> {
    return this.#trash.sweep();
  }

  close(): void {
    this.#trash.close();
  }

  async #refuseLoss(worktree: Worktree): Promise<void> {
    const status = await statusOf(this.#git, worktree, this.#now());
    const uncommitted = status.staged + status.changed + status.untracked + status.conflicts;
    const unpushed = status.unpushed ?? 0;
    if (status.problem !== null)
      throw new ToruError('conflict', `It can’t be seen what is in it: ${status.problem} Use force to remove it all the same.`);
    const submodules = await this.#git.text(worktree.path, ['submodule', 'status']);
    const lost = [
      ...(uncommitted > 0 ? [`${uncommitted} uncommitted ${uncommitted === 1 ? 'file' : 'files'}`] : []),
      ...(unpushed > 0 ? [`${unpushed} ${unpushed === 1 ? 'commit' : 'commits'} that nothing else has`] : []),
      ...(submodules === '' ? [] : ['submodules, whose own repositories go with it']),
    ];
    if (lost.length === 0) return;
    throw new ToruError(
      'conflict',
      `It has ${lost.join(' and ')}. Commit and push, or remove it by force: it stays in the trash for some days.`,
      {
        extra: { uncommitted, unpushed },
      },
    );
  }

  /** @throws ToruError not_found, forbidden */
  async #find(path: string): Promise<Worktree> {
    const wanted = this.#wanted(path);
    // The folder of a missing one is no place to ask at: all repositories are looked through.
    const found = (await this.list(existsSync(wanted) ? wanted : null)).find((one) => one.path === wanted);
    if (found === undefined) throw new ToruError('not_found', `There is no worktree at ${path}. See: toru worktree list`);
    return found;
  }

  #wanted(path: string): string {
    return realPath(path) === null ? path : insideRoots(path, this.roots());
  }

  #statusOf(worktree: Worktree): Promise<WorktreeStatus> {
    const now = this.#now();
    const cached = this.#cached.get(worktree.path);
    if (cached !== undefined && now - cached.at < CACHE_MS) return cached.status;
    const status = this.#slots.run('', null, () => statusOf(this.#git, worktree, now));
    this.#cached.set(worktree.path, { at: now, status });
    for (const [path, { at }] of this.#cached) if (now - at >= CACHE_MS) this.#cached.delete(path);
    return status;
  }
}
