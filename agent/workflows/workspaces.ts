import type { FSWatcher } from 'node:fs';
import { existsSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { List } from '../../shared/api.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import type { Problem, Workspace, WorkspaceCreate, WorkspacePatch } from '../../shared/workflows.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { checkedOut, checkGit, commitOf, removeFiles } from './git-workspace.ts';
import type { Revision, Revisions } from './revisions.ts';
import { revisionOf } from './schedules.ts';
import type { ReadFolder } from './workspace-folder.ts';
import { DEFINITIONS_FOLDER, readFolder, rootOf } from './workspace-folder.ts';

interface Row {
  name: string;
  type: 'folder' | 'git';
  /** 1: the host's own, which has no folder. */
  own: number;
  location: string;
  ref: string | null;
  revision: number | null;
  seen_revision: string | null;
  problems: string;
  error: string | null;
  checked_at: number | null;
  created_at: number;
}

export interface WorkspacesOptions {
  db: Database;
  /** TORU_HOME: what comes from git is checked out below its `workspaces`. */
  home: string;
  revisions: Revisions;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'warn' | 'error'>;
  settings: Pick<Settings, 'poll_interval_s'>;
  /** Hears of a workspace whose definitions are others now, or that is gone (null), within the transaction. */
  changed: (name: string, revision: Revision | null) => void;
}

/** A folder is watched, and looked at so often in case a change was not told. */
const LOOK_MS = 30_000;
/** A first fetch may take minutes: whoever adds a workspace hears that it is under way. */
const PATIENCE_MS = 8000;
/** The host's own workspace, where no other one has that name. */
const OWN_NAME = 'quick-actions';
/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

/** The workspaces of this host: where definitions come from. A broken new revision never replaces a good one. */
export class Workspaces {
  readonly #o: WorkspacesOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #settling = new Map<string, NodeJS.Timeout>();
  readonly #looking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #closed = true;

  constructor(options: WorkspacesOptions) {
    this.#o = options;
  }

  /** Begins to watch. @returns when each has been looked at once. */
  async start(): Promise<void> {
    this.#closed = false;
    const rows = this.#rows();
    for (const row of rows) this.#watch(row);
    if (rows.length > 0) this.#lookLater();
    await Promise.all(rows.map(({ name }) => this.look(name)));
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
  }

  list(): List<Workspace> {
    return { items: this.#rows().map((row) => this.#shown(row)), next_cursor: null };
  }

  /** @throws ToruError not_found */
  get(name: string): Workspace {
    return this.#shown(this.#row(name));
  }

  /** The revision by which jobs are made now; null when there never was a good one. @throws ToruError not_found */
  current(name: string): Revision | null {
    const { revision } = this.#row(name);
    return revision === null ? null : this.#o.revisions.get(revision);
  }

  /** All that have a good revision. */
  allCurrent(): Revision[] {
    return this.#rows().flatMap(({ revision }) => (revision === null ? [] : [this.#o.revisions.get(revision)]));
  }

  /** @throws ToruError bad_request, conflict */
  async create(caller: Caller, asked: WorkspaceCreate): Promise<Workspace> {
    const location = locationOf(asked);
    const ref = asked.type === 'git' ? (asked.ref ?? null) : null;
    const made = this.#o.db
      .prepare('INSERT INTO workspaces (name, type, location, ref, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(asked.name, asked.type, location, ref, Date.now());
    if (made.changes === 0)
      throw new ToruError('conflict', `There is a workspace “${asked.name}” already. Choose another name.`, { extra: { field: 'name' } });
    this.#audit('workspace.create', caller, asked.name, { type: asked.type, location });
    this.#watch(this.#row(asked.name));
    this.#lookLater();
    await this.#lookPatiently(asked.name);
    return this.get(asked.name);
  }

  /** @throws ToruError not_found, bad_request */
  async update(caller: Caller, name: string, patch: WorkspacePatch): Promise<Workspace> {
    const row = this.#row(name);
    if (row.own === 1) throw ownIsMade(name);
    if (row.type === 'folder' && (patch.url !== undefined || patch.ref !== undefined))
      throw new ToruError('bad_request', 'A folder has a “path”, and neither “url” nor “ref”.');
    if (row.type === 'git' && patch.path !== undefined) throw new ToruError('bad_request', 'A git workspace has a “url”, and no “path”.');
    const location = patch.path ?? patch.url ?? row.location;
    const ref = patch.ref === undefined ? row.ref : patch.ref;
    locationOf(
      row.type === 'folder' ? { type: 'folder', name, path: location } : { type: 'git', name, url: location, ref: ref ?? undefined },
    );
    this.#o.db.prepare('UPDATE workspaces SET location = ?, ref = ? WHERE name = ?').run(location, ref, name);
    this.#audit('workspace.update', caller, name, { location, ref });
    this.#unwatch(name);
    this.#watch(this.#row(name));
    await this.#lookPatiently(name);
    return this.get(name);
  }

  /** What the host's own workspace is called; null while it has none. */
  ownName(): string | null {
    return this.#o.db.prepare<[], string>('SELECT name FROM workspaces WHERE own = 1').pluck().get() ?? null;
  }

  /** The definitions of the host's own workspace are these now; null: it has none any more. Within the caller's transaction. */
  setOwn(definitions: Definitions | null): void {
    const { db, home, revisions, changed } = this.#o;
    const known = this.ownName();
    if (definitions === null) {
      if (known === null) return;
      changed(known, null);
      db.prepare('DELETE FROM workspaces WHERE name = ?').run(known);
      return;
    }
    const name = known ?? this.#freeOwnName();
    const revision = revisionOf(definitions);
    const now = Date.now();
    if (known === null)
      db.prepare(`INSERT INTO workspaces (name, type, own, location, created_at) VALUES (?, 'folder', 1, '', ?)`).run(name, now);
    const before = this.#row(name).revision;
    if (before !== null && revisions.get(before).revision === revision) return;
    const id = revisions.put({ workspace: name, revision, folder: home, definitions });
    db.prepare('UPDATE workspaces SET revision = ?, seen_revision = ?, checked_at = ? WHERE name = ?').run(id, revision, now, name);
    revisions.prune();
    changed(name, revisions.get(id));
  }

  #freeOwnName(): string {
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? OWN_NAME : `${OWN_NAME}-${n}`;
      if (this.#find(name) === null) return name;
    }
  }

  /** Its jobs stay. @throws ToruError not_found, conflict for the host's own. */
  remove(caller: Caller, name: string): void {
    if (this.#row(name).own === 1) throw ownIsMade(name);
    this.#o.db.transaction(() => {
      this.#o.changed(name, null);
      this.#o.db.prepare('DELETE FROM workspaces WHERE name = ?').run(name);
    })();
    this.#unwatch(name);
    this.#tidy(name, null);
    this.#audit('workspace.remove', caller, name, {});
  }

  /** Looks at it now. @throws ToruError not_found */
  async refresh(name: string): Promise<Workspace> {
    this.#row(name);
    await this.#lookPatiently(name);
    return this.get(name);
  }

  /** Reads what is there, and takes it over when it is good. Looks of the same moment share one. Never throws. */
  look(name: string): Promise<void> {
    const known = this.#looking.get(name);
    if (known !== undefined) return known;
    const look = this.#look(name)
      .catch((error: unknown) => this.#o.log.error({ err: error, workspace: name }, 'a workspace could not be looked at'))
      .finally(() => this.#looking.delete(name));
    this.#looking.set(name, look);
    return look;
  }

  async #look(name: string): Promise<void> {
    const { db, revisions, changed } = this.#o;
    const row = this.#row(name);
    if (row.own === 1) return;
    const at = Date.now();
    try {
      const { folder, revision, definitions, problems } = await this.#read(row);
      if (this.#closed || this.#find(name) === null) return;
      db.transaction(() => {
        db.prepare('UPDATE workspaces SET seen_revision = ?, problems = ?, error = NULL, checked_at = ? WHERE name = ?').run(
          revision,
          JSON.stringify(problems satisfies Problem[]),
          at,
          name,
        );
        const before = row.revision === null ? null : revisions.get(row.revision);
        if (definitions === null || (before?.revision === revision && before.folder === folder)) return;
        const id = revisions.put({ workspace: name, revision, folder, definitions });
        db.prepare('UPDATE workspaces SET revision = ? WHERE name = ?').run(id, name);
        revisions.prune();
        changed(name, revisions.get(id));
      })();
      if (row.type === 'git') this.#tidy(name, revision);
    } catch (error) {
      const { code, message } = toToruError(error);
      if (code === 'internal') this.#o.log.error({ err: error, workspace: name }, 'a workspace could not be read');
      db.prepare('UPDATE workspaces SET error = ?, checked_at = ? WHERE name = ?').run(message, at, name);
    }
  }

  /** Its files as they are now, and where they lie. @throws ToruError bad_request */
  async #read({ name, type, location, ref }: Row): Promise<ReadFolder & { folder: string }> {
    if (type === 'folder') return { folder: rootOf(location), ...(await readFolder(location)) };
    const commit = await commitOf(location, ref);
    const folder = await checkedOut(this.#folderOf(name), location, ref, commit);
    return { ...(await readFolder(folder)), folder, revision: commit };
  }

  #folderOf(name: string): string {
    return join(this.#o.home, 'workspaces', name);
  }

  /** Takes away what was checked out for jobs that are no more. @param seen the commit that is there now; null: the workspace is gone. */
  #tidy(name: string, seen: string | null): void {
    const folder = this.#folderOf(name);
    if (!existsSync(folder)) return;
    const kept = new Set(this.#o.revisions.of(name).map(({ revision }) => revision));
    if (seen !== null) kept.add(seen).add('repository');
    for (const entry of readdirSync(folder)) if (!kept.has(entry)) removeFiles(join(folder, entry));
    if (kept.size === 0) removeFiles(folder);
  }

  async #lookPatiently(name: string): Promise<void> {
    await Promise.race([this.look(name), sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  #lookLater(): void {
    this.#timer ??= setInterval(() => {
      for (const { name, type, checked_at } of this.#rows())
        if (type === 'folder' || Date.now() - (checked_at ?? 0) >= this.#o.settings.poll_interval_s * 1000) void this.look(name);
    }, LOOK_MS).unref();
  }

  #watch({ name, type, own, location }: Row): void {
    if (type !== 'folder' || own === 1) return;
    try {
      const watcher = watch(join(location, DEFINITIONS_FOLDER), { persistent: false }, () => this.#settle(name));
      // The look every 30 s goes on.
      watcher.on('error', () => this.#unwatch(name));
      this.#watchers.set(name, watcher);
    } catch {
      // It is not there yet: the look every 30 s finds it.
    }
  }

  #unwatch(name: string): void {
    this.#watchers.get(name)?.close();
    this.#watchers.delete(name);
  }

  #settle(name: string): void {
    const timer = this.#settling.get(name);
    if (timer !== undefined) return void timer.refresh();
    this.#settling.set(
      name,
      setTimeout(() => {
        this.#settling.delete(name);
        if (!this.#closed) void this.look(name);
      }, SETTLE_MS).unref(),
    );
  }

  #shown(row: Row): Workspace {
    const current = row.revision === null ? null : this.#o.revisions.get(row.revision);
    return {
      name: row.name,
      type: row.own === 1 ? 'own' : row.type,
      path: row.type === 'folder' && row.own === 0 ? row.location : null,
      url: row.type === 'git' ? withoutPassword(row.location) : null,
      ref: row.ref,
      revision: current?.revision ?? null,
      seen_revision: row.seen_revision,
      problems: JSON.parse(row.problems),
      error: row.error,
      tasks: Object.keys(current?.definitions.tasks ?? {}).length,
      triggers: Object.keys(current?.definitions.triggers ?? {}).length,
      checked_at: row.checked_at === null ? null : new Date(row.checked_at).toISOString(),
      created_at: new Date(row.created_at).toISOString(),
    };
  }

  #rows(): Row[] {
    return this.#o.db.prepare<[], Row>('SELECT * FROM workspaces ORDER BY name').all();
  }

  #find(name: string): Row | null {
    return this.#o.db.prepare<[string], Row>('SELECT * FROM workspaces WHERE name = ?').get(name) ?? null;
  }

  #row(name: string): Row {
    const row = this.#find(name);
    if (row === null) throw new ToruError('not_found', `There is no workspace “${name}”. See: toru workspace list`);
    return row;
  }

  #audit(event: string, caller: Caller, target: string, detail: Record<string, unknown>): void {
    this.#o.audit.record({ event, caller, target, outcome: 'ok', detail });
  }
}

function ownIsMade(name: string): ToruError {
  return new ToruError('conflict', `“${name}” is made of the schedules and chains of quick actions. Remove those.`);
}

/** @returns the path or address. @throws ToruError bad_request */
function locationOf(asked: WorkspaceCreate): string {
  if (asked.type === 'git') {
    checkGit(asked);
    return asked.url;
  }
  rootOf(asked.path);
  return asked.path;
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
