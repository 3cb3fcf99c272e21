/** The steps of the tables of the host's load, taken by `ownTables()`. */
export const SYSTEM_TABLES: readonly string[] = [
  `
  CREATE TABLE system_minutes (
    -- Since 1970.
    minute INTEGER PRIMARY KEY,
    cpu REAL NOT NULL,
    memory_used INTEGER NOT NULL,
    memory_total INTEGER NOT NULL,
    load_1m REAL NOT NULL,
    network_rx_per_s INTEGER NOT NULL,
    network_tx_per_s INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What is over its threshold, and was told: 'cpu ', 'memory ', 'disk /home'.
  CREATE TABLE system_raised (subject TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
];
