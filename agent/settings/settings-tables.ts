/** The settings of the host. agent/tables.ts says when the step was taken. */
export const SETTINGS_TABLES = `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `;
