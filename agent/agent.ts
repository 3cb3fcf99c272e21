import { join } from 'node:path';
import type { RunSummary } from '../shared/runs.ts';
import { VERSION } from '../shared/version.ts';
import { seedActions } from './actions/seed.ts';
import { endFrames, removedFrame, summaryOf } from './api/run-frames.ts';
import { tellSummaries } from './api/run-topic.ts';
import type { Config } from './config.ts';
import type { HostSelf } from './link/dial.ts';
import { EdgePin } from './link/edge-pin.ts';
import { Link } from './link/link.ts';
import { LinkStanding } from './link/standing.ts';
import { lockHome } from './lock.ts';
import type { Logger } from './logger.ts';
import type { StreamWords } from './logs/stream-words.ts';
import { runWords } from './logs/stream-words.ts';
import { Streams } from './logs/streams.ts';
import { sweepRestores, sweepSnapshots } from './snapshot/leftovers.ts';
import { createApi, createServices } from './systems.ts';
import { openDatabase } from './tables.ts';
import { EdgeTransport } from './transports/edge-transport.ts';
import { startLocalTransport } from './transports/local-transport.ts';
import { startServiceTransport } from './transports/service-transport.ts';
import { startTerminalTransport } from './transports/terminal-transport.ts';
import type { Caller } from './users/caller.ts';
import type { FirstAdmin } from './users/first-admin.ts';
import { ensureAdmin } from './users/first-admin.ts';
import { Login } from './users/login.ts';
import { ServiceToken } from './users/service-token.ts';

/** A running agent. */
export interface Agent {
  /** The instance id: what the edge and the API call this host. */
  readonly host: string;
  /** Set on the first start only: what the owner must be told once. */
  readonly firstAdmin: FirstAdmin | null;
  /** Why there is nothing to run, for the owner to read at the start; null when the scripts folder is in order. */
  readonly scriptsProblem: string | null;
  readonly transport: EdgeTransport;
  /** Calls back with `<host id>:<public key>` when the host has a new key. */
  onNewKey(listener: (binding: string) => void): void;
  /** Ends the link, the transports and the plugins. Runs go on: they do not need the agent. */
  stop(): Promise<void>;
}

/** A stop waits so long for requests that are not answered yet; it takes no new ones. */
const REQUESTS_MS = 30_000;

/** So many runs the edge keeps for when this host is away. */
const RECENT_RUNS = 50;

/** The log repeats that another agent came with this host's key after so long at the earliest. */
const DUPLICATE_EVERY_MS = 60_000;
const DUPLICATE = 'another agent came with this host’s key: a copy of TORU_HOME, or a stolen key (then: toru key rotate)';

