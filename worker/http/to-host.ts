import { parseJsonOrNull } from '../../shared/json.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { hostOf } from '../env.ts';
import { seal } from '../host/envelope.ts';
import type { EdgeContext } from './edge-context.ts';
import { userAgent } from './login-routes.ts';
import { requireGrant } from './session-cookie.ts';

type Body = string | ReadableStream<Uint8Array> | null;

/** A request to a host in the name of a session, with its grant. @throws ToruError session_expired. */
export async function toHost(
  c: EdgeContext,
  host: string,
  given: SessionRecord,
  request: Pick<RequestHead, 'method' | 'path' | 'query' | 'headers'>,
  body: Body,
): Promise<Response> {
  const { sid, sub } = given;
  const { grant, role } = await requireGrant(given, c.env, host);
  const caller = { sid, grant, address: c.get('address').slice(0, 64), user_agent: userAgent(c) };
  const head: RequestHead = { ...request, body: body !== null, caller };
  const [envelope, sealed] = seal({ to: 'tunnel', head, sub, role });
  return hostOf(c.env, host).fetch('https://host/', { method: 'POST', headers: { [envelope]: sealed }, body, signal: c.req.raw.signal });
}

/** A host's answer to a GET of its API; null for anything but a success. @throws ToruError session_expired. */
export async function readFromHost(c: EdgeContext, session: SessionRecord, host: string, path: string, query = ''): Promise<unknown> {
  const answer = await toHost(c, host, session, { method: 'GET', path, query, headers: [] }, null);
  const text = await answer.text();
  return answer.ok ? parseJsonOrNull(text) : null;
}
