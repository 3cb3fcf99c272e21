import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { StoredSecret } from '../../shared/secrets.ts';
import type { Audit } from '../audit/audit.ts';
import type { KeyFile } from '../link/identity.ts';
import { LEAST_MASKED_BYTES } from '../runner/secret-words.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { type Sealer, seal, unseal } from './sealed.ts';
import { SECRETS_TABLES } from './secrets-tables.ts';

/** Of all workspaces together: an export of a password manager is a mistake. */
const MOST = 1000;

const storedRow = z.object({
  name: z.string(),
  workspace: z.string(),
  sealed: z.instanceof(Buffer),
  updated_at: z.number(),
  updated_by: z.string(),
  shown: z.number(),
});
type StoredRow = z.infer<typeof storedRow>;

/**
 * The host's store of secrets: written by admins, read by nothing but a run that needs one. On the disk each is sealed under a key
 * that only `agent.key` gives; a snapshot without that file opens none.
 */
export class Secrets {
  readonly #db: Database;
  readonly #identity: KeyFile;
  readonly #audit: Pick<Audit, 'record'>;

  constructor(options: { db: Database; identity: KeyFile; audit: Pick<Audit, 'record'> }) {
    this.#db = options.db;
    this.#identity = options.identity;
    this.#audit = options.audit;
    ownTables(this.#db, 'secrets', SECRETS_TABLES);
    this.#forgetOthers();
  }

  /** By name, then workspace. */
  list(): StoredSecret[] {
    return this.#rows().map((row) => ({
      name: row.name,
      workspace: row.workspace === '' ? null : row.workspace,
      updated_at: new Date(row.updated_at).toISOString(),
      updated_by: row.updated_by,
      shown_in_output: row.shown === 1,
    }));
  }

  /** Stores a secret, in place of the one of this name. @param workspace null: for everything on the host. @throws ToruError quota_exceeded. */
  set(caller: Caller, name: string, workspace: string | null, value: string): void {
    const { kid } = this.#identity;
    this.#db
      .transaction(() => {
        const replaces = this.#rows(name).some((row) => row.workspace === (workspace ?? ''));
        const count = this.#db.prepare('SELECT count(*) FROM (SELECT DISTINCT name, workspace FROM secrets_sealed)').pluck().get();
        if (!replaces && Number(count) >= MOST)
          throw new ToruError('quota_exceeded', `This host keeps ${MOST} secrets at most. Remove one that nothing uses.`);
        const shown = Buffer.byteLength(value) < LEAST_MASKED_BYTES;
        this.#put(this.#identity, { name, workspace: workspace ?? '', updated_at: Date.now(), updated_by: caller.username, shown }, value);
        this.#db.prepare('DELETE FROM secrets_sealed WHERE name = ? AND workspace = ? AND kid <> ?').run(name, workspace ?? '', kid);
        this.#audit.record({ event: 'secret.set', caller, target: name, outcome: 'ok', detail: { workspace, replaces } });
      })
      .immediate();
  }

  /** @throws ToruError not_found. */
  remove(caller: Caller, name: string, workspace: string | null): void {
    this.#db
      .transaction(() => {
        const { changes } = this.#db.prepare('DELETE FROM secrets_sealed WHERE name = ? AND workspace = ?').run(name, workspace ?? '');
        if (changes === 0) throw new ToruError('not_found', `No secret “${name}” is stored${ofWorkspace(workspace)}.`);
        this.#audit.record({ event: 'secret.remove', caller, target: name, outcome: 'ok', detail: { workspace } });
      })
      .immediate();
  }

  /**
   * For a run that is about to start; a workspace's own comes before the host's.
   * @returns null where none is stored. @throws ToruError conflict where one is that this host can't open.
   */
  valueOf(name: string, workspace: string | null = null): string | null {
    const stored = this.#rows(name);
    const row = stored.find((one) => one.workspace === (workspace ?? '')) ?? stored.find((one) => one.workspace === '');
    if (row === undefined) return null;
    const value = unseal(this.#identity, placeOf(row), row.sealed);
    if (value !== null) return value;
    throw new ToruError(
      'conflict',
      `The secret “${name}” was stored under another key of this host. Store it again: toru secret set ${name}`,
    );
  }

  /**
   * Before the host's key is replaced: each secret is stored under the new one, too, so that a crash in between loses none.
   * After it, `keyReplaced` removes those of the old one.
   */
  sealFor(fresh: Sealer): void {
    this.#db
      .transaction(() => {
        for (const row of this.#rows()) {
          const value = unseal(this.#identity, placeOf(row), row.sealed);
          if (value !== null) this.#put(fresh, { ...row, shown: row.shown === 1 }, value);
        }
      })
      .immediate();
  }

  /** Nothing is left that the old key opens. */
  keyReplaced(): void {
    this.#forgetOthers();
  }

  /** Of each secret the copy under the present key is kept, and another only where there is none: it says that something was here. */
  #forgetOthers(): void {
    this.#db
      .prepare(
        `DELETE FROM secrets_sealed AS other WHERE kid <> @kid AND EXISTS
           (SELECT 1 FROM secrets_sealed AS own WHERE own.name = other.name AND own.workspace = other.workspace AND own.kid = @kid)`,
      )
      .run({ kid: this.#identity.kid });
  }

  #put(key: Sealer, row: Pick<StoredRow, 'name' | 'workspace' | 'updated_at' | 'updated_by'> & { shown: boolean }, value: string): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO secrets_sealed VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(row.name, row.workspace, key.kid, seal(key, placeOf(row), value), row.updated_at, row.updated_by, row.shown ? 1 : 0);
  }

  /** One for each name and workspace, that of the present key first. */
  #rows(name?: string): StoredRow[] {
    const rows = this.#db
      .prepare(
        `SELECT name, workspace, sealed, updated_at, updated_by, shown FROM secrets_sealed WHERE @name IS NULL OR name = @name
         ORDER BY name, workspace, kid <> @kid`,
      )
      .all({ name: name ?? null, kid: this.#identity.kid });
    const seen = new Set<string>();
    return z
      .array(storedRow)
      .parse(rows)
      .filter((row) => !seen.has(placeOf(row)) && seen.add(placeOf(row)));
  }
}

function placeOf({ name, workspace }: Pick<StoredRow, 'name' | 'workspace'>): string {
  return `${workspace}/${name}`;
}

function ofWorkspace(workspace: string | null): string {
  return workspace === null ? '' : ` for the workspace “${workspace}”`;
}
