import { isErrorCode, ToruError } from '../../shared/errors.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import { agentClient } from './agent-client.ts';
import { edgeNow, hostNow, learnEdgeTime } from './clock.ts';
import { heardFromServer, networkThere, OFFLINE } from './connection/network-there.ts';
import { takeGiven } from './given.ts';
import { errorOf, type Guard } from './guards.ts';
import { readJson } from './read-json.ts';
import { t } from './translate.ts';
import { onHost } from './viewed-host.ts';

/**
 * The one way to the server over HTTP. An answer that is no success becomes a ToruError with the server's own sentence;
 * a session that is over goes to the login; a password that was typed too long ago is asked for, and the call repeated.
 */

interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}

/** The second argument of a call to `agent`: gives up when the signal says so. */
export function until(signal: AbortSignal | undefined): { init: RequestInit } | undefined {
  return signal === undefined ? undefined : { init: { signal } };
}

interface Hooks {
  /** The server says 401: the session is over. */
  sessionEnded: () => void;
  /** Asks for the password again. @returns whether it was given and right. */
  reauthenticate: (message: string) => Promise<boolean>;
}
let hooks: Hooks = { sessionEnded: () => undefined, reauthenticate: async () => false };

/** session.ts fills this in; api.ts knows nobody. */
export function setHooks(given: Hooks): void {
  hooks = given;
}

/** The API of this page's host: paths, queries and bodies are checked against the agent's own routes. Read the answer with `read`. */
export const agent = agentClient((path, init) => call(path, init));

/** The API of the home host, from the page of any host: what belongs to the installation. */
export const home = agentClient((path, init) => send(path, init, hostNow));

/** The API of one host, from a page of the home host. */
export function agentOn(host: string) {
  return agentClient((path, init) => send(path.replace(/^\/api\//, `/api/hosts/${host}/`), init, edgeNow));
}

/** @throws ToruError. @returns the answer's body, as `guard` saw it; undefined when there is none. */
export async function read<T>(guard: Guard<T>, request: Promise<{ text(): Promise<string> }>): Promise<T> {
  const text = await (await request).text();
  const body = text === '' ? undefined : readJson(text);
  if (!guard(body))
    throw new ToruError('internal', t('The server’s answer was not understood. Reload the page: it may be older than the server.'));
  return body;
}

/** A request that the edge answers itself: login, sessions, hosts. @throws ToruError. @returns the body, as `guard` saw it. */
export function edge<T>(guard: Guard<T>, method: 'GET' | 'POST' | 'DELETE', path: string, options: CallOptions = {}): Promise<T> {
  return read(
    guard,
    send(
      path,
      {
        method,
        headers: { accept: 'application/json', ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      edgeNow,
    ),
  );
}

/** A request that changes something is done within this time, or not at all: a header of the request says so. */
const PATIENCE_MS = 30_000;
/** So much later the answer may still come. */
const ANSWER_MS = 5000;

/** The clock of whoever does it. */
type Clock = () => number;

/** fetch, from this page's host, that throws ToruError for everything that is no success. */
export async function call(path: string, init: RequestInit, now: Clock = hostNow): Promise<Response> {
  return send(onHost(path), init, now);
}

async function send(path: string, init: RequestInit, now: Clock): Promise<Response> {
  const response = await answered(path, init, now);
  if (response.ok) return response;
  const error = await errorFrom(response);
  if (error.code === 'reauth_required' && (await hooks.reauthenticate(error.message))) {
    const again = await answered(path, init, now);
    if (again.ok) return again;
    throw await errorFrom(again);
  }
  if (error.code === 'unauthenticated' || error.code === 'session_expired') hooks.sessionEnded();
  throw error;
}

/** The answer to a change is not waited for without end: a network that went silent would answer minutes later. */
async function answered(path: string, init: RequestInit, now: Clock): Promise<Response> {
  if (!isUnsafe(init)) return sent(path, init, now);
  const deadline = AbortSignal.timeout(PATIENCE_MS + ANSWER_MS);
  try {
    return await sent(path, { ...init, signal: init.signal == null ? deadline : AbortSignal.any([init.signal, deadline]) }, now);
  } catch (cause) {
    if (!deadline.aborted) throw cause;
    throw new ToruError('host_timeout', t('No answer came. Look whether it was done before you try again: it is not done any later.'), {
      cause,
    });
  }
}

/** An answer of this page's host as it came, whatever it says: for those who read it on somebody's behalf. @throws ToruError host_timeout. */
export function attempt(path: string, init: RequestInit): Promise<Response> {
  return sent(onHost(path), init, hostNow);
}

async function sent(path: string, init: RequestInit, now: Clock): Promise<Response> {
  const headers = new Headers(init.headers);
  if (isUnsafe(init)) {
    if (!networkThere.peek()) throw new ToruError('host_timeout', t(OFFLINE));
    headers.set(NOT_AFTER, new Date(now() + PATIENCE_MS).toISOString());
  }
  try {
    const given = (init.method ?? 'GET') === 'GET' ? takeGiven(path) : null;
    const response = given ?? (await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init, headers }));
    heardFromServer();
    learnEdgeTime(response.headers.get('date'));
    return response;
  } catch (cause) {
    if (cause instanceof DOMException && (cause.name === 'AbortError' || cause.name === 'TimeoutError')) throw cause;
    throw new ToruError('host_timeout', t('No answer. Check this device’s network, then try again.'), { cause });
  }
}

function isUnsafe({ method = 'GET' }: RequestInit): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

async function errorFrom(response: Response): Promise<ToruError> {
  const reported = errorOf(readJson(await response.text().catch(() => '')));
  const retryAfter = Number(response.headers.get('retry-after'));
  const extra = { ...reported?.extra, ...(retryAfter > 0 ? { retry_after: retryAfter } : {}) };
  if (reported !== null && isErrorCode(reported.code)) return new ToruError(reported.code, reported.message, { extra });
  return new ToruError('internal', t('The server answered {status}. Try again in a moment.', { status: response.status }), { extra });
}

/** The sentence to show for anything thrown. */
export function sentence(thrown: unknown): string {
  if (thrown instanceof ToruError) return thrown.message;
  return t('Something went wrong in the page. Reload it, then try again.');
}
