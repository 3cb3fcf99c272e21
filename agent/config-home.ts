import { accessSync, chmodSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { unreachable } from '../shared/errors.ts';
import { StartError } from './start-error.ts';
import type { Changeable } from './system/changeable.ts';
import { replaceableBy } from './system/changeable.ts';
import { foldersAbove } from './system/folders-above.ts';

/** Of a socket in TORU_HOME: `sockaddr_un.sun_path`, less its closing NUL. */
export const MAX_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107;

/**
 * Makes TORU_HOME, or checks the one that is there: a folder of ours alone, because keys, hashes and output lie in it.
 * @throws StartError with the command that fixes it.
 */
export function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`TORU_HOME ${home} can't be made (${reason}). Choose another folder, or make it yourself.`, { cause: error });
  }
  for (const above of foldersAbove(home)) checkAbove(home, above);
  const found = statSync(home);
  const uid = process.getuid?.();
  if (found.uid !== uid) {
    throw new StartError(
      `TORU_HOME ${home} belongs to user ${found.uid}, and this is user ${uid}. Start Toru as its owner, or choose another folder.`,
    );
  }
  try {
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const readOnly = error instanceof Error && 'code' in error && error.code === 'EROFS';
    throw new StartError(
      readOnly
        ? `TORU_HOME ${home} lies on a disk that is mounted read-only. Mount it writable, or choose another folder.`
        : `TORU_HOME ${home} is not writable for you. Run: chmod 700 ${home}`,
      { cause: error },
    );
  }
  if ((found.mode & 0o077) === 0) return;
  // An empty one (a fresh mkdir, a container's volume) holds nothing that anyone could have read or planted.
  if (readdirSync(home).length > 0)
    throw new StartError(`TORU_HOME ${home} is open to other users of this machine. Run: chmod 700 ${home}`);
  chmodSync(home, 0o700);
}

/**
 * A user who may rename the entries of a folder above could put a home of their own in the place of ours, with sockets in it that listen for
 * passwords.
 */
function checkAbove(home: string, above: string): void {
  const other = replaceableBy(statSync(above), above);
  if (other === null) return;
  const fix = other.by === 'owner' ? 'Choose a folder below your own.' : `Run: ${other.fix} ${above}`;
  throw new StartError(`TORU_HOME ${home} lies in ${above}, in which ${whoElse(other)} may move it away. ${fix}`);
}

function whoElse({ by, group }: Changeable): string {
  switch (by) {
    case 'everyone':
      return 'every user';
    case 'owner':
      return 'its owner, another user,';
    case 'group':
      return `the group “${group}”, in which others are,`;
    case 'list':
      return 'others, by an access list (ACL),';
    default:
      return unreachable(by);
  }
}
