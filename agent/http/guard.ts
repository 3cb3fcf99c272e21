import type { Context, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { matchedRoutes } from 'hono/route';
import { ToruError, toToruError } from '../../shared/errors.ts';
import { notAfterOf, refuseLate } from '../../shared/in-time.ts';
import { isAmbiguousPath } from '../../shared/raw-path.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import type { Log } from '../logger.ts';
import type { Caller } from '../users/caller.ts';
import { forAsker } from '../users/for-asker.ts';
import type { Permission } from '../users/permissions.ts';
import { authorize } from '../users/permissions.ts';
import type { ApiEnv } from './router.ts';

/** Edge and agent must read a path alike. */
export const plainPath: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const [address = ''] = c.req.url.split('?', 1);
  if (isAmbiguousPath(address.replace(/^\w+:\/\/[^/]*/, '')))
    throw new ToruError('bad_path', 'The path holds characters that can be read in two ways.');
  await next();
};

/**
 * May the caller use this route? Asked of the router that dispatches, so that what is authorised is what runs: a
 * route that is not in the table of permissions is refused to everybody.
 */
export function guard(table: ReadonlyMap<string, Permission>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    for (const key of routeKeys(c)) authorize(c.env.caller, table.get(key) ?? null);
    await next();
  };
}

/** The routes that this request is about to run, as the table spells them. Hono answers HEAD with the route of GET. */
function routeKeys(c: Context<ApiEnv>): Set<string> {
  const method = methodOf(c);
  return new Set(matchedRoutes(c).flatMap((route) => (route.method === method ? [`${method} ${route.path}`] : [])));
}

function methodOf(c: Context<ApiEnv>): string {
  return c.req.method === 'HEAD' ? 'GET' : c.req.method;
}

/** A request that arrives after its own time is not done. A start looks itself, for its repetitions. */
export const inTime: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const method = methodOf(c);
  if (method !== 'GET' && !(method === 'POST' && c.req.path === '/api/runs')) refuseLate(notAfterOf(c.req.header(NOT_AFTER)), Date.now());
  await next();
};

/** The answer where no route matches: 405 with `Allow` when the path has other methods, else 404. */
export function noRoute(table: ReadonlyMap<string, Permission>): (c: Context<ApiEnv>) => Response {
  const routes = [...table.keys()].map((key) => {
    const [method = '', path = ''] = key.split(' ');
    return { method, path: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+').replace(/\*$/, '.*')}$`) };
  });
  return (c) => {
    const allowed = routes.flatMap(({ method, path }) => (path.test(c.req.path) ? [method] : []));
    if (allowed.length === 0)
      return errorAnswer(new ToruError('not_found', 'There is nothing at this address. Check its spelling, or update the host.'));
    const answer = errorAnswer(
      new ToruError('method_not_allowed', `${c.req.method.slice(0, 20)} does not work here; ${allowed.join(', ')} does.`),
    );
    answer.headers.set('allow', allowed.join(', '));
    return answer;
  };
}

/** The entry of the audit for an act that was refused. */
interface RefusedRequest {
  event: 'request.refused';
  caller: Caller;
  target: string;
  outcome: 'refused';
  detail: { code: string };
}

/** Anything that was thrown, in the one shape of errors. An error that is not ours goes to the log, and never to the asker. */
export function failed({ log, audit }: { log: Pick<Log, 'error'>; audit: { record(refused: RefusedRequest): void } }) {
  return (thrown: Error, c: Context<ApiEnv>): Response => {
    const error = forAsker(ourError(thrown), c.env.caller);
    // A start that was refused has an entry of its own.
    const { path } = c.req;
    if (isRefusal(error) && path !== '/api/runs')
      audit.record({
        event: 'request.refused',
        caller: c.env.caller,
        target: `${methodOf(c)} ${path.slice(0, 200)}`,
        outcome: 'refused',
        detail: { code: error.code },
      });
    if (error.code === 'internal')
      log.error({ err: thrown, method: c.req.method, path: c.req.path, user: c.env.caller.username }, 'a request failed');
    return errorAnswer(error);
  };
}

/** Was an act refused to its asker, as one that they may not do? */
export function isRefusal({ code }: ToruError): boolean {
  return code === 'forbidden' || code === 'reauth_required';
}

/** Hono's own: it read a body that was announced as JSON and is empty. */
function ourError(thrown: Error): ToruError {
  if (thrown instanceof HTTPException && thrown.status === 400)
    return new ToruError('bad_json', 'A JSON body is expected.', { cause: thrown });
  return toToruError(thrown);
}

function errorAnswer(error: ToruError): Response {
  return Response.json(error.toBody(), { status: error.status });
}
