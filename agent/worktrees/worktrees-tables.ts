/** The steps of the tables of worktrees, taken by `ownTables()`. Times in ms since 1970. */
export const WORKTREES_TABLES = [
  `
  -- Folders whose repositories may be worked with, as an admin named them.
  CREATE TABLE worktrees_roots (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE worktrees_trash (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT,
    head TEXT,
    -- Where its files wait.
    kept_at TEXT NOT NULL,
    removed_at INTEGER NOT NULL,
    removed_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
