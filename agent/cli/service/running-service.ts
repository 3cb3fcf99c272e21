import { existsSync, rmSync } from 'node:fs';
import { isAlive } from '../../lock.ts';
import { StartError } from '../../start-error.ts';
import type { Io } from '../io.ts';
import { print } from '../io.ts';
import { pidOf } from './choose-spec.ts';
import { removeHome } from './home-of-service.ts';
import type { Env } from './service-manager.ts';
import { serviceManagerOf } from './service-manager.ts';
import type { Scope } from './service-spec.ts';
import { describe, perform } from './step.ts';
import { SYSTEM_LOGS } from './systemd.ts';
import type { Running } from './update.ts';

/** The services that are installed here: that of the machine first. */
export function servicesOf(env: Env): Running[] {
  const manager = managerOrNull(env);
  if (manager === null) return [];
  const scopes: Scope[] = ['system', 'user'];
  return scopes.flatMap((scope) => {
    const { exists, home, defaultHome } = manager.installed(scope);
    return exists ? [{ manager, scope, home: home ?? defaultHome }] : [];
  });
}

/** The service of this machine, or of this user; null when none is installed. @throws StartError for one of the machine without root. */
export function runningService(env: Env): Running | null {
  const [found = null] = servicesOf(env);
  if (found?.scope === 'system' && process.getuid?.() !== 0)
    throw new StartError('Toru is a service of this machine here. Type the same with sudo.');
  return found;
}

/** Stops and removes it; with a home, that too. @throws StartError while an agent that is no service uses that home. */
export async function removeService(running: Running | null, home: string | null, io: Io): Promise<void> {
  if (running !== null) for (const step of running.manager.uninstall(running.scope)) if (perform(step)) await print(io, describe(step));
  if (home === null) return;
  const pid = pidOf(home);
  if (pid !== null && isAlive(pid)) throw new StartError(`An agent (pid ${pid}) still uses ${home}. Stop it, and type the same again.`);
  removeHome(home);
  await print(io, `remove ${home}`);
  if (running?.scope !== 'system' || !existsSync(SYSTEM_LOGS)) return;
  rmSync(SYSTEM_LOGS, { recursive: true, force: true });
  await print(io, `remove ${SYSTEM_LOGS}`);
}

function managerOrNull(env: Env) {
  try {
    return serviceManagerOf(env);
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
