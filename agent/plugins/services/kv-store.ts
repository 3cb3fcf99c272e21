import type { Json, KvEntry } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError } from '../../../shared/errors.ts';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_VALUE, PLUGIN_KV_QUOTA } from '../../../shared/plugins.ts';
import type { Database } from '../../store/database.ts';

/** Keys in one answer of `list`. */
const MAX_LIST = 1000;
/** Bytes of values in one answer: it has to fit in one message of the protocol. */
const MAX_LIST_BYTES = 512 * 1024;

interface Row {
  key: string;
  value: string;
  version: number;
  expires_at: number | null;
  bytes: number;
}

/** When a key is written or removed only if it is still what the writer saw. */
export interface Condition {
  /** 0: only if it is not there. */
  if_version?: number | undefined;
}

/**
 * What plugins keep: JSON by key, a namespace per plugin that no other can name. A stored value is on the disk when `set`
 * returns. What has expired is gone for every reader, and is removed by the next write.
 */
export class PluginKv {
  readonly #db: Database;
  readonly #quota: number;
  /** Bytes by plugin: counted once, then kept. This process is the only writer. */
  readonly #bytes = new Map<string, number>();
  #lastVersion: number;

  /** @param quota bytes per plugin, keys and values. */
  constructor(db: Database, quota: number = PLUGIN_KV_QUOTA) {
    this.#db = db;
    this.#quota = quota;
    const newest = db.prepare<[], { version: number | null }>('SELECT max(version) AS version FROM plugin_kv').get();
    this.#lastVersion = newest?.version ?? 0;
  }

  get(plugin: string, key: string): KvEntry | null {
    const row = this.#row(plugin, checkedKey(key));
    return row === undefined ? null : entryOf(row);
  }

