/** Users, their grants, and what the edge must still be told. agent/tables.ts says when the step was taken. */
export const USERS_TABLES = `
  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'client')),
    disabled INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_login_at INTEGER
  ) STRICT;

  -- A grant is good while its row is live and its epoch is the user's.
  CREATE TABLE grants (
    sid TEXT PRIMARY KEY,
    sub TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT;
  CREATE INDEX grants_by_user ON grants (sub);

  -- What the edge must still be told: sessions that ended here. Removed when it says so.
  CREATE TABLE revocations (id TEXT PRIMARY KEY, sids TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
  `;
