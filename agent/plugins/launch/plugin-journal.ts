import { join } from 'node:path';
import { getOrInsert } from '../../../shared/get-or-insert.ts';
import type { PluginEvent } from '../../../shared/plugins.ts';
import type { Log } from '../../logger.ts';
import type { Database } from '../../store/database.ts';
import { LineLog } from '../services/line-log.ts';

/** Events that tell of something broken, and of something odd. */
const ERRORS = new Set(['crashed', 'hung']);
const WARNINGS = new Set(['refused', 'bad_message', 'changed', 'broken', 'missing', 'orphan_ended']);
/** Of one text: what a plugin or its manifest says may stand in it, and it goes to the table, the page and both logs. */
const MAX_TEXT = 2000;
/** Events kept of one plugin. */
const KEEP = 500;
/** Of the supervisor's own file. */
const SUPERVISOR_LOG = { maxBytes: 5 * 1024 * 1024, keep: 3 };

/** Whatever happens to plugins, told once and kept everywhere: the table `plugin_events`, the supervisor's log, the plugin's own. */
export class PluginJournal {
  readonly #db: Database;
  readonly #log: Pick<Log, 'error'>;
  readonly #folder: string;
  readonly #supervisor: LineLog;
  readonly #logs = new Map<string, LineLog>();

  /** @param logsDir holds `plugins/<id>.log` and `plugin-supervisor.log`. */
  constructor(db: Database, logsDir: string, log: Pick<Log, 'error'>) {
    this.#db = db;
    this.#log = log;
    this.#folder = join(logsDir, 'plugins');
    this.#supervisor = new LineLog(join(logsDir, 'plugin-supervisor.log'), 'supervisor', SUPERVISOR_LOG);
  }

  logOf(plugin: string): LineLog {
    return getOrInsert(this.#logs, plugin, () => new LineLog(join(this.#folder, `${plugin}.log`), plugin));
  }

  /** @param event one word; @param message for a person. */
  note(plugin: string, event: string, message: string, detail: Record<string, unknown> = {}): void {
    const log = this.logOf(plugin);
    const text = log.mask(message).slice(0, MAX_TEXT);
    this.#record(plugin, event, { message: text, ...detail });
    const isError = ERRORS.has(event) || detail['by'] === 'supervisor';
    const level = isError ? 'error' : WARNINGS.has(event) ? 'warn' : 'info';
    const received = level === 'error' ? { message: event, error: text } : { message: `${event}: ${text}` };
    const line = { level, plugin, ...received, source: 'supervisor', fields: { event, ...detail } } as const;
    this.#supervisor.write(line);
    log.write(line);
  }

  /** Of one that is gone: nothing is kept. */
  forget(plugin: string): void {
    this.#db.prepare('DELETE FROM plugin_events WHERE plugin_id = ?').run(plugin);
    this.#logs.get(plugin)?.remove();
    this.#logs.delete(plugin);
  }

  /** Newest first. */
  events(plugin: string, limit: number): PluginEvent[] {
    return this.#db
      .prepare<[string, number], { event: string; detail: string; created_at: number }>(
        'SELECT event, detail, created_at FROM plugin_events WHERE plugin_id = ? ORDER BY id DESC LIMIT ?',
      )
      .all(plugin, limit)
      .map(({ event, detail, created_at }) => ({ time: new Date(created_at).toISOString(), event, detail: JSON.parse(detail) }));
  }

  close(): void {
    this.#supervisor.close();
    for (const log of this.#logs.values()) log.close();
  }

  /** Never throws: on a full disk a plugin must still be stopped. */
  #record(plugin: string, event: string, detail: Record<string, unknown>): void {
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
}