  /**
   * @param ttl_s null: kept until it is removed.
   * @returns the new version. @throws ToruError conflict, too_large, quota_exceeded.
   */
  set(
    plugin: string,
    key: string,
    value: Json,
    { ttl_s = null, if_version }: Condition & { ttl_s?: number | null | undefined } = {},
  ): number {
    const text = JSON.stringify(value);
    if (Buffer.byteLength(text) > PLUGIN_KV_MAX_VALUE)
      throw new ToruError('too_large', `A value has ${PLUGIN_KV_MAX_VALUE / 1024} KiB of JSON at most.`);
    const bytes = Buffer.byteLength(checkedKey(key)) + Buffer.byteLength(text);
    const version = this.#nextVersion();
    const now = Date.now();
    const total = this.#db.transaction(() => {
      const left = this.#total(plugin) - this.#removeExpired(plugin, now);
      const before = this.#row(plugin, key);
      checkVersion(before, if_version);
      const after = left - (before?.bytes ?? 0) + bytes;
      if (after > this.#quota) {
        throw new ToruError('quota_exceeded', `This plugin may keep ${this.#quota / 1024} KiB. Remove something first.`, {
          extra: { quota_bytes: this.#quota },
        });
      }
      this.#db
        .prepare(
          `INSERT INTO plugin_kv (plugin_id, key, value, version, expires_at, bytes, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (plugin_id, key) DO UPDATE SET value = excluded.value, version = excluded.version,
             expires_at = excluded.expires_at, bytes = excluded.bytes, updated_at = excluded.updated_at`,
        )
        .run(plugin, key, text, version, ttl_s === null ? null : now + ttl_s * 1000, bytes, now);
      return after;
    })();
    this.#bytes.set(plugin, total);
    return version;
  }

  /** @returns whether it was there. @throws ToruError conflict. */
  delete(plugin: string, key: string, { if_version }: Condition = {}): boolean {
    const row = this.#row(plugin, checkedKey(key));
    checkVersion(row, if_version);
    const total = this.#total(plugin);
    // Also where it has expired, and nobody sees it any more.
    const bytes = this.#db
      .prepare<[string, string], number>('DELETE FROM plugin_kv WHERE plugin_id = ? AND key = ? RETURNING bytes')
      .pluck();
    this.#bytes.set(plugin, total - (bytes.get(plugin, key) ?? 0));
    return row !== undefined;
  }

  /**
   * In order of keys (of their UTF-8 bytes).
   * @param after continue behind this key. @returns `next` to be given as `after`, null at the end.
   */
  list(
    plugin: string,
    {
      prefix = '',
      after,
      limit = 100,
      values = true,
    }: { prefix?: string | undefined; after?: string | undefined; limit?: number | undefined; values?: boolean | undefined } = {},
  ): { entries: KvEntry[]; next: string | null } {
    const entries: KvEntry[] = [];
    const most = Math.min(limit, MAX_LIST);
    let bytes = 0;
    const rows = this.#db
      .prepare<[string, string, string, number], Row>(
        `SELECT key, ${values ? 'value' : "'null' AS value"}, version, expires_at, bytes FROM plugin_kv
         WHERE plugin_id = ? AND key >= ? AND key > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key`,
      )
      .iterate(plugin, prefix, after ?? '', Date.now());
    for (const row of rows) {
      if (!row.key.startsWith(prefix)) break;
      const last = entries.at(-1);
      bytes += values ? row.bytes : 0;
      if (last !== undefined && (entries.length >= most || bytes > MAX_LIST_BYTES)) return { entries, next: last.key };
      entries.push(entryOf(row));
    }
    return { entries, next: null };
  }

  /** Everything that a plugin keeps, in order of keys; read in parts, so that an export of any size holds one part in memory. */
  async *all(plugin: string, signal: AbortSignal): AsyncGenerator<KvEntry, void, undefined> {
    let after: string | undefined;
    while (!signal.aborted) {
      const { entries, next } = this.list(plugin, { after, limit: MAX_LIST });
      yield* entries;
      if (next === null) return;
      after = next;
    }
  }

  /** What a plugin keeps now. */
  usage(plugin: string): { keys: number; bytes: number; quota_bytes: number } {
    const row = this.#db
      .prepare<[string, number], { keys: number; bytes: number }>(
        `SELECT count(*) AS keys, coalesce(sum(bytes), 0) AS bytes FROM plugin_kv
         WHERE plugin_id = ? AND (expires_at IS NULL OR expires_at > ?)`,
      )
      .get(plugin, Date.now());
    return { keys: row?.keys ?? 0, bytes: row?.bytes ?? 0, quota_bytes: this.#quota };
  }

  /** Everything of one plugin: at its uninstallation, when the owner said so. */
  removeAll(plugin: string): void {
    this.#db.prepare('DELETE FROM plugin_kv WHERE plugin_id = ?').run(plugin);
    this.#bytes.delete(plugin);
  }

  #row(plugin: string, key: string): Row | undefined {
    return this.#db
      .prepare<[string, string, number], Row>(
        `SELECT key, value, version, expires_at, bytes FROM plugin_kv
         WHERE plugin_id = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)`,
      )
      .get(plugin, key, Date.now());
  }

  /** @returns the bytes that were removed: the caller's to take off the count, once it is certain that they are. */
  #removeExpired(plugin: string, now: number): number {
    const gone = this.#db
      .prepare<[string, number], number>('DELETE FROM plugin_kv WHERE plugin_id = ? AND expires_at <= ? RETURNING bytes')
      .pluck()
      .all(plugin, now);
    return gone.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** What lies there, expired or not. Counting takes as long as there are entries: once, and then it is kept up. */
  #total(plugin: string): number {
    const known = this.#bytes.get(plugin);
    if (known !== undefined) return known;
    const row = this.#db
      .prepare<[string], { bytes: number }>('SELECT coalesce(sum(bytes), 0) AS bytes FROM plugin_kv WHERE plugin_id = ?')
      .get(plugin);
    const bytes = row?.bytes ?? 0;
    this.#bytes.set(plugin, bytes);
    return bytes;
  }

  /** Never the same twice, also for a key that was removed and is made again: microseconds, or one more than the last. */
  #nextVersion(): number {
    this.#lastVersion = Math.max(Date.now() * 1000, this.#lastVersion + 1);
    return this.#lastVersion;
  }
}

function checkedKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > PLUGIN_KV_MAX_KEY) throw new ToruError('too_large', `A key has 1 to ${PLUGIN_KV_MAX_KEY} bytes.`);
  // SQLite keeps UTF-8: half a character would become another key.
  if (!key.isWellFormed()) throw new ToruError('bad_request', 'A key is text: this one holds half a character (a lone surrogate).');
  return key;
}

function checkVersion(row: Row | undefined, wanted: number | undefined): void {
  const version = row?.version ?? 0;
  if (wanted !== undefined && wanted !== version)
    throw new ToruError('conflict', 'It was changed meanwhile. Read it again.', { extra: { version } });
}

function entryOf({ key, value, version, expires_at }: Row): KvEntry {
  return { key, value: JSON.parse(value), version, expires_at: expires_at === null ? null : new Date(expires_at).toISOString() };
}
