import { createHash } from 'node:crypto';
import type { FSWatcher } from 'node:fs';
import { existsSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { List } from '../../shared/api.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import type { DeployKey, HostKey, Problem, Workspace, WorkspaceCreate, WorkspacePatch } from '../../shared/workflows.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { DeployKeys, serverOf } from './deploy-key.ts';
import { checkedOut, checkGit, commitOf, removeFiles } from './git-workspace.ts';
import type { Around } from './language/draft.ts';
import type { Library } from './language/import-library.ts';
import { copyOfLibrary } from './library-folder.ts';
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
  /** 1: what it defines is for workspaces, as `name.item`. */
  library: 0 | 1;
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
  readonly keys: DeployKeys;
  readonly #o: WorkspacesOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #settling = new Map<string, NodeJS.Timeout>();
  /** Looks that are under way, and what ends them. */
  readonly #looking = new Map<string, { look: Promise<void>; stop: AbortController }>();
  /** The libraries that each names. */
  readonly #uses = new Map<string, readonly string[]>();
  #timer: NodeJS.Timeout | null = null;
  #closed = true;

  constructor(options: WorkspacesOptions) {
    this.#o = options;
    this.keys = new DeployKeys(options.home);
  }

  /** Begins to watch. @returns when each has been looked at once. */
  async start(): Promise<void> {
    this.#closed = false;
    const rows = this.#rows();
    for (const row of rows) this.#watch(row);
    if (rows.length > 0) this.#lookLater();
    for (const library of [1, 0]) await Promise.all(rows.flatMap((row) => (row.library === library ? [this.look(row.name)] : [])));
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
    for (const { stop } of this.#looking.values()) stop.abort();
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
    const { revision, library } = this.#row(name);
    // The tasks of a library belong to those who use it.
    return revision === null || library === 1 ? null : this.#o.revisions.get(revision);
  }

  /** The good revision of a workspace or a library. @throws ToruError not_found, conflict when there never was one */
  good(name: string): Revision {
    const { revision, own } = this.#row(name);
    if (own === 1) throw ownIsMade(name);
    if (revision !== null) return this.#o.revisions.get(revision);
    throw new ToruError('conflict', `“${name}” has no good revision yet. See what is wrong with it: toru workspace list`);
  }

  /** All that have a good revision. */
  allCurrent(): Revision[] {
    return this.#rows().flatMap(({ revision, library }) => (revision === null || library === 1 ? [] : [this.#o.revisions.get(revision)]));
  }

  /** @throws ToruError bad_request, conflict */
  async create(caller: Caller, asked: WorkspaceCreate): Promise<Workspace> {
    const location = locationOf(asked);
    const ref = asked.type === 'git' ? (asked.ref ?? null) : null;
    const made = this.#o.db
      .prepare('INSERT INTO workspaces (name, type, location, ref, library, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(asked.name, asked.type, location, ref, asked.library === true ? 1 : 0, Date.now());
    if (made.changes === 0)
      throw new ToruError('conflict', `There is a workspace “${asked.name}” already. Choose another name.`, { extra: { field: 'name' } });
    this.#audit('workspace.create', caller, asked.name, {
      type: asked.type,
      location,
      ...(asked.library === true ? { library: true } : {}),
    });
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
    this.#stopLooking(name);
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
    this.#stopLooking(name);
    this.#tidy(name, null);
    this.keys.remove(name);
    this.#audit('workspace.remove', caller, name, {});
  }

  /** The key of a workspace from git. @returns null when it has none. @throws ToruError not_found */
  key(name: string): DeployKey | null {
    this.#row(name);
    return this.keys.get(name);
  }

  /** @throws ToruError not_found, bad_request where ssh has nothing to do with it */
  makeKey(caller: Caller, name: string): DeployKey {
    const { location } = this.#row(name);
    if (serverOf(location) === null)
      throw new ToruError('bad_request', 'A deploy key is for a workspace from git by ssh, such as git@github.com:me/workflows.git.');
    const known = this.keys.get(name);
    const made = this.keys.make(name);
    if (known === null) this.#audit('workspace.key', caller, name, { fingerprint: made.fingerprint });
    return made;
  }

  /** @throws ToruError not_found */
  removeKey(caller: Caller, name: string): void {
    this.#row(name);
    this.keys.remove(name);
    this.#audit('workspace.key_remove', caller, name, {});
  }

  /** The server's keys as it shows them, or the one with this fingerprint trusted. @throws ToruError not_found, bad_request, conflict */
  async hostKeys(caller: Caller, name: string, fingerprint: string | undefined): Promise<HostKey[]> {
    const { location } = this.#row(name);
    if (fingerprint === undefined) return this.keys.scan(location);
    const { trusted } = await this.keys.trust(name, location, fingerprint);
    this.#audit('workspace.trust', caller, name, { fingerprint });
    await this.#lookPatiently(name);
    return trusted;
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
    if (known !== undefined) return known.look;
    const stop = new AbortController();
    const look = this.#look(name, stop.signal)
      .catch((error: unknown) => this.#o.log.error({ err: error, workspace: name }, 'a workspace could not be looked at'))
      .finally(() => this.#looking.delete(name));
    this.#looking.set(name, { look, stop });
    return look;
  }

  /** What is being read is of no use any more. A server that says nothing would have it wait for minutes. */
  #stopLooking(name: string): void {
    this.#looking.get(name)?.stop.abort();
  }

  async #look(name: string, signal: AbortSignal): Promise<void> {
    const { db, revisions, changed } = this.#o;
    const row = this.#row(name);
    if (row.own === 1) return;
    const at = Date.now();
    try {
      const { folder, revision, definitions, problems, uses } = await this.#readNow(row, signal);
      this.#uses.set(name, uses);
      if (this.#closed || signal.aborted || this.#find(name) === null) return;
      const isOther = db.transaction(() => {
        db.prepare('UPDATE workspaces SET seen_revision = ?, problems = ?, error = NULL, checked_at = ? WHERE name = ?').run(
          revision,
          JSON.stringify(problems satisfies Problem[]),
          at,
          name,
        );
        const before = row.revision === null ? null : revisions.get(row.revision);
        if (definitions === null || (before?.revision === revision && before.folder === folder)) return false;
        const id = revisions.put({ workspace: name, revision, folder, definitions });
        db.prepare('UPDATE workspaces SET revision = ? WHERE name = ?').run(id, name);
        revisions.prune();
        if (row.library === 0) changed(name, revisions.get(id));
        return true;
      })();
      this.#tidy(name, folder);
      if (isOther) this.#lookAtUsers(name);
    } catch (error) {
      if (this.#closed || signal.aborted) return;
      const { code, message } = toToruError(error);
      if (code === 'internal') this.#o.log.error({ err: error, workspace: name }, 'a workspace could not be read');
      db.prepare('UPDATE workspaces SET error = ?, checked_at = ? WHERE name = ?').run(message, at, name);
    }
  }

  /** Its files as they are now, and where they lie. @throws ToruError bad_request */
  async #readNow(row: Row, signal: AbortSignal): Promise<ReadFolder & { folder: string }> {
    const around = this.#around(row);
    const found = await this.#filesOf(row, signal);
    const read = await readFolder(found.folder, around);
    return { ...read, folder: found.folder, revision: revisionWith(found.revision ?? read.revision, read.definitions?.libraries ?? {}) };
  }

  /** @param revision null: that of its definitions. */
  async #filesOf({ name, type, location, ref, library }: Row, signal: AbortSignal): Promise<{ folder: string; revision: string | null }> {
    if (type === 'folder')
      return library === 1 ? copyOfLibrary(location, this.#folderOf(name)) : { folder: rootOf(location), revision: null };
    const how = { env: this.keys.environmentOf(name), signal };
    const commit = await commitOf(location, ref, how);
    return { folder: await checkedOut(this.#folderOf(name), location, ref, commit, how), revision: commit };
  }

  /** The good revisions of all libraries and workspaces but this one. */
  #around({ name, library }: Row): Around {
    const libraries = new Map<string, Library>();
    for (const row of this.#rows()) {
      if (row.revision === null || row.own === 1 || row.name === name || (row.library === 0 && library === 1)) continue;
      const { revision, folder, definitions } = this.#o.revisions.get(row.revision);
      const { secrets, connections, connection_types } = definitions;
      // Two workspaces may name each other: what one has of the other is no part of what it is called there.
      const [own = revision] = revision.split('+');
      const source =
        row.library === 1 ? { revision, folder } : { revision: own, folder, owner: { secrets, connections, connection_types } };
      libraries.set(row.name, { definitions, source });
    }
    const reaches = (from: string, seen: Set<string>): boolean =>
      from === name || [...(this.#uses.get(from) ?? [])].some((next) => !seen.has(next) && reaches(next, seen.add(next)));
    return library === 1 ? { libraries, isLibrary: true, needs: (from) => reaches(from, new Set()) } : { libraries };
  }

  /** Whoever names a library, or a workspace, that is another one now. */
  #lookAtUsers(library: string): void {
    for (const { name } of this.#rows()) {
      if (name === library || this.#uses.get(name)?.includes(library) !== true) continue;
      void this.#lookAgain(name);
    }
  }

  #folderOf(name: string): string {
    return join(this.#o.home, 'workspaces', name);
  }

  /** Takes away what was checked out for jobs that are no more. @param seen the folder that is there now; null: the workspace is gone. */
  #tidy(name: string, seen: string | null): void {
    const folder = this.#folderOf(name);
    if (!existsSync(folder)) return;
    const kept = this.#o.revisions.folders();
    if (seen !== null) kept.add(seen).add(join(folder, 'repository'));
    const left = readdirSync(folder).filter((entry) => !kept.has(join(folder, entry)));
    for (const entry of left) removeFiles(join(folder, entry));
    if (readdirSync(folder).length === 0) removeFiles(folder);
  }

  async #lookPatiently(name: string): Promise<void> {
    await Promise.race([this.#lookAgain(name), sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  /** A look that goes on may have read what was there before a change: another one follows it. */
  async #lookAgain(name: string): Promise<void> {
    await this.#looking.get(name)?.look;
    if (!this.#closed && this.#find(name) !== null) await this.look(name);
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
      library: row.library === 1,
      libraries: Object.entries(current?.definitions.libraries ?? {}).map(([library, { revision }]) => ({ name: library, revision })),
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

/** What a revision is called: another revision of a library makes it another one. */
function revisionWith(own: string, libraries: Readonly<Record<string, { revision: string }>>): string {
  const used = Object.entries(libraries).map(([name, { revision }]) => `${name} ${revision}`);
  if (used.length === 0) return own;
  return `${own}+${createHash('sha256').update(used.sort().join('\n')).digest('hex').slice(0, 8)}`;
}
