import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { hostId } from '../../shared/ids.ts';
import { notAfterOf } from '../../shared/in-time.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { MAX_PENDING_BYTES } from '../../shared/limits.ts';
import { LINK_DIAL_HEADER, LINK_PATH } from '../../shared/link-protocol.ts';
import { networkOf } from '../../shared/network-of.ts';
import type { RunRequest } from '../../shared/runs.ts';
import { runRequest } from '../../shared/runs.ts';
import { passable, REQUEST_HEADERS, requestHead } from '../../shared/tunnel.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import { withWrittenDigits } from '../../shared/written-digits.ts';
import { accountOf, hostOf } from '../env.ts';
import { seal } from '../host/envelope.ts';
import { unwrap } from '../result.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { FRONT_HEADER, rawPath } from './edge-guard.ts';
import { userAgent } from './login-routes.ts';
import { pageVersion, reloadPage } from './page-version.ts';
import { readText } from './read-body.ts';
import { requireGrant, requireSession } from './session-cookie.ts';
import { toHost } from './to-host.ts';

/** The ways through the edge: an agent's link, a browser's socket, and every other request to a host. */
export const relayRoutes = new Hono<EdgeEnv>()
  .get(LINK_PATH, async (c) => {
    requireUpgrade(c);
    const id = hostId.safeParse(c.req.query('host'));
    const { origin } = c.get('site');
    // The agent of this machine dials workerd's own socket: nobody comes in its name from outside.
    const members = c.env.EMBEDDED === '1' && c.req.header(FRONT_HEADER) !== undefined;
    const terms = id.success ? await accountOf(c.env).linkTerms(id.data, origin, c.req.header(LINK_DIAL_HEADER) ?? null, members) : null;
    // Only now is an object addressed: a stranger can't make any by naming ids.
    if (!id.success || terms === null)
      throw new ToruError('unknown_host', 'This edge does not know that host. Pair it (toru up), or add its key to HOST_KEYS.');
    return pass(
      c,
      id.data,
      seal({ to: 'agent', terms: { ...unwrap(terms), host: id.data, origin, address: networkOf(c.get('address')).slice(0, 64) } }),
    );
  })
  .use('/api/*', requireSession)
  .use('/api/hosts/:host/*', async (c, next) => {
    // The router cuts the path behind this prefix: spelled with percent signs, it would be longer than what it names.
    if (!rawPath(c.req.raw.url).startsWith(`/api/hosts/${c.req.param('host')}/`))
      throw new ToruError('bad_path', 'Write “/api/hosts/” and the host’s id as they are, without percent signs.');
    await next();
  })
  .get('/api/ws', (c) => openSocket(c, null))
  .get('/api/hosts/:host/ws', (c) => openSocket(c, c.req.param('host')))
  .post('/api/runs', (c) => startRun(c, null))
  .post('/api/hosts/:host/runs', (c) => startRun(c, c.req.param('host')))
  .all('/api/hosts/:host/*', (c) => {
    const name = c.req.param('host');
    return tunnel(c, name, `/api/${rawPath(c.req.raw.url).slice(`/api/hosts/${name}/`.length)}`);
  })
  .all('/api/*', (c) => tunnel(c, null, rawPath(c.req.raw.url)));

async function openSocket(c: EdgeContext, name: string | null): Promise<Response> {
  requireUpgrade(c);
  // A page of another site can open a WebSocket here with our cookie; it can't choose its Origin.
  if (c.req.header('origin') !== c.get('site').origin) throw new ToruError('cross_site', 'A socket has to be opened by Toru’s own page.');
  const { protocol, newer_page } = await pageVersion(c);
  if (protocol === null) return reloadPage();
  const host = hostNamed(c, name);
  const { sid, sub } = c.get('session');
  const { grant, grant_exp, role } = await requireGrant(c.get('session'), c.env, host);
  const address = c.get('address').slice(0, 64);
  return pass(
    c,
    host,
    seal({ to: 'browser', session: { sid, sub, role, grant, grant_exp, address, user_agent: userAgent(c), protocol }, newer_page }),
  );
}

/** A run that may wait, as a body: with spaces, and each character as `\u0000`. */
const LARGEST_THAT_WAITS = 8 * MAX_PENDING_BYTES;

/** A run goes to the host like everything else, unless it is away and the run may wait. */
async function startRun(c: EdgeContext, name: string | null): Promise<Response> {
  // A larger body can't wait: the host reads it, as it comes, and this edge does not.
  if (Number(c.req.header('content-length')) > LARGEST_THAT_WAITS) return tunnel(c, name, '/api/runs');
  const text = await readText(c.req.raw);
  const request = mayWait(text);
  if (request !== null) {
    const { sid, sub } = c.get('session');
    const not_after = request.not_after ?? notAfterOf(c.req.header(NOT_AFTER));
    const kept = unwrap(await hostOf(c.env, hostNamed(c, name)).queueRun({ sid, sub }, { ...request, not_after }));
    if (kept !== null) return c.json({ queued: true, request_id: kept.request_id, expires_at: kept.expires_at }, 202);
  }
  return tunnel(c, name, '/api/runs', text);
}

/** Null for what the host has to read, or to refuse, itself. */
function mayWait(text: string): RunRequest | null {
  const request = runRequest.safeParse(parseJsonOrNull(text));
  return request.success && request.data.when_away === 'queue' ? withWrittenDigits(request.data, text) : null;
}

/** @param text the body, where it was read already. */
async function tunnel(c: EdgeContext, name: string | null, path: string, text: string | null = null): Promise<Response> {
  const method = requestHead.shape.method.safeParse(c.req.method);
  if (!method.success) throw new ToruError('method_not_allowed', `${c.req.method} is not a method of this API.`);
  const host = hostNamed(c, name);
  const { headers, url } = c.req.raw;
  const body = text === null ? c.req.raw.body : text === '' ? null : text;
  const query = /\?[^#]*/.exec(url)?.[0] ?? '';
  const request = { method: method.data, path, query, headers: passable(headers, REQUEST_HEADERS, path) };
  const answer = await toHost(c, host, c.get('session'), request, body);
  return withLength(answer);
}

/**
 * A body that breaks off must not look whole. workerd ends a chunked one properly whatever happened to it (measured,
 * 1.20260730), so a length that the host knows goes all the way.
 */
function withLength(answer: Response): Response {
  const length = Number(answer.headers.get('content-length') ?? Number.NaN);
  if (answer.body === null || !Number.isSafeInteger(length)) return answer;
  return new Response(answer.body.pipeThrough(new FixedLengthStream(length)), answer);
}

function pass(c: EdgeContext, host: string, [envelope, sealed]: [string, string]): Promise<Response> {
  return hostOf(c.env, host).fetch('https://host/', { headers: { upgrade: 'websocket', [envelope]: sealed }, signal: c.req.raw.signal });
}

/** The host of that name, or the default one. @throws ToruError unknown_host, host_offline when there is none at all. */
function hostNamed(c: EdgeContext, name: string | null): string {
  const hosts = c.get('hosts');
  if (name === null) {
    const [home] = hosts;
    if (home === undefined) throw new ToruError('host_offline', 'No host belongs to this edge yet.', { extra: { last_seen: null } });
    return home.id;
  }
  const id = hostId.safeParse(name);
  const host = hosts.find((known) => id.success && known.id === id.data);
  if (host === undefined) throw new ToruError('unknown_host', 'There is no such host.');
  return host.id;
}

function requireUpgrade(c: EdgeContext): void {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') throw new ToruError('bad_request', 'This address speaks WebSocket.');
}
