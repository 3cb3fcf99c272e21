import { randomUUID } from 'node:crypto';
import { type Dirent, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { fileProblem, type InputOf, type InputValues } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { UPLOAD_WAITS_MS, USER_UPLOAD_BYTES, USER_UPLOADS } from '../../shared/limits.ts';
import type { Upload, UploadQuery } from '../../shared/uploads.ts';
import type { Actions } from '../actions/actions.ts';
import { inBackground } from '../background.ts';
import type { Log } from '../logger.ts';
import type { Database } from '../store/database.ts';
import { checkDisk, isDiskFull } from '../store/disk.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { fileNameOf } from './file-name.ts';

const STEPS = [
  `CREATE TABLE uploads_files (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    action TEXT NOT NULL,
    input TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The run that has it; null while no press has named it.
    task_id TEXT
  ) STRICT;
  CREATE INDEX uploads_files_by_run ON uploads_files (task_id);`,
];
/** So often files are looked for that no press has named in time. */
const SWEEP_MS = 60_000;

interface UploadRow extends Upload {
  user_id: string;
  action: string;
  input: string;
  created_at: number;
  task_id: string | null;
}

interface UploadsOptions {
  db: Database;
  /** TORU_HOME: a file lies in `uploads/<id>/<name>` below it. */
  home: string;
  actions: Pick<Actions, 'usable'>;
  log: Pick<Log, 'warn'>;
  now?: () => number;
}

/**
 * Files for the inputs of presses. A file is stored when it was sent, belongs to whoever sent it and to one input of one action, and is
 * for one press: the run that gets it keeps it until its end. What no press names in time, or a refused one names, goes.
 */
export class Uploads {
  readonly #db: Database;
  readonly #home: string;
  readonly #folder: string;
  readonly #actions: UploadsOptions['actions'];
  readonly #log: UploadsOptions['log'];
  readonly #now: () => number;
  /** What is being received: its room is taken before it is there. */
  readonly #coming = new Map<string, { user_id: string; bytes: number }>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ db, home, actions, log, now = Date.now }: UploadsOptions) {
    this.#db = db;
    this.#home = home;
    this.#folder = join(home, 'uploads');
    this.#actions = actions;
    this.#log = log;
    this.#now = now;
    ownTables(db, 'uploads', STEPS);
  }

  /**
   * Stores a file for one press. @param body its bytes; null for an empty file.
   * @throws ToruError unknown_action, input_undeclared, input_invalid, input_too_large, busy, disk_full
   */
  async receive(
    caller: Caller,
    { action, input: name, name: given }: UploadQuery,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Upload> {
    const input = fileInput(this.#actions.usable(caller, action).inputs, name);
    const file = { id: randomUUID(), name: fileNameOf(given), size: 0 };
    refuse(input, fileProblem(input, file.name, 0));
    checkDisk(this.#home);
    this.#sweep();
    const folder = join(this.#folder, file.id);
    try {
      this.#reserve(caller, file.id, 0);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const handle = await open(join(folder, file.name), 'wx', 0o600);
      try {
        for await (const part of body ?? []) {
          file.size += part.length;
          refuse(input, fileProblem(input, file.name, file.size));
          this.#reserve(caller, file.id, file.size);
          await handle.writeFile(part);
        }
      } finally {
        await handle.close();
      }
      this.#db
        .prepare(
          `INSERT INTO uploads_files (id, user_id, action, input, name, size, created_at, task_id)
           VALUES (@id, @user_id, @action, @input, @name, @size, @created_at, NULL)`,
        )
        .run({ ...file, user_id: caller.user_id, action, input: name, created_at: this.#now() });
      return file;
    } catch (error) {
      this.#remove(file.id);
      if (isDiskFull(error))
        throw new ToruError('disk_full', 'The host’s disk is full: the file was not kept. Free some room, then try again.');
      throw error;
    } finally {
      this.#coming.delete(file.id);
    }
  }

  /** The paths of the files that these answers name, and their names, by input. @throws ToruError input_invalid for what is not there, or not for this. */
  filesOf(
    caller: Caller,
    action: string,
    inputs: readonly ActionInput[],
    values: InputValues,
  ): { paths: InputValues; names: InputValues; ids: string[] } {
    const files: { paths: InputValues; names: InputValues; ids: string[] } = { paths: {}, names: {}, ids: [] };
    for (const { type, name, label } of inputs) {
      const id = values[name];
      if (type !== 'file' || typeof id !== 'string' || id === '') continue;
      const row = this.#row(id);
      const fits =
        row !== undefined && row.user_id === caller.user_id && row.action === action && row.input === name && row.task_id === null;
      if (!fits || files.ids.includes(id))
        throw new ToruError('input_invalid', `“${label}”: the host does not have this file any more. Choose it again.`, {
          extra: { input: name },
        });
      files.paths[name] = join(this.#folder, id, row.name);
      files.names[name] = row.name;
      files.ids.push(id);
    }
    return files;
  }

  /** Within the transaction that makes the run: from now on the files are that run's. @throws ToruError input_invalid when another press was first. */
  claim(ids: readonly string[], taskId: string): void {
    for (const id of ids) {
      const { changes } = this.#db.prepare('UPDATE uploads_files SET task_id = ? WHERE id = ? AND task_id IS NULL').run(taskId, id);
      if (changes === 0) throw new ToruError('input_invalid', 'Another press has this file. Choose it again.');
    }
  }

  /** One's own that no run has: it goes. */
  discard(caller: Caller, ids: readonly unknown[]): void {
    for (const id of ids) {
      const row = typeof id === 'string' ? this.#row(id) : undefined;
      if (row !== undefined && row.user_id === caller.user_id && row.task_id === null) this.#remove(row.id);
    }
  }

  /** The run has ended. */
  release(taskId: string): void {
    for (const id of this.#db.prepare<[string], string>('SELECT id FROM uploads_files WHERE task_id = ?').pluck().all(taskId))
      this.#remove(id);
  }

  /** At boot: what a run that is under way has stays, and everything else that an earlier agent left goes. */
  recover(isOpen: (taskId: string) => boolean): void {
    const rows = this.#db.prepare<[], UploadRow>('SELECT * FROM uploads_files').all();
    for (const { id, task_id } of rows) if (task_id !== null && !isOpen(task_id)) this.#remove(id);
    const known = new Set(rows.map(({ id }) => id));
    for (const { name } of entriesOf(this.#folder))
      if (!known.has(name)) rmSync(join(this.#folder, name), { recursive: true, force: true });
    const sweep = inBackground('files that no press named could not be removed', this.#log, () => this.#sweep());
    sweep();
    this.#timer ??= setInterval(sweep, SWEEP_MS).unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Room for a file that is coming, beside those that began before it. @throws ToruError busy */
  #reserve({ user_id }: Caller, id: string, bytes: number): void {
    this.#coming.set(id, { user_id, bytes });
    const own = [...this.#coming].filter(([, one]) => one.user_id === user_id);
    const coming = own.slice(0, own.findIndex(([other]) => other === id) + 1).map(([, one]) => one);
    const stored = this.#db
      .prepare<[string], { files: number; bytes: number }>(
        'SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM uploads_files WHERE user_id = ? AND task_id IS NULL',
      )
      .get(user_id) ?? { files: 0, bytes: 0 };
    const total = coming.reduce((sum, one) => sum + one.bytes, stored.bytes);
    if (stored.files + coming.length <= USER_UPLOADS && total <= USER_UPLOAD_BYTES) return;
    throw new ToruError('busy', 'You have sent too many files that no press has used yet. They go after ten minutes: try again then.');
  }

  #row(id: string): UploadRow | undefined {
    return this.#db.prepare<[string], UploadRow>('SELECT * FROM uploads_files WHERE id = ?').get(id);
  }

  #sweep(): void {
    const before = this.#now() - UPLOAD_WAITS_MS;
    const late = this.#db
      .prepare<[number], string>('SELECT id FROM uploads_files WHERE task_id IS NULL AND created_at < ?')
      .pluck()
      .all(before);
    for (const id of late) this.#remove(id);
  }

  /** The file first: a row without a file is looked at again, a file without a row only at the next boot. */
  #remove(id: string): void {
    rmSync(join(this.#folder, id), { recursive: true, force: true });
    this.#db.prepare('DELETE FROM uploads_files WHERE id = ?').run(id);
  }
}

function fileInput(inputs: readonly ActionInput[], name: string): InputOf<'file'> {
  const input = inputs.find((one) => one.name === name);
  if (input?.type === 'file') return input;
  throw new ToruError('input_undeclared', `This action asks for no file “${name}”.`, { extra: { input: name } });
}

function refuse(input: InputOf<'file'>, problem: string | null): void {
  if (problem === null) return;
  const code = problem.includes('larger') ? 'input_too_large' : 'input_invalid';
  throw new ToruError(code, problem, { extra: { input: input.name } });
}

function entriesOf(folder: string): Dirent[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder, { withFileTypes: true });
}
