import { access, constants, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { ToruError } from '../../shared/errors.ts';

/**
 * The real path of the scripts folder.
 * @param folder as the setting names it. @throws ToruError scripts_folder, with the next step, when it is missing, no folder, or not readable.
 */
export async function requireFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch((cause: unknown) => {
    const gone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw gone
      ? new ToruError(
          'scripts_folder',
          `The scripts folder ${folder} does not exist. Make it (mkdir -p ${quote(folder)}), or choose another.`,
          { cause },
        )
      : unreadable(folder, cause);
  });
  if (!(await stat(real)).isDirectory())
    throw new ToruError('scripts_folder', `The scripts folder ${folder} is not a folder. Choose one: TORU_SCRIPTS_DIR, or the settings.`);
  await access(real, constants.R_OK | constants.X_OK).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return real;
}

function unreadable(folder: string, cause: unknown): ToruError {
  const message = `The scripts folder ${folder} can’t be read by ${userInfo().username}. Look at: namei -l ${quote(folder)}`;
  return new ToruError('scripts_folder', message, { cause });
}

/** For a shell, as one word. */
export function quote(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
