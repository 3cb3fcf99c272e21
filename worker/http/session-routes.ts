import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { sessionId } from '../../shared/ids.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { accountOf } from '../env.ts';
import { clearSessionCookie } from './cookies.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { endEverywhere, requireSession, sessionShape } from './session-cookie.ts';

/** Where somebody is logged in, and the way to end it. Everyone sees their own. */
export const sessionRoutes = new Hono<EdgeEnv>()
  .use('/api/sessions/*', requireSession)
  .get('/api/sessions', async (c) => {
    const { sid, sub } = c.get('session');
    const sessions = await accountOf(c.env).sessionsOf(sub);
    return c.json({ items: sessions.map((session) => sessionShape(session, sid)), next_cursor: null });
  })
  /** All but this one. */
  .delete('/api/sessions', async (c) => {
    const { sid, sub } = c.get('session');
    const others = (await accountOf(c.env).sessionsOf(sub)).filter((session) => session.sid !== sid);
    await endEverywhere(c.env, others);
    return c.json({ ended: others.length });
  })
  .get('/api/sessions/:id', async (c) => c.json(sessionShape(await named(c), c.get('session').sid)))
  .delete('/api/sessions/:id', async (c) => {
    const session = await named(c);
    await endEverywhere(c.env, [session]);
    if (session.sid === c.get('session').sid) clearSessionCookie(c);
    return c.body(null, 204);
  });

/** @throws ToruError not_found, also for somebody else's. */
async function named(c: EdgeContext): Promise<SessionRecord> {
  const id = sessionId.safeParse(c.req.param('id'));
  const session = (await accountOf(c.env).sessionsOf(c.get('session').sub)).find((own) => id.success && own.id === id.data);
  if (session === undefined) throw new ToruError('not_found', 'There is no such session. It may have ended.');
  return session;
}
