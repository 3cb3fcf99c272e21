import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Audit } from '../agent/audit/audit.ts';
import type { Config } from '../agent/config.ts';
import { loadIdentity } from '../agent/link/identity.ts';
import type { HomeLock } from '../agent/lock.ts';
import { lockHome } from '../agent/lock.ts';
import { Settings } from '../agent/settings/settings.ts';
import { StartError } from '../agent/start-error.ts';
import { openDatabase } from '../agent/tables.ts';
import { VERSION } from '../shared/version.ts';

/** After a kill -9 of the last start, its agent needs a moment to notice. */
const LOCK_WAIT_MS = 4000;
const LOCK_STEP_MS = 200;

/**
 * This machine's host, as the edge's start-up binding names it: `<id>:<public key>`. Both are made here on a first start,
 * under the same lock that the agent takes next.
 * @throws StartError when another agent uses this TORU_HOME.
 */
export async function hostKeyBinding(config: Config): Promise<string> {
  const lock = await waitForLock(config.home);
  try {
    const { publicKey } = loadIdentity(config.home);
    const db = openDatabase(join(config.home, 'toru.db'));
    try {
      const audit = new Audit(db, console);
      const { instance_id } = new Settings(db, audit, { home: config.home, scripts_dir: config.scripts_dir, version: VERSION });
      return `${instance_id}:${Buffer.from(publicKey).toString('base64url')}`;
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}

async function waitForLock(home: string): Promise<HomeLock> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return lockHome(home);
    } catch (error) {
      if (!(error instanceof StartError) || Date.now() > deadline) throw error;
      await sleep(LOCK_STEP_MS);
    }
  }
}
