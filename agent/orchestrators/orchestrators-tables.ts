/** The steps of the tables of orchestrators, taken by `ownTables()`. Times in ms since 1970. */
export const ORCHESTRATORS_TABLES: readonly string[] = [
  `
  CREATE TABLE orchestrators (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- null: all terminals of this host.
    folder TEXT,
    enabled INTEGER NOT NULL,
    interval_s INTEGER NOT NULL,
    stall_s INTEGER NOT NULL,
    long_s INTEGER NOT NULL,
    notify INTEGER NOT NULL,
    -- JSON, as shared/orchestrators.ts has it.
    rule TEXT NOT NULL,
    max_per_hour INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE orchestrators_insights (
    id TEXT PRIMARY KEY,
    orchestrator TEXT NOT NULL REFERENCES orchestrators(id) ON DELETE CASCADE,
    terminal TEXT NOT NULL REFERENCES terminals(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- What makes it the same one: when that question was asked, which process it was.
    same TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- JSON.
    evidence TEXT NOT NULL,
    suggestion TEXT,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acted', 'dismissed')),
    UNIQUE (orchestrator, terminal, kind, same)
  ) STRICT;
  CREATE INDEX orchestrators_insights_by_time ON orchestrators_insights (orchestrator, created_at DESC, id DESC);
  CREATE INDEX orchestrators_insights_open ON orchestrators_insights (orchestrator) WHERE state = 'open';

  -- Texts that were typed, for how many there may be in an hour.
  CREATE TABLE orchestrators_injections (orchestrator TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE INDEX orchestrators_injections_by_time ON orchestrators_injections (orchestrator, at);
  `,
];
