import { request } from 'node:http';
import { pipeline } from 'node:stream';
import { hc } from 'hono/client';
import * as z from 'zod';
import { isErrorCode, ToruError } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { streamed } from '../http/streamed.ts';
import type { Api } from '../systems.ts';
import { otherUsersAgent } from './enter-home.ts';
import { socketOf } from './home-of.ts';

/** The host's API, typed, through its Unix socket. */
export function connect(env: Readonly<Record<string, string | undefined>>) {
  const socket = socketOf(env);
  return hc<Api>('http://localhost', {
    fetch: (input: RequestInfo | URL, init?: RequestInit) => socketFetch(socket, new Request(input, init)),
  }).api;
}
export type Client = ReturnType<typeof connect>;

/** A request whose answer is parsed where it is used. @throws ToruError with what the agent said when it is no good one. */
export function ask(
  env: Readonly<Record<string, string | undefined>>,
  method: string,
  path: string,
  { body, signal }: { body?: unknown; signal?: AbortSignal } = {},
): Promise<Response> {
  const init = {
    method,
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  };
  return good(socketFetch(socketOf(env), new Request(`http://localhost${path}`, init)));
}

/**
 * The answer when it is a good one.
 * @throws ToruError with what the agent said otherwise.
 */
export async function good<R extends { ok: boolean; status: number; text(): Promise<string> }>(answer: Promise<R>): Promise<R> {
  const response = await answer;
  if (response.ok) return response;
  const received = errorBody.safeParse(parseJsonOrNull(await response.text()));
  const { code, message, ...extra } = received.success
    ? received.data.error
    : { code: 'internal', message: `The agent answered ${response.status}.` };
  throw new ToruError(isErrorCode(code) ? code : 'internal', message, { extra });
}

const errorBody = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) });

/** A request of a program inside a terminal, about that terminal. @throws ToruError, as `ask`; forbidden outside of terminals. */
export function askOfTerminal(
  env: Readonly<Record<string, string | undefined>>,
  act: 'notify' | 'status' | 'exec',
  body: unknown,
): Promise<Response> {
  const { TORU_SOCKET: socket, TORU_TERMINAL_TOKEN: token } = env;
  if (socket === undefined || token === undefined)
    throw new ToruError('forbidden', 'This is no terminal of Toru: TORU_TERMINAL_TOKEN is not set. Open one: toru terminal new --attach');
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return good(
    socketFetch(socket, new Request(`http://localhost/api/terminal/${act}`, { method: 'POST', body: JSON.stringify(body), headers })),
  );
}

/** A body of this type is sent as it comes, however large. */
export const BYTES = 'application/octet-stream';

/** fetch, to a Unix socket. Node's own has no such option. @throws ToruError host_offline when no agent listens there. */
async function socketFetch(socketPath: string, query: Request): Promise<Response> {
  const bytes = query.headers.get('content-type') === BYTES ? query.body : null;
  const body = query.body === null || bytes !== null ? null : Buffer.from(await query.arrayBuffer());
  const { pathname, search } = new URL(query.url);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      path: pathname + search,
      method: query.method,
      headers: Object.fromEntries(query.headers),
      signal: query.signal,
    });
    outgoing.on('response', (incoming) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === 'string') headers.set(name, value);
      const status = incoming.statusCode ?? 500;
      if (status === 204) incoming.resume();
      resolve(new Response(status === 204 ? null : streamed(chunksOf(incoming), () => incoming.destroy()), { status, headers }));
    });
    outgoing.on('error', (error: Error & { code?: string }) => {
      const away = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      if (away)
        reject(
          new ToruError(
            'host_offline',
            `No agent runs here (nobody answers at ${socketPath}). ${otherUsersAgent() ?? 'Start it: toru start'}`,
            { cause: error },
          ),
        );
      else if (error.code === 'EACCES')
        reject(
          new ToruError('forbidden', `${socketPath} belongs to another user. Run this as the user whom the agent runs as.`, {
            cause: error,
          }),
        );
      else reject(error);
    });
    if (bytes === null) outgoing.end(body ?? undefined);
    // An agent that refuses it answers before its end.
    else pipeline(chunksOf(bytes), outgoing, () => undefined);
  });
}

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of body) yield bytes;
}
