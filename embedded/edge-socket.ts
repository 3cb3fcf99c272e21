import { join } from 'node:path';
import { MAX_SOCKET_PATH } from '../agent/config-home.ts';
import { StartError } from '../agent/start-error.ts';

/**
 * Where the front and the agent reach workerd: in TORU_HOME, which is 0700 and ours (`prepareHome`). Only this user and root can
 * make, replace or open anything there, so whoever listens at this path is ours, and so is whoever connects.
 * @throws StartError when the path is too long for a socket.
 */
export function edgeSocket(home: string): string {
  const path = join(home, 'web.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  throw new StartError(`${path} is too long for a socket (${MAX_SOCKET_PATH} bytes at most). Choose a shorter TORU_HOME.`);
}
