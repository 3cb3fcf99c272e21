import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../start-error.ts';
import type { Io } from '../io.ts';
import { note, print } from '../io.ts';
import { copyDatabase, removeCopy, restoreDatabase } from './home-of-service.ts';
import { waitForLink } from './install.ts';
import type { InstalledPackage } from './installed-package.ts';
import { versionOf } from './installed-package.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Scope } from './service-spec.ts';
import type { Step } from './step.ts';
import { perform } from './step.ts';

/** The service that runs what is updated. */
export interface Running {
  manager: ServiceManager;
  scope: Scope;
  home: string;
}

/** A new version that is not linked after so long is taken back. */
const LINK_MS = 60_000;

/**
 * Replaces the package, starts the service again, and goes back by itself when the host is not linked then. Runs go on meanwhile.
 * @param root of the package. @param running null: nothing is started again. @returns the exit code. @throws StartError
 */
export async function update(
  root: string,
  installed: InstalledPackage,
  running: Running | null,
  io: Io,
  limitMs = LINK_MS,
): Promise<number> {
  const before = versionOf(root);
  if (running !== null && existsSync(join(running.home, 'toru.db'))) copyDatabase(running.home);
  installed.replace();
  const after = versionOf(root);
  await print(io, `Toru ${after} is installed in ${root}, in the place of ${before}.`);
  if (running === null) {
    await print(io, 'No service runs it: start it again where you started it.');
    return 0;
  }
  const problem = await startAgain(running, running.manager.restart(running.scope), limitMs);
  if (problem === null) {
    removeCopy(running.home);
    await print(io, 'The service runs it, and this host is linked. Runs went on meanwhile.');
    return 0;
  }
  await note(io, `${after} is not linked within ${limitMs / 1000} s (${problem}), so ${before} comes back`);
  installed.goBack();
  return (await startOld(running, io, limitMs)) ? 125 : 70;
}

async function startOld(running: Running, io: Io, limitMs: number): Promise<boolean> {
  const { manager, scope, home } = running;
  if ((await startAgain(running, manager.restart(scope), limitMs)) !== null) {
    // The newer one changed tables: the older one does not touch those.
    perform(manager.stop(scope));
    const kept = restoreDatabase(home);
    const problem = await startAgain(running, manager.start(scope), limitMs);
    if (problem !== null) {
      await note(io, `the version before does not link either: ${problem} See: toru service logs`);
      return false;
    }
    await note(io, `the database is as it was before the update; what the newer version wrote is kept in ${kept}`);
  }
  await note(io, 'the version before runs again, and this host is linked');
  return true;
}

/** @returns null once it is linked, else what is the matter. */
async function startAgain({ home }: Running, step: Step, limitMs: number): Promise<string | null> {
  try {
    perform(step, limitMs);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  return waitForLink(home, limitMs);
}
