import type { Statement } from 'better-sqlite3';
import type { List } from '../../shared/api.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../shared/limits.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { HistoryCursor, Place } from './cursor.ts';
import { decodePlace, encodePlace } from './cursor.ts';
import { HISTORY_STEPS } from './history-tables.ts';
import type { HistoryQuery, RunsFilter, Values } from './list-query.ts';
import { listSql, passes, placeOf, scans, textOf } from './list-query.ts';
import { MIN_INDEXED_CHARS, Names } from './names.ts';
import type { Ending, RunRow, StoredRun } from './run-row.ts';
import { rowOf, storedOf } from './run-row.ts';

const COLUMNS = [
  'task_id',
  'user_id',
  'username',
  'action',
  'action_revision',
  'label',
  'script',
  'args',
  'inputs',
  'source',
  'address',
  'state',
  'reason',
  'exit_code',
  'signal',
  'created_at',
  'started_at',
  'ended_at',
  'output_bytes',
  'stdin',
  'tty',
  'timeout_s',
  'stop_signal',
  'grace_s',
  'seal',
  'cancel_requested_at',
  'request_id',
  'request_hash',
  'note',
] as const satisfies readonly (keyof StoredRun)[];

const OPEN = `state IN ('queued', 'starting', 'running')`;

/**
 * A filter that no index answers (a username, a text that is short or everywhere) is applied to so many runs at a time, about
 * 15 ms of work: the agent has other things to do meanwhile. The next cursor goes on from there, also when nothing was found yet.
 */
const SCAN_ROWS = 8000;
/** One user's runs lie apart in the table: looking at each costs three times as much. */
const OWN_SCAN_ROWS = 2000;
/** A word in more texts than this is found faster by looking at run after run. */
const FEW_TEXTS = 500;
/** So many runs of the texts that were found are looked at for the other filters. */
const NAMED_RUNS = 1500;
/** Runs that a walk over the history reads at a time: some 5 ms of work. */
const WALK_ROWS = 500;
const NEWEST: HistoryCursor = { created_at: Number.MAX_SAFE_INTEGER, task_id: '' };

/** The table `task_history`: the journal of every run, before it starts until it is forgotten. */
export class History {
  readonly #db: Database;
  readonly #names: Names;
  readonly #scanRows: number | null;
  readonly #namedRuns: number;
  readonly #insert: Statement<[StoredRun]>;
  readonly #get: Statement<[string], StoredRun>;
  readonly #byRequest: Statement<[string, string], StoredRun>;
  readonly #start: Statement<[number, string | null, string]>;
  readonly #cancel: Statement<[number, string]>;
  readonly #end: Statement<[Ending & { task_id: string }]>;
  readonly #note: Statement<[string, string]>;

