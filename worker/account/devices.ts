/** A user logs in from a handful of devices; past this the oldest is a stranger again. */
const DEVICES_PER_USER = 20;

/** Which devices logged in as whom before. Only hashes of their cookies are kept. */
export class Devices {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  knows(hash: string, username: string): boolean {
    return this.#sql.exec('SELECT 1 FROM devices WHERE hash = ? AND username = ?', hash, username.toLowerCase()).toArray().length > 0;
  }

  /**
   * The device is known by `hash` from now on, in place of what it was known by.
   * @param before the hash of the cookie that it sent, if any: what was never given out moves nothing.
   */
  remember(hash: string, before: string | null, username: string, now: number): void {
    const name = username.toLowerCase();
    if (before !== null && before !== hash) this.#sql.exec('UPDATE devices SET hash = ? WHERE hash = ?', hash, before);
    this.#sql.exec('INSERT INTO devices (hash, username, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', hash, name, now);
    this.#sql.exec(
      'DELETE FROM devices WHERE username = ?1 AND hash NOT IN (SELECT hash FROM devices WHERE username = ?1 ORDER BY created_at DESC LIMIT ?2)',
      name,
      DEVICES_PER_USER,
    );
  }
}
