import { loadConfig } from '../config.ts';
import { afterNewKey } from '../hosts/after-new-key.ts';
import { HostFacts } from '../hosts/facts.ts';
import { Membership } from '../hosts/membership.ts';
import type { Pins } from '../link/edge-pin.ts';
import { pinnedKeys, unpin } from '../link/edge-pin.ts';
import type { Identity } from '../link/identity.ts';
import { lockHome } from '../lock.ts';
import { StartError } from '../start-error.ts';
import { ownerOfProcess } from '../users/caller.ts';
import { Grants } from '../users/grants.ts';
import { HostKey } from '../users/host-key.ts';
import type { Io } from './io.ts';
import { openHome } from './opened-home.ts';

/** `<host id>:<public key>` of this TORU_HOME, made when it is missing. @throws StartError */
export function hostKey(env: Io['env']): string {
  return withKey(env, lockUnlessRunning, (key) => key.binding);
}

/** A host has another key. */
export interface Rotated {
  /** `<host id>:<public key>` */
  binding: string;
  /** The name of the home host whose member this host was until then; null where it was none. */
  left: string | null;
}

/** A new key for a host that does not run, as the agent does it for one that does. @throws StartError */
export function rotateKey(env: Io['env']): Rotated {
  return withKey(env, lockHome, (key, { home }) => ({ binding: key.rotate(ownerOfProcess()), left: home?.name ?? null }));
}

/** Of the edge, as config.toml or the environment names it; null where it is of this machine. @throws StartError */
export function edgeAddress(env: Io['env']): string | null {
  return loadConfig(env).edge?.origin ?? null;
}

function withKey<T>(
  env: Io['env'],
  lockOf: (home: string) => { release(): void } | null,
  act: (key: HostKey, membership: Membership) => T,
): T {
  const config = loadConfig(env);
  const lock = lockOf(config.home);
  try {
    const { db, audit, settings, identity } = openHome(config);
    try {
      const facts = new HostFacts(db);
      const membership = new Membership(facts, identity, settings.instance_id);
      const rotated = (_: string, old: Pick<Identity, 'publicKey' | 'sign'>): void =>
        afterNewKey({ db, facts, identity, settings, membership }, old);
      return act(new HostKey({ identity, settings, grants: new Grants(db, identity, settings), audit, rotated }), membership);
    } finally {
      db.close();
    }
  } finally {
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
