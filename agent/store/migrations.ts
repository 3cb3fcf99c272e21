/**
 * The host's tables, one numbered step after another. A step that was released is never edited: add the next one.
 * Times are integers, milliseconds since 1970; they become ISO 8601 where they leave the agent.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

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

  -- A grant is good while its row is live and its epoch is the user's (SECURITY rule 2).
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

  CREATE TABLE quick_actions (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    script TEXT NOT NULL,
    icon TEXT NOT NULL,
    color TEXT NOT NULL,
    position INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    -- Everything else of an action, as JSON of shared/model's actionFields.
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX quick_actions_by_position ON quick_actions (position);

  CREATE TABLE task_history (
    task_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    action TEXT,
    action_revision INTEGER,
    label TEXT NOT NULL,
    script TEXT NOT NULL,
    -- JSON; secrets masked in both.
    args TEXT NOT NULL,
    inputs TEXT NOT NULL,
    source TEXT NOT NULL,
    address TEXT,
    -- 'starting' is the journal's word between commit and the first sign of the process; outside it reads as 'running'.
    state TEXT NOT NULL CHECK (state IN ('queued','starting','running','exited','cancelled','timed_out','interrupted','refused')),
    reason TEXT,
    exit_code INTEGER,
    signal TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    output_bytes INTEGER NOT NULL DEFAULT 0,
    stdin INTEGER NOT NULL DEFAULT 0,
    timeout_s INTEGER NOT NULL DEFAULT 0,
    cancel_requested_at INTEGER,
    request_id TEXT,
    -- SHA-256 of what was asked, so that another body under a known id is a conflict (SECURITY rule 24).
    request_hash TEXT,
    UNIQUE (user_id, request_id)
  ) STRICT;
  CREATE INDEX task_history_by_time ON task_history (created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_user ON task_history (user_id, created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_action ON task_history (action, created_at DESC, task_id DESC);
  -- A client's tiles: the newest run of theirs of each action.
  CREATE INDEX task_history_by_user_action ON task_history (user_id, action, created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_state ON task_history (state, created_at DESC, task_id DESC);
  -- What a restart has to look at.
  CREATE INDEX task_history_open ON task_history (created_at) WHERE state IN ('queued', 'starting', 'running');

  CREATE TABLE plugin_kv (plugin_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (plugin_id, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE plugin_events (
    id INTEGER PRIMARY KEY, plugin_id TEXT NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}', created_at INTEGER NOT NULL
  ) STRICT;

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
];
