import { createHash, randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { MAX_SCRIPT_CHARS, SCRIPT_VERSIONS } from '../../shared/limits.ts';
import type { ScriptText, ScriptVersion, ScriptWrite } from '../../shared/scripts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { adminLately, authorize } from '../users/permissions.ts';
import { reach, requireFolder } from './folder.ts';
import { headerAction } from './header-action.ts';
import { resolveScript } from './resolve.ts';

const STEPS = [
  `CREATE TABLE scripts_versions (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    script TEXT NOT NULL,
    content TEXT NOT NULL,
    replaced_at INTEGER NOT NULL,
    user TEXT NOT NULL
  ) STRICT;
  CREATE INDEX scripts_versions_by_script ON scripts_versions (script, version);`,
];

interface ScriptTextsOptions {
  db: Database;
  settings: { readonly scripts_dir: string };
  audit: Pick<Audit, 'record'>;
}

/** The texts of scripts, read and written by admins. What is written runs as the agent's user: it needs a password typed lately. */
export class ScriptTexts {
  readonly #db: Database;
  readonly #settings: ScriptTextsOptions['settings'];
  readonly #audit: ScriptTextsOptions['audit'];
  /** Writes are one after another: what is compared with the disk is what is replaced. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ db, settings, audit }: ScriptTextsOptions) {
    this.#db = db;
    this.#settings = settings;
    this.#audit = audit;
    ownTables(db, 'scripts', STEPS);
  }

  /** @throws ToruError as `resolveScript`, but for what may not be run yet; too_large, unsupported_media_type for what is no text. */
  async read(name: string): Promise<ScriptText> {
    return this.#shown(name, await textOf(await this.#path(name)));
  }

  /** @throws ToruError not_found */
  version(name: string, version: number): { content: string } {
    const found = this.#db
      .prepare<[string, number], { content: string }>('SELECT content FROM scripts_versions WHERE script = ? AND version = ?')
      .get(name, version);
    if (found === undefined) throw new ToruError('not_found', 'This version is not kept any more. The last ten are.');
    return found;
  }

  /**
   * Writes a script, in one step: who starts it in this moment has the old or the new one. The text before is kept as a version.
   * @throws ToruError reauth_required; conflict when it is not the text that was edited; as `read`.
   */
  write(caller: Caller, change: ScriptWrite): Promise<ScriptText> {
    authorize(caller, adminLately);
    const written = this.#writing.then(() => this.#write(caller, change));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #write(caller: Caller, { name, content, sha256 }: ScriptWrite): Promise<ScriptText> {
    if (/[\0\p{Surrogate}]/u.test(content))
      throw new ToruError('bad_request', 'A script is a text: it holds a NUL or half a character.', { extra: { field: 'content' } });
    const path = sha256 === null ? await this.#newPath(name) : await this.#path(name);
    const before = sha256 === null ? null : await textOf(path);
    if (before !== null && hashOf(before) !== sha256)
      throw new ToruError('conflict', 'The script was changed on the host since you opened it. Reload it, then make your change again.');
    if (before !== content) {
      await replace(path, content, before === null ? 0o700 : (await stat(path)).mode & 0o777);
      if (before !== null) this.#keep(name, before, caller);
      const detail = { created: before === null, size: Buffer.byteLength(content), sha256: hashOf(content) };
      this.#audit.record({ event: 'script.write', caller, target: name, outcome: 'ok', detail });
    }
    return this.#shown(name, content);
  }

  #shown(name: string, content: string): ScriptText {
    const { action, problem } = headerAction(content);
    return { name, content, sha256: hashOf(content), action, action_problem: problem, versions: this.#versions(name) };
  }

  #versions(name: string): ScriptVersion[] {
    return this.#db
      .prepare<[string, number], { version: number; replaced_at: number; user: string; size: number }>(
        `SELECT version, replaced_at, user, length(CAST(content AS BLOB)) AS size FROM scripts_versions WHERE script = ?
         ORDER BY version DESC LIMIT ?`,
      )
      .all(name, SCRIPT_VERSIONS)
      .map((row) => ({ ...row, replaced_at: new Date(row.replaced_at).toISOString() }));
  }

  #keep(name: string, content: string, { username }: Caller): void {
    this.#db.transaction(() => {
      this.#db
        .prepare('INSERT INTO scripts_versions (script, content, replaced_at, user) VALUES (?, ?, ?, ?)')
        .run(name, content, Date.now(), username);
      this.#db
        .prepare(
          `DELETE FROM scripts_versions WHERE script = @name AND version NOT IN
           (SELECT version FROM scripts_versions WHERE script = @name ORDER BY version DESC LIMIT @most)`,
        )
        .run({ name, most: SCRIPT_VERSIONS });
    })();
  }

  /** The file itself, links followed. */
  async #path(name: string): Promise<string> {
    const { scripts_dir } = this.#settings;
    try {
      return realpathSync.native(await resolveScript(scripts_dir, name));
    } catch (error) {
      // The last thing that is looked at: everything else about it is in order.
      if (!(error instanceof ToruError) || error.code !== 'script_not_executable') throw error;
      return realpathSync.native(join(requireFolder(scripts_dir), name));
    }
  }

  /** Where a new script goes: into the folder or one below it that is there, by a plain name. */
  async #newPath(name: string): Promise<string> {
    const { scripts_dir } = this.#settings;
    const wrong = (message: string): ToruError => new ToruError('bad_request', message, { extra: { field: 'name' } });
    const parts = name.split('/');
    if (parts.some((part) => !/^[\p{L}\p{N}_][\p{L}\p{N}_. +-]{0,99}$/u.test(part)))
      throw wrong('A script’s name has letters, digits, “_”, “-” and “.”, and begins with a letter or digit.');
    await reach(scripts_dir);
    await mkdir(scripts_dir, { recursive: true, mode: 0o755 });
    const root = requireFolder(scripts_dir);
    const folder = await stat(join(root, dirname(name))).catch(() => null);
    if (folder === null || !folder.isDirectory())
      throw wrong(`There is no folder “${dirname(name)}” in the scripts folder. Make it on the host first.`);
    const real = realpathSync.native(join(root, dirname(name)));
    if (real !== root && !real.startsWith(root + sep))
      throw new ToruError('script_outside', `“${name.slice(0, 80)}” leads out of the scripts folder.`);
    const path = join(real, basename(name));
    if ((await lstat(path).catch(() => null)) !== null)
      throw new ToruError('conflict', `There is a script “${name}” already. Choose another name, or edit that one.`, {
        extra: { field: 'name' },
      });
    return path;
  }
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

async function textOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_SCRIPT_CHARS * 3) throw tooLarge();
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ToruError('unsupported_media_type', 'This is no text in UTF-8, so it can’t be shown here.', { cause });
  }
  if (text.includes('\0')) throw new ToruError('unsupported_media_type', 'This is a program, not a text.');
  if (text.length > MAX_SCRIPT_CHARS) throw tooLarge();
  return text;
}

function tooLarge(): ToruError {
  return new ToruError('too_large', `A script of more than ${MAX_SCRIPT_CHARS / 1024} KiB is not shown here. Edit it on the host.`);
}

/** Another file takes the place of the one that is there, with its rights. */
async function replace(path: string, content: string, mode: number): Promise<void> {
  const draft = join(dirname(path), `.toru-${randomUUID()}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
