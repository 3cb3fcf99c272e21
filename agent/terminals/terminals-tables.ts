/** The steps of the tables of terminals, taken by `ownTables()`. Times in ms since 1970. */
export const TERMINAL_TABLES: readonly string[] = [
  `
  CREATE TABLE terminals (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('shell', 'agent', 'action')),
    folder TEXT,
    cwd TEXT NOT NULL,
    -- argv as JSON; null: a login shell.
    command TEXT,
    shell TEXT NOT NULL,
    -- The variables that were given to it, as JSON.
    env TEXT NOT NULL,
    -- 'starting': written before its program starts, so that an agent that is killed there knows of it.
    state TEXT NOT NULL CHECK (state IN ('starting', 'running', 'suspended', 'ended')),
    frozen INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    signal TEXT,
    reason TEXT,
    cols INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    keep INTEGER NOT NULL DEFAULT 0,
    -- The pty host that has it, and its program: pid, start and boot.
    host TEXT,
    pid INTEGER,
    start TEXT,
    boot TEXT,
    cgroup TEXT,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    request_id TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    last_output_at INTEGER,
    last_input_at INTEGER,
    UNIQUE (user_id, request_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX terminals_by_time ON terminals (created_at DESC, id DESC);
  CREATE INDEX terminals_open ON terminals (created_at) WHERE state <> 'ended';

  CREATE TABLE terminal_shares (
    terminal TEXT NOT NULL REFERENCES terminals(id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    granted TEXT NOT NULL CHECK (granted IN ('look', 'type')),
    PRIMARY KEY (terminal, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX terminal_shares_by_user ON terminal_shares (user_id);
  `,
];
