import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { StartError } from '../../start-error.ts';
import { accountOf } from '../accounts.ts';
import { shellWord } from './step.ts';

/** The Toru that is installed here, as something that can be replaced, and put back as it was. */
export interface InstalledPackage {
  /** Brings the new version. @throws StartError, with the one before still there. */
  replace(): void;
  /** The one before again. @throws StartError */
  goBack(): void;
}

/** An npm or git that hangs is ended. */
const LIMIT_MS = 10 * 60_000;

const manifest = z.object({ version: z.string() });

export function versionOf(root: string): string {
  return manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;
}

/** A clone follows its branch. @throws StartError */
export function clone(root: string): InstalledPackage {
  const run = runnerIn(root, root);
  const before = run(['git', 'rev-parse', 'HEAD']).trim();
  const goBack = (): void => {
    // What its owner changed in the clone stays.
    run(['git', 'reset', '--quiet', '--keep', before]);
    run(['npm', 'run', 'build']);
  };
  return {
    replace: () => {
      run(['git', 'pull', '--quiet', '--ff-only']);
      try {
        run(['npm', 'run', 'build']);
      } catch (error) {
        goBack();
        throw error;
      }
    },
    goBack,
  };
}

/** A package of `npm install --global`. @param file the tarball, absolute. @throws StartError */
export function globalPackage(root: string, file: string): InstalledPackage {
  const modules = dirname(root);
  const prefix = dirname(dirname(modules));
  if (basename(modules) !== 'node_modules' || basename(dirname(modules)) !== 'lib')
    throw new StartError(
      `${root} was not installed by “npm install --global”. Install the new one as you did this one, then: toru service restart`,
    );
  // Nobody stands in the folder that is replaced.
  const run = runnerIn(root, modules);
  // npm leaves alone what begins with a dot. It stays, so that there is always one to go back to.
  const last = join(modules, '.toru-last');
  return {
    replace: () => {
      rmSync(last, { recursive: true, force: true });
      run(['cp', '-a', root, last]);
      run(['npm', 'install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', '--', file]);
    },
    goBack: () => {
      const failed = join(modules, '.toru-failed');
      rmSync(failed, { recursive: true, force: true });
      if (existsSync(root)) renameSync(root, failed);
      run(['cp', '-a', last, root]);
      rmSync(failed, { recursive: true, force: true });
    },
  };
}

/** Runs commands in a folder as the package's owner. @throws StartError where that is another user, and this one not root. */
function runnerIn(root: string, cwd: string): (command: readonly [string, ...string[]]) => string {
  const { uid, gid } = statSync(root);
  const own = process.getuid?.() ?? 0;
  const owner = accountOf(uid);
  if (own !== 0 && own !== uid) throw new StartError(`${root} belongs to ${owner?.name ?? uid}. Type: sudo toru update …`);
  const as = own === uid ? {} : { uid, gid, env: { ...process.env, HOME: owner?.home ?? '/', USER: owner?.name ?? '' } };
  return ([program, ...args]) => {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      ...as,
    });
    if (error === undefined && status === 0) return stdout;
    throw new StartError(
      `${[program, ...args].map(shellWord).join(' ')}: ${error?.message ?? (stderr.trim() || `it ended with ${status}`)}`,
    );
  };
}
