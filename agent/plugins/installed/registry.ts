import * as z from 'zod';
import type { PluginManifest } from '../../../shared/plugins.ts';
import { pluginManifest } from '../../../shared/plugins.ts';
import type { Database } from '../../store/database.ts';

/** What a person set, by name. */
export type SettingValues = Record<string, string | number | boolean>;

/** What is known of a plugin whether or not its files are there. */
export interface PluginRow {
  id: string;
  enabled: boolean;
  /** Its files when they were first seen, and what `--metadata` said then. */
  seen_sha256: string | null;
  seen_manifest: PluginManifest | null;
  /** What an admin accepted; nothing else is started. */
  accepted_sha256: string | null;
  manifest: PluginManifest | null;
  bundle_sha256: string | null;
  settings: SettingValues;
  failed: string | null;
}

interface Columns extends Record<string, string | number | null> {
  plugin_id: string;
  enabled: number;
  seen_sha256: string | null;
  seen_manifest: string | null;
  accepted_sha256: string | null;
  manifest: string | null;
  bundle_sha256: string | null;
  settings: string;
  failed: string | null;
}

const settingValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** The table of plugins. */
export class Registry {
  readonly #db: Database;
  /** It is asked at every request; written seldom, and only here. */
  readonly #rows = new Map<string, PluginRow>();

  constructor(db: Database) {
    this.#db = db;
    for (const row of db.prepare<[], Columns>('SELECT * FROM plugins').all()) this.#rows.set(row.plugin_id, rowOf(row));
  }

  get(id: string): PluginRow | null {
    return this.#rows.get(id) ?? null;
  }

  all(): PluginRow[] {
    return [...this.#rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Changes a row, and makes it if there is none. */
  set(id: string, change: Partial<Omit<PluginRow, 'id'>>): PluginRow {
    const row = { ...(this.#rows.get(id) ?? newRow(id)), ...change };
    const now = Date.now();
    this.#db
      .prepare(
        `INSERT INTO plugins (plugin_id, enabled, seen_sha256, seen_manifest, accepted_sha256, manifest, bundle_sha256, settings, failed, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (plugin_id) DO UPDATE SET enabled = excluded.enabled, seen_sha256 = excluded.seen_sha256,
           seen_manifest = excluded.seen_manifest, accepted_sha256 = excluded.accepted_sha256, manifest = excluded.manifest,
           bundle_sha256 = excluded.bundle_sha256, settings = excluded.settings, failed = excluded.failed, updated_at = excluded.updated_at`,
      )
      .run(
        id,
        row.enabled ? 1 : 0,
        row.seen_sha256,
        row.seen_manifest === null ? null : JSON.stringify(row.seen_manifest),
        row.accepted_sha256,
        row.manifest === null ? null : JSON.stringify(row.manifest),
        row.bundle_sha256,
        JSON.stringify(row.settings),
        row.failed,
        now,
        now,
      );
    this.#rows.set(id, row);
    return row;
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM plugins WHERE plugin_id = ?').run(id);
    this.#rows.delete(id);
  }
}

function newRow(id: string): PluginRow {
  return {
    id,
    enabled: false,
    seen_sha256: null,
    seen_manifest: null,
    accepted_sha256: null,
    manifest: null,
    bundle_sha256: null,
    settings: {},
    failed: null,
  };
}

function rowOf(row: Columns): PluginRow {
  const { plugin_id, enabled, seen_manifest, manifest, settings, seen_sha256, accepted_sha256, bundle_sha256, failed } = row;
  return {
    id: plugin_id,
    enabled: enabled === 1,
    seen_sha256,
    seen_manifest: manifestOf(seen_manifest),
    accepted_sha256,
    manifest: manifestOf(manifest),
    bundle_sha256,
    settings: settingValues.catch({}).parse(JSON.parse(settings)),
    failed,
  };
}

/** One that this version of Toru does not take any more counts as none. */
function manifestOf(text: string | null): PluginManifest | null {
  return text === null ? null : (pluginManifest.safeParse(JSON.parse(text)).data ?? null);
}
