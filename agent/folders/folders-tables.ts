/** The steps of the tables of folders, taken by `ownTables()`. Times in ms since 1970. */
export const FOLDERS_TABLES = [
  `
  CREATE TABLE folders (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    parent TEXT REFERENCES folders (id),
    position INTEGER NOT NULL,
    -- JSON, as shared/folders.ts has it.
    preferences TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX folders_by_parent ON folders (parent, position);
  `,
];
