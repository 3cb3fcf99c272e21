import { join } from 'node:path';
import type { Log } from '../../logger.ts';
import type { Database } from '../../store/database.ts';
import { LineLog } from '../services/line-log.ts';
import { PluginEvents } from './plugin-events.ts';

/** Events that tell of something broken, and of something odd. */
const ERRORS = new Set(['crashed', 'hung']);
const WARNINGS = new Set(['refused', 'bad_message', 'changed', 'broken', 'missing', 'orphan_ended']);
/** Of one text: what a plugin or its manifest says may stand in it, and it goes to the table, the page and both logs. */
const MAX_TEXT = 2000;
/** Of the supervisor's own file. */
const SUPERVISOR_LOG = { maxBytes: 5 * 1024 * 1024, keep: 3 };

/** Whatever happens to plugins, told once and kept everywhere: the table, the supervisor's log, the plugin's own. */
export class PluginJournal {
  readonly events: PluginEvents;
  readonly #folder: string;
  readonly #supervisor: LineLog;
  readonly #logs = new Map<string, LineLog>();

  /** @param logsDir holds `plugins/<id>.log` and `plugin-supervisor.log`. */
  constructor(db: Database, logsDir: string, log: Pick<Log, 'warn' | 'error'>) {
    this.events = new PluginEvents(db, log);
    this.#folder = join(logsDir, 'plugins');
    this.#supervisor = new LineLog(join(logsDir, 'plugin-supervisor.log'), 'supervisor', SUPERVISOR_LOG);
  }

  logOf(plugin: string): LineLog {
    const known = this.#logs.get(plugin);
    if (known !== undefined) return known;
    const log = new LineLog(join(this.#folder, `${plugin}.log`), plugin);
    this.#logs.set(plugin, log);
    return log;
  }

  /** @param event one word; @param message for a person. */
  note(plugin: string, event: string, message: string, detail: Record<string, unknown> = {}): void {
    const log = this.logOf(plugin);
    const text = log.mask(message).slice(0, MAX_TEXT);
    this.events.record(plugin, event, { message: text, ...detail });
    const isError = ERRORS.has(event) || detail['by'] === 'supervisor';
    const level = isError ? 'error' : WARNINGS.has(event) ? 'warn' : 'info';
    const received = level === 'error' ? { message: event, error: text } : { message: `${event}: ${text}` };
    const line = { level, plugin, ...received, source: 'supervisor', fields: { event, ...detail } } as const;
    this.#supervisor.write(line);
    log.write(line);
  }

  /** Of one that is gone: nothing is kept. */
  forget(plugin: string): void {
    this.events.removeAll(plugin);
    this.#logs.get(plugin)?.remove();
    this.#logs.delete(plugin);
  }

  close(): void {
    this.#supervisor.close();
    for (const log of this.#logs.values()) log.close();
  }
}
