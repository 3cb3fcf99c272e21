/** The steps of the tables of stored secrets, taken by `ownTables()`. Times in ms since 1970. */
export const SECRETS_TABLES = [
  `
  CREATE TABLE secrets_sealed (
    name TEXT NOT NULL,
    -- '' for everything on the host.
    workspace TEXT NOT NULL,
    -- Of the host's key that it is sealed under: while the key is replaced, a secret is here under both.
    kid TEXT NOT NULL,
    -- Nonce, ciphertext and tag of AES-256-GCM (sealed.ts).
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    -- 1: too short to be masked in output.
    shown INTEGER NOT NULL,
    PRIMARY KEY (name, workspace, kid)
  ) STRICT, WITHOUT ROWID;
  `,
];
