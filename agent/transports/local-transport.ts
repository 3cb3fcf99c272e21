import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { ToruError } from '../../shared/errors.ts';
import { isAmbiguousPath } from '../../shared/raw-path.ts';
import { MAX_SOCKET_PATH } from '../config-home.ts';
import type { Log } from '../logger.ts';
import { StartError } from '../start-error.ts';
import type { Caller } from '../users/caller.ts';
import { ownerOfProcess } from '../users/caller.ts';

export interface LocalTransportOptions {
  /** TORU_HOME: ours alone, mode 0700. */
  home: string;
  api: { fetch(request: Request, env: { caller: Caller }): Response | Promise<Response> };
  log: Pick<Log, 'error'>;
}

export interface LocalTransport {
  /** TORU_HOME/api.sock */
  readonly path: string;
  /** Ends open requests, and removes the socket. */
  close(): Promise<void>;
}

/**
 * The transport for the command line: the same API, on a Unix socket that only its owner can open. Who comes through it owns
 * the host's files anyway, so they are an admin.
 * @throws StartError when another agent answers there, or the path is too long for a socket.
 */
export function startLocalTransport({ home, api, log }: LocalTransportOptions): Promise<LocalTransport> {
  const owner = ownerOfProcess();
  return startSocket({ path: join(home, 'api.sock'), callerOf: () => ({ ...owner, auth_time: Date.now() }), api, log });
}

interface SocketOptions extends Omit<LocalTransportOptions, 'home'> {
  path: string;
  /** Whose request it is. @throws ToruError for nobody's. */
  callerOf: (request: Request) => Caller;
}

/** The API on a Unix socket that only the owner of this process can open. @throws StartError as above. */
export async function startSocket({ path, ...options }: SocketOptions): Promise<LocalTransport> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new StartError(`${path} is too long for a socket (${MAX_SOCKET_PATH} bytes at most). Choose a shorter TORU_HOME.`);
  }
  await removeStale(path);
  const server = createServer(listener(options));
  await listen(server, path);
  return { path, close: () => close(server) };
}

function listener({ callerOf, api, log }: Omit<SocketOptions, 'path'>): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const answer = getRequestListener((request) => answerTo(request), {
    hostname: 'localhost',
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      log.error({ err: error }, 'a request at the local socket failed');
      return refusal(new ToruError('bad_request', 'That is not a request that this host understands.'));
    },
  });
  async function answerTo(request: Request): Promise<Response> {
    try {
      return await api.fetch(request, { caller: callerOf(request) });
    } catch (error) {
      if (error instanceof ToruError) return refusal(error);
      // Who asked has left, and what was done for them said so: nobody hears the answer.
      if (request.signal.aborted) return new Response(null, { status: 499 });
      throw error;
    }
  }
  return (incoming, outgoing) => {
    // Before the URL is parsed: parsing would put `..` and `\` straight, and hide what was sent.
    if (isAmbiguousPath((incoming.url ?? '/').split('?', 1)[0] ?? '')) {
      const error = new ToruError('bad_path', 'The path holds characters that can be read in two ways.');
      outgoing.writeHead(error.status, { 'content-type': 'application/json' }).end(JSON.stringify(error.toBody()));
      return;
    }
    answer(incoming, outgoing).catch((error: unknown) => log.error({ err: error }, 'a request at the local socket failed'));
  };
}

function refusal(error: ToruError): Response {
  return Response.json(error.toBody(), { status: error.status });
}

/** A killed agent leaves its socket behind. Only one that nobody answers at is removed, and never anything but a socket. */
async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw new StartError(`${path} is in the way, and is not a socket. Move it elsewhere.`);
  if (await answers(path)) throw new StartError(`Another agent answers at ${path}. Stop it first.`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Node binds a path before `listen` returns, so the mask covers exactly that, and the socket is never open to others. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        chmodSync(path, 0o600);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
