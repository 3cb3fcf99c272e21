import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import { post } from '../../shared/post.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { Env } from '../env.ts';
import { accountOf, awayAfterS } from '../env.ts';
import { migrate } from '../migrate.ts';
import { AgentMessages } from './agent-messages.ts';
import { Alarms } from './alarms.ts';
import { readAttachment, TAG } from './attachment.ts';
import { BrowserTransport } from './browser-transport.ts';
import { Browsers } from './browsers.ts';
import { Duplicates } from './duplicates.ts';
import { EdgeRequests } from './edge-requests.ts';
import type { Asker } from './edge-tunnel.ts';
import { Tunnel } from './edge-tunnel.ts';
import { HookRequests } from './hook-requests.ts';
import { HostAlerts } from './host-alerts.ts';
import { KEPT_WEBHOOK_MIGRATIONS, KeptWebhooks } from './kept-webhooks.ts';
import { closeLate } from './link-handshake.ts';
import { LinkKeeper } from './link-keeper.ts';
import { LinkWatch } from './link-watch.ts';
import { PendingLogouts } from './pending-logouts.ts';
import { PENDING_MIGRATIONS, PendingRuns } from './pending-runs.ts';
import { PendingStarts } from './pending-starts.ts';
import { PresenceRecord } from './presence-record.ts';
import { closeQuietly } from './quietly.ts';
import { RecentRuns } from './recent-runs.ts';
import { Reports } from './reports.ts';
import { SessionKeeper } from './session-keeper.ts';

/** Asks the host, out of that user's share; null for what the edge itself asks. */
type Ask = (head: RequestHead, body: ReadableStream<Uint8Array> | null, asker: Asker | null) => Promise<Response>;

/** The services of one Host object. Each is read back from attachments and storage: an eviction loses nothing. */
export type HostServices = ReturnType<typeof createHostServices>;

/** Makes the services of a Host object; the only file of this folder that knows them all. */
export function createHostServices(ctx: DurableObjectState, env: Env, ask: Ask) {
  // One after the other: new ones stand at the end.
  migrate(ctx.storage, [...PENDING_MIGRATIONS, ...KEPT_WEBHOOK_MIGRATIONS]);
  const { kv, sql } = ctx.storage;
  const presence = new PresenceRecord(kv);
  const recent = new RecentRuns(kv);
  const browsers = new Browsers(ctx.getWebSockets(TAG.browser));
  const pending = new PendingRuns(sql, (sub) => {
    browsers.toOwner(sub, { type: 'pending' });
    reports.changed();
  });
  const tunnel: Tunnel = new Tunnel({
    send: (request, frame) => links.current?.binary(`h/${request}`, frame),
    turn: (user, callback) => links.current?.turn(user, callback),
  });
  const links: LinkKeeper = new LinkKeeper(ctx, ctx.getWebSockets(TAG.agent), {
    presence,
    browsers,
    tunnel,
    gone: () => reports.gone(),
  });
  const duplicates = new Duplicates({ links, tunnel, browsers, store: kv, changed: () => reports.changed() });
  const reports: Reports = new Reports({
    store: kv,
    make: () => ({
      online: links.live() !== null,
      last_sign: links.lastSign,
      name: presence.known?.name ?? null,
      version: presence.known?.version ?? null,
      recent_runs: recent.all,
      pending_runs: pending.all(),
      kept_webhooks: kept.summary(),
      duplicate: duplicates.last,
    }),
    send: (report) => {
      const host = presence.known?.host;
      if (host !== undefined) ctx.waitUntil(accountOf(env).hostReported(host, report));
    },
  });
  const watch = new LinkWatch({ links, presence, browsers, tunnel });
  const requests = new EdgeRequests((head, body) => ask(head, body, null));
  const sessions = new SessionKeeper({
    env,
    browsers,
    requests,
    logouts: new PendingLogouts(kv),
    link: () => links.live(),
    host: () => presence.known?.host ?? null,
  });
  const starts: PendingStarts = new PendingStarts({
    env,
    pending,
    host: () => presence.known?.host ?? null,
    ask,
    online: () => links.live() !== null,
    wake: (at) => alarms.schedule('pending', at),
  });

  const kept = new KeptWebhooks(sql, kv, () => reports.changed());
  const hooks: HookRequests = new HookRequests({
    kept,
    ask: (asked) => requests.webhook(asked),
    online: () => links.live() !== null,
    lastSeen: () => links.lastSeen(),
    wake: (at) => alarms.schedule('kept', at),
    later: (work) => ctx.waitUntil(work),
  });

  const alerts = new HostAlerts({
    store: kv,
    host: () => ({ online: links.live() !== null, lastSign: links.lastSign }),
    liveSids: (sids) => accountOf(env).liveSids(sids),
    deliver: (request) => post(request),
    testOrigin: env.TEST_PUSH_ORIGIN ?? null,
    awayAfterMs: awayAfterS(env) * 1000,
    wake: (at) => alarms.schedule('alerts', at),
  });
  const alarms = new Alarms(ctx.storage, {
    alerts: (now) => alerts.look(now),
    unproven: (now) => closeLate(ctx.getWebSockets(TAG.agent), now),
    link: () => watch.look(),
    sessions: (now) => sessions.recheck(now),
    presence: (now) => watch.note(now),
    recent: (now) => {
      recent.write(now);
      reports.changed();
      return null;
    },
    pending: (now) => {
      ctx.waitUntil(starts.startAll());
      return pending.sweep(now);
    },
    kept: (now) => hooks.look(now),
  });
  const browserTransport = new BrowserTransport(browsers, links, (owner, query) => starts.keep(owner, query));
  const agent = new AgentMessages({
    links,
    browsers,
    tunnel,
    sessions,
    presence,
    recent,
    alerts,
    kept,
    renamed: ({ host, name, version }) => ctx.waitUntil(accountOf(env).hostRenamed(host, name, version)),
    fromHome: (host, message) => accountOf(env).fromHome(host, message),
    presences: (host) => accountOf(env).presences(host),
    handover: (host, message) => accountOf(env).handover(host, message.host, message.offer),
    runChanged: (writeAt) => {
      if (writeAt === null) reports.changed();
      else alarms.schedule('recent', writeAt);
    },
    later: (work) => ctx.waitUntil(work),
  });
  return {
    alerts,
    duplicates,
    presence,
    recent,
    pending,
    browsers,
    tunnel,
    links,
    reports,
    requests,
    sessions,
    watch,
    starts,
    kept,
    hooks,
    alarms,
    browserTransport,
    agent,
    membershipEnded: (bound: string | null) => {
      const link = links.current;
      const reason = 'the home host took this host out of the installation';
      if (link !== null) links.down(link, LINK_CLOSE.revoked, reason);
      if (bound === null) kept.clear();
      // Also who is about to prove the key that counts no longer.
      for (const socket of ctx.getWebSockets(TAG.agent)) {
        const state = readAttachment(socket);
        if (state?.kind === 'unproven' && state.public_key !== bound) closeQuietly(socket, LINK_CLOSE.revoked, reason);
      }
    },
  };
}
