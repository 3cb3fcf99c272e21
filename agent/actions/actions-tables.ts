/** Quick actions. agent/tables.ts says when the step was taken. */
export const ACTIONS_TABLES = `
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
  `;

/** The steps since each system numbers its own (store/own-tables.ts). */
export const ACTIONS_STEPS = [
  `
  CREATE TABLE actions_remembered (
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    action TEXT NOT NULL REFERENCES quick_actions(id) ON DELETE CASCADE,
    -- By input, as JSON. Never a secret.
    answers TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, action)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE actions_favourites (
    user_id TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (user_id, action)
  ) STRICT, WITHOUT ROWID;
  `,
  `ALTER TABLE quick_actions ADD COLUMN size TEXT NOT NULL DEFAULT 'normal'`,
  `
  -- Cards of plugins among the tiles. One of a plugin that is gone keeps its place for when it comes back.
  CREATE TABLE actions_cards (
    plugin TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    size TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
] as const;
