/** The steps of the tables of what terminals want of people, taken by `ownTables()`. Times in ms since 1970. */
export const ATTENTION_TABLES: readonly string[] = [
  `
  CREATE TABLE terminal_attention (
    terminal TEXT PRIMARY KEY REFERENCES terminals(id) ON DELETE CASCADE,
    attention TEXT NOT NULL,
    -- What its program last said of itself, null: nothing that still holds; by a hook, or by a notification.
    state TEXT,
    state_by TEXT,
    state_at INTEGER NOT NULL,
    -- What was counted when this was written.
    bells INTEGER NOT NULL,
    notices INTEGER NOT NULL,
    ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