  constructor(db: Database, options: { scanRows?: number; namedRuns?: number } = {}) {
    this.#db = db;
    ownTables(db, 'history', HISTORY_STEPS);
    this.#names = new Names(db);
    this.#namedRuns = options.namedRuns ?? NAMED_RUNS;
    this.#scanRows = options.scanRows ?? null;
    this.#insert = db.prepare(`INSERT INTO task_history (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `@${name}`).join(', ')})`);
    this.#get = db.prepare('SELECT * FROM task_history WHERE task_id = ?');
    this.#byRequest = db.prepare('SELECT * FROM task_history WHERE user_id = ? AND request_id = ?');
    this.#start = db.prepare(`UPDATE task_history SET state = 'starting', started_at = ?, seal = ? WHERE task_id = ? AND state = 'queued'`);
    this.#cancel = db.prepare(
      `UPDATE task_history SET cancel_requested_at = ? WHERE task_id = ? AND cancel_requested_at IS NULL AND ${OPEN}`,
    );
    this.#end = db.prepare(
      `UPDATE task_history SET state = @state, reason = @reason, exit_code = @exit_code, signal = @signal, ended_at = @ended_at,
         output_bytes = @output_bytes WHERE task_id = @task_id AND ${OPEN}`,
    );
    this.#note = db.prepare('UPDATE task_history SET note = ? WHERE task_id = ?');
  }

  /** @throws when (user_id, request_id) is taken. */
  insert(row: RunRow): void {
    this.#insert.run(storedOf(row));
  }

  /** A queued run is about to start. @param seal as in its row; a token that it had before a restart is gone. */
  start(taskId: string, at: number, seal: string | null): void {
    this.#start.run(at, seal, taskId);
  }

  /** Kept over a restart: whoever takes the run up again goes on stopping it. */
  requestCancel(taskId: string, at: number): void {
    this.#cancel.run(at, taskId);
  }

  /** Closes an open run. What is closed stays as it is. */
  end(taskId: string, ending: Ending): void {
    this.#end.run({ task_id: taskId, ...ending });
  }

  /** The note on a run, open or closed; '' = nothing. */
  annotate(taskId: string, note: string): void {
    this.#note.run(note, taskId);
  }

  get(taskId: string): RunRow | null {
    const stored = this.#get.get(taskId);
    return stored === undefined ? null : rowOf(stored);
  }

  byRequest(userId: string, requestId: string): RunRow | null {
    const stored = this.#byRequest.get(userId, requestId);
    return stored === undefined ? null : rowOf(stored);
  }

  /** Runs that have not ended, oldest first: what a restart looks at. */
  open(): RunRow[] {
    return this.#db.prepare<[], StoredRun>(`SELECT * FROM task_history WHERE ${OPEN} ORDER BY created_at, rowid`).all().map(rowOf);
  }

  /**
   * Newest first, or the longest. A search of a very long history comes in parts: a page may hold less than `limit`, or nothing,
   * and still have a `next_cursor`.
   * @param owner only this user's runs; null = everybody's. It stands in the SQL itself, beside the search and the cursor.
   * @throws ToruError bad_cursor
   */
  list(query: HistoryQuery, owner: string | null): List<RunRow> {
    const { items, next_cursor } = this.#page(query, owner, Math.min(query.limit ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE));
    return { items: items.map(rowOf), next_cursor };
  }

  /** All runs that are meant, newest first, a page at a time: between two pages the event loop has its turn. @param owner as of `list`. */
  async *walk(filter: RunsFilter, owner: string | null): AsyncGenerator<RunRow[], void, undefined> {
    for (let cursor: string | undefined; ; ) {
      const { items, next_cursor }: List<StoredRun> = this.#page({ ...filter, cursor }, owner, WALK_ROWS);
      if (items.length > 0) yield items.map(rowOf);
      if (next_cursor === null) return;
      cursor = next_cursor;
      await new Promise((next) => setImmediate(next));
    }
  }

  #page(query: HistoryQuery, owner: string | null, limit: number): List<StoredRun> {
    const q = textOf(query);
    const sort = query.sort ?? 'newest';
    const indexed = sort === 'newest' && Array.from(q).length >= MIN_INDEXED_CHARS;
    const texts = indexed ? this.#names.texts(q, owner, FEW_TEXTS) : null;
    if (texts !== null) return this.#named(texts, query, owner, limit);
    const last = scans(query, owner) ? this.#scanEnd(query, owner) : null;
    const { sql, values } = listSql(query, owner, limit + 1, last);
    const rows = this.#db.prepare<[Values], StoredRun>(sql).all(values);
    const items = rows.slice(0, limit);
    const newest = items.at(-1);
    const next = rows.length > limit && newest !== undefined ? placeOf(newest, sort) : last;
    return { items, next_cursor: next === null ? null : encodePlace(next, sort) };
  }

  /** The runs of these texts, found by the index: nothing but the other filters is left to look at. */
  #named(texts: readonly number[], query: HistoryQuery, owner: string | null, limit: number): List<StoredRun> {
    const items: StoredRun[] = [];
    let at: Place =
      query.cursor === undefined ? { at: query.until ?? NEWEST.created_at, task_id: '' } : decodePlace(query.cursor, 'newest');
    let seen = 0;
    for (const place of this.#names.runs(texts, owner, { created_at: at.at, task_id: at.task_id })) {
      if (place === null) continue;
      if (query.since !== undefined && place.created_at < query.since) break;
      if (items.length >= limit || seen >= this.#namedRuns) return { items, next_cursor: encodePlace(at, 'newest') };
      seen += 1;
      at = { at: place.created_at, task_id: place.task_id };
      const stored = this.#get.get(place.task_id);
      if (stored !== undefined && passes(stored, query)) items.push(stored);
    }
    return { items, next_cursor: null };
  }

  /** The last run that this part of a search looks at; null when it reaches the end. */
  #scanEnd({ cursor, since, until, sort = 'newest' }: HistoryQuery, owner: string | null): Place | null {
    // By duration, the index knows neither whose a run is nor when it was.
    const [bounds, whose] = sort === 'newest' ? [{ cursor, since, until }, owner] : [{ cursor, sort }, null];
    const { sql, values } = listSql(bounds, whose, 1, null, 'created_at, task_id, started_at, ended_at');
    const found = this.#db
      .prepare<[Values], Pick<StoredRun, 'created_at' | 'task_id' | 'started_at' | 'ended_at'>>(`${sql} OFFSET @skip`)
      .get({ ...values, skip: this.#scanRows ?? (owner === null && sort === 'newest' ? SCAN_ROWS : OWN_SCAN_ROWS) });
    return found === undefined ? null : placeOf(found, sort);
  }

  /** The newest runs of an action that have ended. @param owner as of `list`. */
  ended(
    action: string,
    owner: string | null,
    limit: number,
  ): Pick<StoredRun, 'task_id' | 'state' | 'exit_code' | 'created_at' | 'started_at' | 'ended_at'>[] {
    const whose = owner === null ? '' : 'AND user_id = @owner';
    return this.#db
      .prepare<[Values], StoredRun>(
        `SELECT task_id, state, exit_code, created_at, started_at, ended_at FROM task_history WHERE action = @action ${whose}
           AND NOT (${OPEN}) ORDER BY created_at DESC, task_id DESC LIMIT @limit`,
      )
      .all({ action, limit, ...(owner === null ? {} : { owner }) });
  }

  /** A run left results of so many bytes. */
  keepArtifacts(taskId: string, bytes: number): void {
    this.#db.prepare('UPDATE task_history SET artifact_bytes = ? WHERE task_id = ?').run(bytes, taskId);
  }

  /** How much room each run's output and results take, newest first. @param before only what is older; null = from the newest. */
  sizes(before: HistoryCursor | null, limit: number): (HistoryCursor & { bytes: number })[] {
    const { created_at, task_id } = before ?? NEWEST;
    return this.#db
      .prepare<[number, string, number], HistoryCursor & { bytes: number }>(
        `SELECT created_at, task_id, coalesce(disk_bytes, output_bytes) + artifact_bytes AS bytes FROM task_history WHERE (created_at, task_id) < (?, ?)
           ORDER BY created_at DESC, task_id DESC LIMIT ?`,
      )
      .all(created_at, task_id, limit);
  }

  /**
   * Ended runs whose output nobody has tried to compress yet, in the order of their ends; those that printed little are none.
   * @param after only what ended later; null = from the first. @param until ms since 1970.
   */
  uncompressed(after: Uncompressed | null, until: number, limit: number): Uncompressed[] {
    return this.#db
      .prepare<[number, string, number, number], Uncompressed>(
        `SELECT ended_at, task_id FROM task_history WHERE disk_bytes IS NULL AND output_bytes >= 16384
           AND (ended_at, task_id) > (?, ?) AND ended_at <= ? ORDER BY ended_at, task_id LIMIT ?`,
      )
      .all(after?.ended_at ?? 0, after?.task_id ?? '', until, limit);
  }

  /** How much room a run's output takes, now that it is compressed as far as it can be. */
  setDiskBytes(taskId: string, bytes: number): void {
    this.#db.prepare('UPDATE task_history SET disk_bytes = ? WHERE task_id = ?').run(bytes, taskId);
  }

  /** Ended runs up to and with this place in the history, oldest first. */
  endedUpTo(newest: HistoryCursor, limit: number): string[] {
    return this.#db
      .prepare<[number, string, number], string>(
        `SELECT task_id FROM task_history WHERE (created_at, task_id) <= (?, ?) AND NOT (${OPEN}) ORDER BY created_at, task_id LIMIT ?`,
      )
      .pluck()
      .all(newest.created_at, newest.task_id, limit);
  }

  remove(taskIds: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM task_history WHERE task_id = ?');
    this.#db.transaction(() => {
      for (const id of taskIds) remove.run(id);
    })();
  }
}

/** A run whose output may be compressed. */
export interface Uncompressed {
  ended_at: number;
  task_id: string;
}
