import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Config } from '../agent/config.ts';
import { loadConfig } from '../agent/config.ts';
import { closeInherited } from '../agent/inherited.ts';
import { collectAtRest } from '../agent/memory-at-rest.ts';
import { AGENT_ENV, AGENT_FLAGS } from '../agent/memory-at-rest-flags.ts';
import type { ServiceManager } from '../agent/signs-of-life.ts';
import { serviceManager } from '../agent/signs-of-life.ts';
import { StartError } from '../agent/start-error.ts';
import { packageRoot } from '../agent/system/package-root.ts';
import { edgeSocket } from './edge-socket.ts';
import { createFront } from './front.ts';
import { greeting, originOf } from './greeting.ts';
import { askHealth } from './health.ts';
import { hostKeyBinding } from './host-identity.ts';
import type { NodeChild } from './node-child.ts';
import { launchNode } from './node-child.ts';
import { listen } from './ports.ts';
import { newEdgeKey } from './stored-edge-key.ts';
import { ChildFailed, SupervisedChild } from './supervised-child.ts';
import { launchWorkerd } from './workerd.ts';

/**
 * `npm start` and `toru start`: the whole of Toru on one machine. This process holds the public port and keeps two others
 * running, the edge (workerd) and the agent, which both end when it does. They meet at a Unix socket in TORU_HOME: a port of
 * loopback would be open to every user of this machine, and to whoever binds it when workerd dies.
 */

/** Not by this file's own place: what is built of it may lie in a folder of shared parts. */
const dist = join(packageRoot(), 'dist');

/** agent/main.ts, `ReadyMessage`. */
const agentReady = z.object({
  type: z.literal('ready'),
  host: z.string(),
  first_admin: z.object({ username: z.string(), generated_password: z.string().nullable() }).nullable(),
  scripts_problem: z.string().nullable(),
});

/** agent/main.ts, `NewKeyMessage`. */
const newKey = z.object({ type: z.literal('new_key'), host_key: z.string() });

/** How long the agent's link may take until we say that something is wrong. */
const LINK_WAIT_MS = 20_000;

interface Running {
  stop(): Promise<void>;
}

async function main(): Promise<void> {
  closeInherited();
  collectAtRest();
  const config = loadConfig(process.env);
  const running: Running[] = [];
  const service = serviceManager(process.env);
  stopOnSignal(running, service);
  try {
    await start(config, running);
    service.ready();
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}

async function start(config: Config, running: Running[]): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  let edge: SupervisedChild<unknown> | null = null;
  const socket = edgeSocket(config.home);
  const front = createFront({
    upstream: () => (edge?.up === true ? socket : null),
    token,
    publicNames: publicNames(config),
    trustedProxies: config.trusted_proxies,
  });
  const port = await listen(front, config.bind_host, config.bind_port);
  running.push({
    stop: async () => {
      front.close();
      front.closeAllConnections();
    },
  });

  let hostKeys = await hostKeyBinding(config);
  const edgeKey = newEdgeKey();
  edge = new SupervisedChild({
    name: 'the edge',
    launch: () =>
      launchWorkerd({
        dist,
        socket,
        persist: join(config.home, 'edge'),
        log: join(config.logs_dir, 'edge.log'),
        bindings: edgeBindings(),
        env: bareEnvironment(config.home),
      }),
    sweep: true,
  });
  running.push(edge);
  await edge.start();

  const agentProgram: NodeChild<z.infer<typeof agentReady>> = {
    file: join(dist, 'agent/main.js'),
    flags: AGENT_FLAGS,
    env: {
      ...AGENT_ENV,
      ...process.env,
      TORU_HOME: config.home,
      TORU_EDGE_URL: `unix:${socket}`,
      TORU_EDGE_KEY: edgeKey.public_key,
      TORU_PAGE_ORIGIN: pageOrigin(config, port),
    },
    ready: agentReady,
    heard: (message) => {
      const parsed = newKey.safeParse(message);
      if (!parsed.success) return;
      // `toru key rotate`: the edge forgets the old key, under which nobody links any more.
      hostKeys = parsed.data.host_key;
      edge?.restart();
    },
  };
  const agent = new SupervisedChild({
    name: 'the agent',
    launch: (previous) => launchNode(agentProgram, previous),
    // The runs are none of ours to end: they outlive the agent.
    sweep: false,
  });
  running.push(agent);
  const { first_admin, scripts_problem } = await agent.start();
  const linked = await waitForLink(config, port);
  process.stdout.write(
    greeting({
      host: config.bind_host,
      command: commandOffPath(),
      port,
      linked,
      first_admin,
      scripts_problem,
      home: config.home,
      behindTls: config.production,
    }),
  );

  function edgeBindings(): Record<string, string> {
    return {
      EMBEDDED: '1',
      EDGE_KEY: edgeKey.private_key,
      FRONT_TOKEN: token,
      HOST_KEYS: hostKeys,
      PUBLIC_NAMES: publicNames(config).join(','),
      HOST_AWAY_AFTER_S: String(config.host_away_after_s),
      ...(config.test_push_origin === null ? {} : { TEST_PUSH_ORIGIN: config.test_push_origin }),
      ...(config.production ? { PRODUCTION: '1' } : {}),
    };
  }
}

