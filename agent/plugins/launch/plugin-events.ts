import type { PluginEvent } from '../../../shared/plugins.ts';
import type { Log } from '../../logger.ts';
import type { Database } from '../../store/database.ts';

/** Kept of one plugin. */
const KEEP = 500;

/** What happened to plugins: `plugin_events`. */
export class PluginEvents {
  readonly #db: Database;
  readonly #log: Pick<Log, 'error'>;

  constructor(db: Database, log: Pick<Log, 'error'>) {
    this.#db = db;
    this.#log = log;
  }

  /** Never throws: on a full disk a plugin must still be stopped. */
  record(plugin: string, event: string, detail: Record<string, unknown>): void {
    try {
      this.#db
        .prepare('INSERT INTO plugin_events (plugin_id, event, detail, created_at) VALUES (?, ?, ?, ?)')
        .run(plugin, event, JSON.stringify(detail), Date.now());
      this.#db
        .prepare(
          `DELETE FROM plugin_events WHERE plugin_id = ? AND id <=
             (SELECT id FROM plugin_events WHERE plugin_id = ? ORDER BY id DESC LIMIT 1 OFFSET ${KEEP})`,
        )
        .run(plugin, plugin);
    } catch (error) {
      this.#log.error({ err: error, plugin, event }, 'an event of a plugin could not be written');
    }
  }

  /** Newest first. */
  list(plugin: string, limit: number): PluginEvent[] {
    return this.#db
      .prepare<[string, number], { event: string; detail: string; created_at: number }>(
        'SELECT event, detail, created_at FROM plugin_events WHERE plugin_id = ? ORDER BY id DESC LIMIT ?',
      )
      .all(plugin, limit)
      .map(({ event, detail, created_at }) => ({ time: new Date(created_at).toISOString(), event, detail: JSON.parse(detail) }));
  }

  removeAll(plugin: string): void {
    this.#db.prepare('DELETE FROM plugin_events WHERE plugin_id = ?').run(plugin);
  }
}
