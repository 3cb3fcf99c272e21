/** Plugins, their storage and their events. agent/tables.ts says when each step was taken. */
export const PLUGIN_TABLES = [
  `
  CREATE TABLE plugin_kv (plugin_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (plugin_id, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE plugin_events (
    id INTEGER PRIMARY KEY, plugin_id TEXT NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}', created_at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- One row for each plugin that was found here. What was accepted stands beside what was seen: only the first is ever started.
  CREATE TABLE plugins (
    plugin_id TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL DEFAULT 0,
    seen_sha256 TEXT,
    -- What its --metadata said when it was first found, as JSON.
    seen_manifest TEXT,
    accepted_sha256 TEXT,
    manifest TEXT,
    bundle_sha256 TEXT,
    -- What a person set, as JSON by name; secrets among it.
    settings TEXT NOT NULL DEFAULT '{}',
    -- Why it was given up after too many crashes.
    failed TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX plugin_events_by_plugin ON plugin_events (plugin_id, id);

  ALTER TABLE plugin_kv ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE plugin_kv ADD COLUMN expires_at INTEGER;
  ALTER TABLE plugin_kv ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE plugin_kv ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
  -- A value is JSON from now on; what was plain text becomes a string of it.
  UPDATE plugin_kv SET value = json_quote(value) WHERE NOT json_valid(value);
  UPDATE plugin_kv SET bytes = length(CAST(key AS BLOB)) + length(CAST(value AS BLOB)), updated_at = unixepoch() * 1000;
  CREATE INDEX plugin_kv_expiring ON plugin_kv (plugin_id, expires_at) WHERE expires_at IS NOT NULL;
  `,
] as const;
