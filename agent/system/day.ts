import type { SystemSample } from '../../shared/system.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { SYSTEM_TABLES } from './system-tables.ts';

const MINUTE_MS = 60_000;
/** So many minutes are kept: a day. With its index that is some 100 KB of the database. */
export const KEPT_MINUTES = 1440;
/** Minutes that are written together: the disk of a host at rest is left alone meanwhile. */
const WRITTEN_TOGETHER = 5;

interface Row extends Omit<SystemSample, 'time'> {
  minute: number;
}

/** The host's load of the last day, a sample a minute: it outlives the agent. */
export class Day {
  readonly #db: Database;
  #unwritten: Row[] = [];

  constructor(db: Database) {
    ownTables(db, 'system', SYSTEM_TABLES);
    this.#db = db;
  }

  /** @param sample of the minute that has just passed. A disk that is full costs the host these samples only. */
  add({ time, ...load }: SystemSample): void {
    this.#unwritten.push({ ...load, minute: Math.floor(Date.parse(time) / MINUTE_MS) });
    if (this.#unwritten.length >= WRITTEN_TOGETHER) this.flush();
  }

  /** Writes what is not written yet. */
  flush(): void {
    const rows = this.#unwritten;
    this.#unwritten = [];
    const newest = rows.at(-1)?.minute;
    if (newest === undefined) return;
    const insert = this.#db.prepare<[Row]>(
      `INSERT OR REPLACE INTO system_minutes (minute, cpu, memory_used, memory_total, load_1m, network_rx_per_s, network_tx_per_s)
         VALUES (@minute, @cpu, @memory_used, @memory_total, @load_1m, @network_rx_per_s, @network_tx_per_s)`,
    );
    this.#db.transaction(() => {
      for (const row of rows) insert.run(row);
      // Also what a clock that was wrong put into the future.
      this.#db.prepare<[number, number]>('DELETE FROM system_minutes WHERE minute <= ? OR minute > ?').run(newest - KEPT_MINUTES, newest);
    })();
  }

  /** The last day, oldest first. @param step_minutes so many minutes make a sample, by their mean. @param now ms since 1970. */
  list(step_minutes: number, now: number = Date.now()): SystemSample[] {
    this.flush();
    return this.#db
      .prepare<[number, number, number], Row>(
        `SELECT max(minute) AS minute, round(avg(cpu), 1) AS cpu, CAST(avg(memory_used) AS INTEGER) AS memory_used,
           max(memory_total) AS memory_total, round(avg(load_1m), 1) AS load_1m,
           CAST(avg(network_rx_per_s) AS INTEGER) AS network_rx_per_s, CAST(avg(network_tx_per_s) AS INTEGER) AS network_tx_per_s
         FROM system_minutes WHERE minute > ? AND minute <= ? GROUP BY minute / CAST(? AS INTEGER) ORDER BY minute`,
      )
      .all(Math.floor(now / MINUTE_MS) - KEPT_MINUTES, Math.floor(now / MINUTE_MS) + 1, step_minutes)
      .map(({ minute, ...load }) => ({ time: new Date((minute + 1) * MINUTE_MS).toISOString(), ...load }));
  }
}
