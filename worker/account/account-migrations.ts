/** The Account object's tables, one numbered step after another. Times are integers, milliseconds since 1970. */
export const ACCOUNT_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sessions (
    -- SHA-256 of the token, hex. The token itself is only in the cookie.
    sid TEXT PRIMARY KEY,
    -- What the page calls it: says nothing about the token.
    id TEXT NOT NULL UNIQUE,
    -- The host that answered the login, which alone may revoke it.
    home TEXT NOT NULL,
    sub TEXT NOT NULL,
    username TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'client')),
    grant_token TEXT NOT NULL,
    grant_exp INTEGER NOT NULL,
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (sub, created_at);

  CREATE TABLE login_attempts (
    id INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    username TEXT NOT NULL,
    address TEXT NOT NULL,
    known_device INTEGER NOT NULL,
    -- 'more': this row stands for so many that were not written one by one.
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'refused', 'more')),
    count INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX login_attempts_by_time ON login_attempts (created_at);

  CREATE TABLE devices (
    hash TEXT NOT NULL,
    username TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (hash, username)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE hosts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- base64url of the raw Ed25519 key.
    public_key TEXT NOT NULL,
    version TEXT,
    position INTEGER NOT NULL,
    first_seen_at INTEGER,
    last_seen_at INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
  // People type their password where the name belongs: only a hash of what was typed is kept (attempts.ts).
  `
  DELETE FROM login_attempts;
  ALTER TABLE login_attempts RENAME COLUMN username TO account;
  `,
  // Members by the home host's word, and requests to become one.
  `
  ALTER TABLE hosts ADD COLUMN certificate TEXT;
  -- Of a member, as JSON by user: where they differ from the users' own.
  ALTER TABLE hosts ADD COLUMN roles TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE pairings (
    user_code TEXT PRIMARY KEY,
    -- SHA-256 of the device code, hex.
    device TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    public_key TEXT NOT NULL,
    network TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('approved', 'denied')),
    revealed INTEGER NOT NULL DEFAULT 0,
    asked_at INTEGER,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE session_grants (
    sid TEXT NOT NULL,
    host TEXT NOT NULL,
    grant_token TEXT NOT NULL,
    grant_exp INTEGER NOT NULL,
    PRIMARY KEY (sid, host)
  ) STRICT, WITHOUT ROWID;
  `,
  // When a host asked last is kept in memory (pairings.ts).
  'ALTER TABLE pairings DROP COLUMN asked_at',
];