/** The file of the command `toru`; null when the PATH leads to it. */
function commandOffPath(): string | null {
  const command = join(dist, 'agent/cli.js');
  const leadsThere = (folder: string): boolean => {
    const there = join(folder, 'toru');
    return existsSync(there) && realpathSync(there) === realpathSync(command);
  };
  return (process.env['PATH'] ?? '').split(delimiter).some(leadsThere) ? null : command;
}

function publicNames(config: Config): string[] {
  return [config.bind_host, ...config.allowed_hosts];
}

/** What a browser of the owner opens: behind TLS the public name, else an address of this machine. */
function pageOrigin(config: Config, port: number): string {
  const [name] = config.allowed_hosts;
  return config.production && name !== undefined ? `https://${name}` : originOf(config.bind_host, port);
}

/** The edge needs nothing of the owner's environment, and shall not have the password. */
function bareEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
  // TORU_EDGE_HOME only tells one edge from another in a list of processes.
  return { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), TORU_EDGE_HOME: home };
}

/** Asks as a browser would: what answers here answers there. */
async function waitForLink(config: Config, port: number): Promise<boolean> {
  const host = config.bind_host.includes(':') ? '::1' : config.bind_host === '0.0.0.0' ? '127.0.0.1' : config.bind_host;
  const health = z.object({ host_online: z.boolean() });
  for (const deadline = Date.now() + LINK_WAIT_MS; Date.now() < deadline; await sleep(50)) {
    try {
      if (health.parse(JSON.parse(await askHealth({ host, port }))).host_online) return true;
    } catch {
      // Not yet.
    }
  }
  return false;
}

/** One Ctrl-C under npm arrives twice: from the terminal, and from npm. */
const SAME_PRESS_MS = 700;

function stopOnSignal(running: Running[], service: ServiceManager): void {
  let stopping: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Once more: whoever presses Ctrl-C twice means it.
      if (stopping !== null && performance.now() - stopping > SAME_PRESS_MS) process.exit(130);
      if (stopping !== null) return;
      stopping = performance.now();
      service.stopping();
      stopAll(running).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

/** The last one started first: the agent says goodbye to an edge that still listens. */
async function stopAll(running: Running[]): Promise<void> {
  for (const part of running.splice(0).reverse()) await part.stop();
}

main().catch((error: unknown) => {
  // A child that did not start has said why.
  if (error instanceof ChildFailed) process.exit(error.exitCode);
  if (error instanceof StartError) process.stderr.write(`toru: ${error.message}\n`);
  else console.error(error);
  process.exit(1);
});
