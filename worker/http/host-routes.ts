import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import type { Host } from '../../shared/hosts.ts';
import { VERSION } from '../../shared/version.ts';
import { heldGrant } from '../account/session-rows.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeEnv } from './edge-context.ts';
import { currentSession, iso, requireSession } from './session-cookie.ts';

export const hostRoutes = new Hono<EdgeEnv>()
  /** The view of a host that is away comes from its object, filtered for the asker. */
  .get('/api/hosts', requireSession, async (c) => {
    const session = c.get('session');
    const hosts = await accountOf(c.env).hosts();
    const items = await Promise.all(
      hosts.map(async ({ id, name, version }, at): Promise<Host> => {
        // What nobody signed for this session on that host yet is seen as a client sees it.
        const seen = await hostOf(c.env, id).overview(session.sub, heldGrant(session, id)?.role ?? 'client');
        return {
          id,
          // A member is called what its home host calls it.
          name: at === 0 ? (seen.name ?? name) : name,
          home: at === 0,
          online: seen.online,
          last_seen: seen.last_seen,
          version: seen.version ?? version,
          recent_runs: seen.recent_runs,
          pending_runs: seen.pending_runs,
          duplicate: seen.duplicate === null ? null : { ...seen.duplicate, at: iso(seen.duplicate.at) },
        };
      }),
    );
    return c.json({ items, next_cursor: null });
  })
  /** A run that waits for its host no longer does; one that did not start is no longer shown. */
  .delete('/api/hosts/:host/pending/:request_id', requireSession, async (c) => {
    const { sub, role } = c.get('session');
    const host = (await accountOf(c.env).hosts()).find(({ id }) => id === c.req.param('host'));
    if (host === undefined) throw new ToruError('unknown_host', 'There is no such host.');
    unwrap(await hostOf(c.env, host.id).cancelPending(sub, role, c.req.param('request_id').toLowerCase()));
    return c.body(null, 204);
  })
  /** The version is for who is logged in: a stranger would look up what is wrong with it. */
  .get('/api/health', async (c) => {
    const [home] = await accountOf(c.env).hosts();
    const version = (await currentSession(c)) === null ? {} : { version: VERSION };
    const host_online = home !== undefined && (await hostOf(c.env, home.id).online());
    return c.json({ ok: true, ...version, host_online, claimed: home !== undefined });
  });
