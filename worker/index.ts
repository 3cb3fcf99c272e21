import { Hono } from 'hono';
import { ToruError, toToruError } from '../shared/errors.ts';
import { Account } from './account/account.ts';
import { Host } from './host/host.ts';
import { appRoutes } from './http/app-routes.ts';
import { claimRoutes } from './http/claim-routes.ts';
import type { EdgeContext, EdgeEnv } from './http/edge-context.ts';
import { inTime, jsonOnly, knownPlace, onlyFetched, plainPaths, sameSite } from './http/edge-guard.ts';
import { withDataHeaders } from './http/headers.ts';
import { hookRoutes } from './http/hook-routes.ts';
import { hostRoutes } from './http/host-routes.ts';
import { loginRoutes } from './http/login-routes.ts';
import { knownMethods } from './http/methods.ts';
import { pairRoutes } from './http/pair-routes.ts';
import { relayRoutes } from './http/relay-routes.ts';
import { servePage } from './http/serve-page.ts';
import { sessionRoutes } from './http/session-routes.ts';
import { siteOf } from './http/site.ts';

// The two classes that wrangler.toml binds.
export { Account, Host };

/** The edge: the page, the login, and the way to the hosts. */
const app = new Hono<EdgeEnv>()
  .use(plainPaths, knownPlace)
  .use('/api/*', dataHeaders, knownMethods, sameSite, onlyFetched, jsonOnly)
  .on(['POST', 'DELETE'], ['/api/login', '/api/logout', '/api/sessions/*', '/api/hosts/:host/pending/*'], inTime)
  .route('/', loginRoutes)
  .route('/', sessionRoutes)
  .route('/', hostRoutes)
  .route('/', claimRoutes)
  .route('/', pairRoutes)
  .route('/', hookRoutes)
  .route('/', relayRoutes)
  .all('/api', () => {
    throw new ToruError('not_found', 'There is nothing at this address.');
  })
  .route('/', appRoutes(answerTo));

app.all('*', (c) => servePage(c, (path) => answerTo(c, path)));

app.onError(answerError);

/** The API's answer to a GET of the page that this request opens: in the same name, and through all that stands before a route. */
async function answerTo(c: EdgeContext, path: string): Promise<Response> {
  const headers = new Headers(c.req.raw.headers);
  // Those of a fetch by the page itself.
  for (const [name, value] of Object.entries({ dest: 'empty', mode: 'cors', site: 'same-origin' })) headers.set(`sec-fetch-${name}`, value);
  for (const name of ['if-none-match', 'if-modified-since', 'range', 'sec-fetch-user']) headers.delete(name);
  return app.fetch(new Request(new URL(path, c.req.raw.url), { headers, signal: c.req.raw.signal }), c.env, c.executionCtx);
}

/** Also of what the host answered: its headers are rebuilt from a short list. A socket's 101 has none to guard. */
async function dataHeaders(c: EdgeContext, next: () => Promise<void>): Promise<void> {
  await next();
  if (c.res.status !== 101) c.res = withDataHeaders(c.res, c.get('site'));
}

/** Every error of every route. What is not ours is logged and becomes `internal`: a stack never reaches a client. */
function answerError(thrown: unknown, c: EdgeContext): Response {
  const error = toToruError(thrown);
  if (error.code === 'internal') console.error(thrown);
  const response = Response.json(error.toBody(), { status: error.status });
  const { retry_after, allow } = error.extra;
  if (typeof retry_after === 'number') response.headers.set('retry-after', String(retry_after));
  if (typeof allow === 'string') response.headers.set('allow', allow);
  return withDataHeaders(response, siteOf(c.req.raw, c.env));
}

export default app;
