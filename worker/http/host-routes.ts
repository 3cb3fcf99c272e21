import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import type { Host } from '../../shared/hosts.ts';
import type { Me } from '../../shared/sessions.ts';
import { VERSION } from '../../shared/version.ts';
import { heldGrant } from '../account/session-rows.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeEnv } from './edge-context.ts';
import { meOf } from './login-routes.ts';
import { currentSession, iso, mayBeNobody, requireGrant, requireSession, sessionAndHosts } from './session-cookie.ts';

/** One slow object must not keep the others from the page. */
const OVERVIEW_MS = 300;

/** The answer; null when it is not there in time, or fails. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  let timer = 0;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([answer.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

export const hostRoutes = new Hono<EdgeEnv>()
  /** The view of a host that is away comes from its object, filtered for the asker. */
  .get('/api/hosts', async (c) => {
    const { session, hosts } = await sessionAndHosts(c);
    const items = await Promise.all(
      hosts.map(async (record, at): Promise<Host> => {
        const { id, name, version, last_seen_at } = record;
        const role = heldGrant(session, id)?.role ?? null;
        // What nobody signed for this session on that host yet is seen as a client sees it.
        const answer = hostOf(c.env, id).overview(session.sub, role ?? 'client');
        // With one host there is nothing else to show: its object is waited for.
        const seen = hosts.length === 1 ? await answer : await within(OVERVIEW_MS, answer);
        const of = { id, home: at === 0, role };
        if (seen === null) {
          const last_seen = last_seen_at === null ? null : iso(last_seen_at);
          return {
            ...of,
            name,
            presence: 'unknown',
            online: false,
            last_seen,
            version,
            recent_runs: [],
            pending_runs: [],
            kept_webhooks: [],
            duplicate: null,
          };
        }
        return {
          ...of,
          // A member is called what the home host calls it.
          name: at === 0 ? (seen.name ?? name) : name,
          presence: seen.online ? 'online' : 'away',
          online: seen.online,
          last_seen: seen.last_seen,
          version: seen.version ?? version,
          recent_runs: seen.recent_runs,
          pending_runs: seen.pending_runs,
          kept_webhooks: seen.kept_webhooks,
          duplicate: seen.duplicate === null ? null : { ...seen.duplicate, at: iso(seen.duplicate.at) },
        };
      }),
    );
    return c.json({ items, next_cursor: null });
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
    const host = (await accountOf(c.env).hosts()).find(({ id }) => id === c.req.param('host'));
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
