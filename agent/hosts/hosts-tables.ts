/** The steps of the tables of hosts, taken by `ownTables()`. Times in ms since 1970. */
export const HOSTS_TABLES = [
  `
  -- What this host keeps of its installation, a row for each fact: its membership, or the directory that it signed last. JSON.
  CREATE TABLE hosts_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- Of the home host.
  CREATE TABLE hosts_members (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- base64url of the raw Ed25519 key.
    public_key TEXT NOT NULL,
    certificate TEXT NOT NULL,
    paired_at INTEGER NOT NULL,
    -- Roles that differ from the users' own: JSON by user.
    roles TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE hosts_invites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- Of the token, hex: whoever pairs with it proves that they know it.
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
