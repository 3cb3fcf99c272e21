import { join } from 'node:path';
import { toBase64Url } from '../../shared/encoding.ts';
import { VERSION } from '../../shared/version.ts';
import { Audit } from '../audit/audit.ts';
import { loadConfig } from '../config.ts';
import type { Pins } from '../link/edge-pin.ts';
import { pinnedKeys, unpin } from '../link/edge-pin.ts';
import { loadIdentity } from '../link/identity.ts';
import { lockHome } from '../lock.ts';
import { Settings } from '../settings/settings.ts';
import { StartError } from '../start-error.ts';
import { openDatabase } from '../store/database.ts';
import type { Io } from './io.ts';

/** `<host id>:<public key>` of this TORU_HOME, made when it is missing. @throws StartError */
export function hostKey(env: Io['env']): string {
  const { home, scripts_dir } = loadConfig(env);
  const lock = lockUnlessRunning(home);
  const db = openDatabase(join(home, 'toru.db'));
  try {
    const { publicKey } = loadIdentity(home);
    const settings = new Settings(db, new Audit(db, { error: () => undefined }), { home, scripts_dir, version: VERSION });
    return `${settings.instance_id}:${toBase64Url(publicKey)}`;
  } finally {
    db.close();
    lock?.release();
  }
}

/** A first start makes id and key, so two at once must not: but beside an agent that runs, both are there. */
function lockUnlessRunning(home: string): { release(): void } | null {
  try {
    return lockHome(home);
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}

/** The keys of edges that this TORU_HOME has pinned, by origin. @throws StartError */
export function edgeKeys(env: Io['env']): Pins {
  return pinnedKeys(loadConfig(env).home);
}

/** @returns what was pinned until now. @throws StartError */
export function forgetEdgeKeys(env: Io['env']): Pins {
  const { home } = loadConfig(env);
  const pinned = pinnedKeys(home);
  unpin(home);
  return pinned;
}
