import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** `sockaddr_un.sun_path` of the smallest system that Toru runs on (macOS), less its closing NUL. */
const MAX_PATH_BYTES = 103;

/** Connections that have not yet said who they are, at once. */
const MAX_STRANGERS = 4;

/** A path for one launch's socket, in a folder that only we may enter. Nothing is made of the socket itself yet. */
export function socketPath(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const path = join(folder, `${randomBytes(4).toString('hex')}.sock`);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  // A long TORU_HOME. mkdtemp makes a folder that is new and ours, whoever else may write beside it.
  const short = [tmpdir(), '/tmp'].find((place) => Buffer.byteLength(join(place, 'toru-XXXXXX', 's')) <= MAX_PATH_BYTES) ?? '/tmp';
  return join(mkdtempSync(join(short, 'toru-')), 's');
}

/** Takes away what `socketPath` and `listenAt` made. */
export function removeSocket(path: string): void {
  rmSync(path, { force: true });
  if (/^toru-[A-Za-z0-9]{6}$/.test(basename(dirname(path)))) rmSync(dirname(path), { recursive: true, force: true });
}

/** Listens there, for this user only. */
export async function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  server.maxConnections = MAX_STRANGERS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}