/** The agent itself, where it reads its own runs. */
const AGENT: Caller = { user_id: 'local:agent', username: 'agent', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

/**
 * Puts the parts together: the one place that knows them all. Each part gets what it needs, and nothing else.
 * @param edge null: no link, only the local socket.
 * @param previousEnd how the agent before it ended, in words that follow "The agent", when whoever started us knows.
 * @throws StartError in one line when this TORU_HOME can't be served.
 */
export async function startAgent(config: Config, log: Logger, edge: Config['edge'], previousEnd: string | null = null): Promise<Agent> {
  const lock = lockHome(config.home);
  sweepSnapshots(config.home);
  sweepRestores(config.home);
  const db = openDatabase(join(config.home, 'toru.db'));
  let link: Link | null = null;
  let standing: LinkStanding | null = null;
  const keyListeners: ((binding: string) => void)[] = [];
  const services = createServices({
    ...config,
    db,
    log,
    edge: () => standing?.shown ?? null,
    rotated: (binding) => {
      for (const listener of keyListeners) listener(binding);
      link?.redial('this host has a new key');
    },
  });
  const { identity, audit, settings, grants, users, scripts, actions, runs, notify, plugins, workflows, terminals, screens } = services;
  if (lock.lostBy !== null) {
    const ending = previousEnd ?? 'ended without a goodbye: it was killed, or the host went down';
    audit.record({
      event: 'agent.restart',
      caller: null,
      outcome: 'ok',
      detail: { reason: `the one before, pid ${lock.lostBy}, ${ending}` },
    });
  }
  const login = new Login(users, grants, audit, services.loginLinks);
  services.membership.requireWhole();
  services.hosts.follow();
  const firstAdmin = await ensureAdmin(config, services);
  const scriptsProblem = await scripts.problem();
  if (scriptsProblem !== null) log.warn({ scripts_dir: settings.scripts_dir }, scriptsProblem);
  await seedActions({ actions, settings });
  const api = services.inFlight.around(createApi(services));

  const recent = (): RunSummary[] => runs.list(AGENT, { limit: RECENT_RUNS }).items.reverse().map(summaryOf);
  let duplicateLoggedAt = 0;
  const duplicateSeen = (seen: { at: number; address: string; name: string }): void => {
    standing?.duplicateSeen(seen);
    const { address, name } = seen;
    audit.record({ event: 'link.duplicate', caller: null, address, outcome: 'refused', detail: { name, reason: DUPLICATE } });
    if (Date.now() - duplicateLoggedAt < DUPLICATE_EVERY_MS) return;
    duplicateLoggedAt = Date.now();
    log.warn({ address, name }, DUPLICATE);
  };
  const { hostAlerts } = notify;
  const transport = new EdgeTransport({
    api,
    grants,
    login,
    settings,
    hosts: services.hosts,
    workflows,
    log,
    recent,
    alerts: hostAlerts,
    duplicate: duplicateSeen,
  });
  const removed = (id: string): string | null => (runs.history.get(id) === null ? JSON.stringify(removedFrame(id)) : null);
  const endFramesOf = (id: string): string[] | null => {
    const gone = removed(id);
    return gone === null ? (endFrames(runs.get(AGENT, id))?.map((frame) => JSON.stringify(frame)) ?? null) : [gone];
  };
  const words = (id: string): StreamWords => runWords(id, () => removed(id));
  const streams = new Streams({ log: (id) => runs.log(id), endFrames: endFramesOf, words }, transport);
  const topics = services.followed.flatMap((system) => system.topics);
  const started = services.followed.map((system) => system.start(transport));
  const stops = [runs.onChange((run) => streams.poke(run.task_id)), tellSummaries(runs, transport)];
  transport.open({ ...services, topics, streams, version: VERSION }, (topic, watched) => {
    for (const system of started) system.watchedChanged?.(topic, watched);
  });

  await runs.recover();
  notify.start();
  await workflows.start();
  await terminals.start();
  services.orchestrators.start();
  const local = await startLocalTransport({ api, home: config.home, log });
  const serviceToken = new ServiceToken({ home: config.home, settings, audit, log });
  const forServices = await startServiceTransport({ api, home: config.home, log, token: serviceToken, audit });
  const inTerminals = await startTerminalTransport({ api, home: config.home, log, tokens: terminals.tokens, terminals, audit });
  // RunEnd again at each link: the name may change in between.
  const self = (): HostSelf => ({ id: settings.instance_id, name: settings.host_name, version: VERSION });
  if (edge !== null) {
    const pin = new EdgePin(config.home, edge);
    link = new Link({ edge, identity, self, listener: transport, log, pin });
    standing = new LinkStanding(link, pin);
    link.start();
  }
  // Nobody waits for them: the host is there without its plugins.
  plugins.start().catch((error: unknown) => log.error({ err: error }, 'the plugins could not be started'));

  return {
    host: settings.instance_id,
    firstAdmin,
    scriptsProblem,
    transport,
    onNewKey: (listener) => void keyListeners.push(listener),
    stop: async () => {
      if (!(await services.inFlight.close(REQUESTS_MS)))
        log.warn({ requests: services.inFlight.count }, 'requests were not waited for any longer');
      await Promise.all([link?.stop(), services.closePlugins()]);
      await Promise.all([local.close(), forServices.close(), inTerminals.close()]);
      for (const stop of [...stops, ...started.map((system) => system.stop)]) stop();
      transport.close();
      notify.stop();
      services.hosts.close();
      workflows.close();
      screens.close();
      services.orchestrators.close();
      terminals.close();
      serviceToken.close();
      services.worktrees.close();
      await runs.close();
      audit.close();
      db.close();
      lock.release();
    },
  };
}
