import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { ToruError } from '../../shared/errors.ts';

/**
 * Looks at a path in another thread: a file system that does not answer (a network drive that is away) holds up who asks for the
 * path, and nobody else. What is looked at right after it is known by then, and looked at at once: each look through another
 * thread costs a press ten times what the look itself takes.
 */
export async function reach(path: string): Promise<void> {
  await stat(path).catch(() => undefined);
}

/**
 * The real path of the scripts folder. Call `reach` before it.
 * @param folder as the setting names it. @throws ToruError scripts_folder, with the next step, when it is missing, no folder, or not readable.
 */
export function requireFolder(folder: string): string {
  const real = realPathOf(folder);
  if (!statSync(real).isDirectory())
    throw new ToruError('scripts_folder', `The scripts folder ${folder} is not a folder. Choose one: TORU_SCRIPTS_DIR, or the settings.`);
  try {
    accessSync(real, constants.R_OK | constants.X_OK);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  return real;
}

function realPathOf(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    const gone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (!gone) throw unreadable(folder, cause);
    throw new ToruError(
      'scripts_folder',
      `The scripts folder ${folder} does not exist. Make it (mkdir -p ${quote(folder)}), or choose another.`,
      { cause },
    );
  }
}

function unreadable(folder: string, cause: unknown): ToruError {
  const message = `The scripts folder ${folder} can’t be read by ${userInfo().username}. Look at: namei -l ${quote(folder)}`;
  return new ToruError('scripts_folder', message, { cause });
}

/** For a shell, as one word. */
export function quote(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
