import { join } from 'node:path';
import { VERSION } from '../../shared/version.ts';
import { Audit } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import type { KeyFile } from '../link/identity.ts';
import { loadIdentity } from '../link/identity.ts';
import { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';

/** A TORU_HOME as a command changes it while no agent does: its database, its settings with the host's id, its key. */
export interface OpenedHome {
  db: Database;
  audit: Audit;
  settings: Settings;
  identity: KeyFile;
}

/** Id and key are made when they are missing. The caller holds the lock (`lockHome`), and closes `db`. @throws StartError */
export function openHome({ home, scripts_dir }: Pick<Config, 'home' | 'scripts_dir'>): OpenedHome {
  const db = openDatabase(join(home, 'toru.db'));
  try {
    const audit = new Audit(db, { error: () => undefined });
    const settings = new Settings(db, audit, { home, scripts_dir, version: VERSION });
    return { db, audit, settings, identity: loadIdentity(home) };
  } catch (error) {
    db.close();
    throw error;
  }
}
