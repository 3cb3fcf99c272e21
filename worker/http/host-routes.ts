import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import type { Me } from '../../shared/sessions.ts';
import { VERSION } from '../../shared/version.ts';
import { within } from '../account/host-reports.ts';
import { heldGrant } from '../account/session-rows.ts';
import { shownHost } from '../account/shown-host.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeEnv } from './edge-context.ts';
import { meOf } from './login-routes.ts';
import { currentSession, mayBeNobody, requireGrant, requireSession, sessionAndHosts, sessionAndMembers } from './session-cookie.ts';

/** One slow object must not keep the others from the page. */
const OVERVIEW_MS = 300;

export const hostRoutes = new Hono<EdgeEnv>()
  /** Of members, the Account object has what their objects reported; the home host's object, which may have more to say than any, is asked itself. */
  .get('/api/hosts', async (c) => {
    const { session, home, members } = await sessionAndMembers(c);
    if (home === null) return c.json({ items: [], next_cursor: null });
    const role = heldGrant(session, home.id)?.role ?? null;
    const answer = hostOf(c.env, home.id).overview(session.sub, role ?? 'client');
    // With one host there is nothing else to show: its object is waited for.
    const seen = members.length === 0 ? await answer : await within(OVERVIEW_MS, answer);
    const items = [JSON.stringify(shownHost(home, { home: true, role }, seen)), ...members];
    return c.body(`{"items":[${items.join(',')}],"next_cursor":null}`, 200, { 'content-type': 'application/json' });
  })
  /** Who am I on that host? The role there is the home host's word, and may be another than at home. */
  .get('/api/hosts/:host/me', async (c) => {
    if (mayBeNobody(c) && (await currentSession(c)) === null) return c.json(null);
    const { session, hosts } = await sessionAndHosts(c);
    if (!hosts.some(({ id }) => id === c.req.param('host'))) throw new ToruError('unknown_host', 'There is no such host.');
    const { role } = await requireGrant(session, c.env, c.req.param('host'));
    const me = meOf(session);
    return c.json({ ...me, user: { ...me.user, role } } satisfies Me);
  })
  /** A run that waits for its host no longer does; one that did not start is no longer shown. */
  .delete('/api/hosts/:host/pending/:request_id', requireSession, async (c) => {
    const session = c.get('session');
    const host = c.get('hosts').find(({ id }) => id === c.req.param('host'));
    if (host === undefined) throw new ToruError('unknown_host', 'There is no such host.');
    // As in the list of hosts: the role there counts, and what nobody signed yet is a client's.
    const role = heldGrant(session, host.id)?.role ?? 'client';
    unwrap(await hostOf(c.env, host.id).cancelPending(session.sub, role, c.req.param('request_id').toLowerCase()));
    return c.body(null, 204);
  })
  /** The version is for who is logged in: a stranger would look up what is wrong with it. */
  .get('/api/health', async (c) => {
    const [home] = await accountOf(c.env).hosts();
    const version = (await currentSession(c)) === null ? {} : { version: VERSION };
    const host_online = home !== undefined && (await hostOf(c.env, home.id).online());
    // An edge of one machine has its host from the start: nobody claims it.
    const claimed = c.env.EMBEDDED === '1' ? {} : { claimed: home !== undefined };
    return c.json({ ok: true, ...version, host_online, ...claimed });
  });
