import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { host } from '../../shared/hosts.ts';
import type { EdgeLocation } from '../config-edge.ts';
import { askEdge } from './up/edge-post.ts';

/** How somebody is let in: by their password, or by the code of a login link. */
export type Credentials = { username: string; password: string } | { code: string };

const me = z.looseObject({ user: z.looseObject({ username: z.string() }) });
const listOfHosts = z.object({ items: z.array(host.pick({ id: true, name: true, home: true, online: true, last_seen: true })) });
export type EdgeHost = z.infer<typeof listOfHosts>['items'][number];

/** A session at the edge, as a browser has one: for what is asked of other hosts than this one. */
export class EdgeSession {
  readonly #edge: EdgeLocation;
  readonly #cookie: string;
  readonly username: string;

  private constructor(edge: EdgeLocation, cookie: string, username: string) {
    this.#edge = edge;
    this.#cookie = cookie;
    this.username = username;
  }

  /** @throws as `askEdge`: invalid_credentials, too_many_attempts, and whatever the home host says. */
  static async logIn(edge: EdgeLocation, given: Credentials, signal: AbortSignal): Promise<EdgeSession> {
    const path = 'code' in given ? '/api/login/link' : '/api/login';
    const { value, headers } = await askEdge(edge, 'POST', path, me, { body: given, signal });
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    return new EdgeSession(edge, cookie, value.user.username);
  }

  async hosts(signal: AbortSignal): Promise<EdgeHost[]> {
    return (await this.ask('GET', '/api/hosts', listOfHosts, { signal })).items;
  }

  /** @param path under `/api`. @throws as `askEdge`. */
  async ask<T>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    { body, signal }: { body?: object; signal: AbortSignal },
  ): Promise<T> {
    const { value } = await askEdge(this.#edge, method, path, schema, {
      cookie: this.#cookie,
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return value;
  }

  /** The session is over at the edge and at its hosts. An edge that does not answer ends it when it runs out. */
  async logOut(): Promise<void> {
    const leaving = this.ask('POST', '/api/logout', z.unknown(), { body: {}, signal: AbortSignal.timeout(LOGOUT_MS) });
    await leaving.catch(() => undefined);
  }
}

const LOGOUT_MS = 5000;

/** Is the session itself over, whatever is asked? */
export function isLoggedOut(error: unknown): error is ToruError {
  return error instanceof ToruError && (error.code === 'unauthenticated' || error.code === 'session_expired');
}
