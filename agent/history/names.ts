import type { Statement } from 'better-sqlite3';
import type { Database } from '../store/database.ts';
import type { HistoryCursor } from './cursor.ts';

/** Shorter than three characters, a text has no trigram. */
export const MIN_INDEXED_CHARS = 3;
/** In more texts than this a word is no help: walking the runs finds it as soon. */
const MAX_TEXTS = 2000;
/** Runs of one text that are read at a time. */
const BATCH = 50;

/** The columns that a client may know of its runs. */
const CLIENT_COLUMNS = '{label username action inputs note}';

interface Place extends HistoryCursor {
  text: number;
}

/** The full-text index over names, inputs, arguments and notes, which triggers keep in step with `task_history` (history-tables.ts). */
export class Names {
  readonly #texts: Statement<[string, number], number>;
  readonly #all: Statement<[Values], Place>;
  readonly #own: Statement<[Values & { owner: string }], Place>;

  constructor(db: Database) {
    this.#texts = db
      .prepare<[string, number], number>('SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid DESC LIMIT ?')
      .pluck();
    const runs = (owner: string): string => `
      SELECT task_id, created_at, search_text AS text FROM task_history
      WHERE search_text = @text AND (created_at, task_id) < (@created_at, @task_id) ${owner}
      ORDER BY created_at DESC, task_id DESC LIMIT ${BATCH}`;
    this.#all = db.prepare(runs(''));
    this.#own = db.prepare(runs('AND user_id = @owner'));
  }

  /**
   * The texts in which `query` stands. What was typed is quoted: nothing of it is syntax to FTS5.
   * @param owner a client's id; their search knows only what they may see. @returns null when there are more than `most`.
   */
  texts(query: string, owner: string | null, most: number = MAX_TEXTS): number[] | null {
    // No text holds one, and to FTS5 it ends the query, before its closing quote.
    if (query.includes('\0')) return [];
    const phrase = `"${query.replaceAll('"', '""')}"`;
    const found = this.#texts.all(owner === null ? phrase : `${CLIENT_COLUMNS} : ${phrase}`, most + 1);
    return found.length > most ? null : found;
  }

  /**
   * The runs of these texts, newest first, from a run on. Each step is one short query.
   * @param owner only this user's runs; null = everybody's.
   */
  *runs(texts: readonly number[], owner: string | null, from: HistoryCursor): Generator<HistoryCursor | null, void, undefined> {
    // A queue per text, the newest of all taken each time, and filled up when empty.
    const queues: Place[][] = [];
    for (const text of texts) {
      const queue = this.#batch(text, owner, from);
      if (queue.length > 0) queues.push(queue);
      yield null;
    }
    for (;;) {
      const newest = queues.reduce<Place[] | null>((best, queue) => (best === null || isNewer(queue[0], best[0]) ? queue : best), null);
      const place = newest?.shift();
      if (newest === null || place === undefined) return;
      if (newest.length === 0) newest.push(...this.#batch(place.text, owner, place));
      if (newest.length === 0) queues.splice(queues.indexOf(newest), 1);
      yield place;
    }
  }

  #batch(text: number, owner: string | null, { created_at, task_id }: HistoryCursor): Place[] {
    const values = { text, created_at, task_id };
    return owner === null ? this.#all.all(values) : this.#own.all({ ...values, owner });
  }
}

type Values = HistoryCursor & { text: number };

function isNewer(one: HistoryCursor | undefined, other: HistoryCursor | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.created_at !== other.created_at ? one.created_at > other.created_at : one.task_id > other.task_id;
}
