/** The audit and its chains. agent/tables.ts says when each step was taken. */
export const AUDIT_TABLES = [
  `
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
    username TEXT,
    address TEXT,
    target TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'refused')),
    detail TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  CREATE INDEX audit_by_time ON audit (created_at DESC, id DESC);
  `,
  `
  -- In a million entries, one person's and the refused ones without reading them all.
  CREATE INDEX audit_by_user ON audit (username COLLATE NOCASE, id);
  CREATE INDEX audit_refused ON audit (id) WHERE outcome = 'refused';
  `,
  `
  -- Entries of the audit in two classes, each a chain: a hash over the entry and the hash before it. None for those from before it.
  ALTER TABLE audit ADD COLUMN class TEXT NOT NULL DEFAULT 'security';
  ALTER TABLE audit ADD COLUMN hash BLOB;
  UPDATE audit SET class = 'activity' WHERE outcome = 'refused' OR event LIKE 'run.%';
  CREATE INDEX audit_by_class ON audit (class, id);
  -- The hash before the oldest entry that is kept, and that of the newest.
  CREATE TABLE audit_chain (class TEXT PRIMARY KEY, start BLOB NOT NULL, head BLOB NOT NULL) STRICT, WITHOUT ROWID;
  `,
] as const;
