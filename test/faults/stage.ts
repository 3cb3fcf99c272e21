import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import { AGENT_FLAGS } from '../../agent/memory-at-rest-flags.ts';
import { createFront } from '../../embedded/front.ts';
import { hostKeyBinding } from '../../embedded/host-identity.ts';
import { listen } from '../../embedded/ports.ts';
import { SupervisedChild } from '../../embedded/supervised-child.ts';
import type { EdgeSetup } from '../../embedded/workerd.ts';
import { launchWorkerd } from '../../embedded/workerd.ts';
import { BACKOFF_MAX_MS } from '../../shared/limits.ts';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { leftovers } from '../harness/toru.ts';
import { childrenOf, commandOf } from './processes.ts';
import { FaultProxy } from './proxy.ts';

const USERNAME = 'admin';
const PASSWORD = 'the password of the stage';
const START_MS = 30_000;
/** An edge that is killed all the time is started again after up to half a minute; that would be most of a hundred rounds. */
const EDGE_WAITS = { base: 250, max: 1000 };

export interface StageOptions {
  /** The agent's state; a new folder that is removed at the end, if not given. */
  home?: string;
  /** The agent's own environment, beside what the stage sets. */
  env?: Record<string, string>;
  /** The edge's own environment, beside what the stage sets. */
  bindings?: Record<string, string>;
  /** Changes the text of the built Worker. */
  worker?: (script: string) => string;
}

/**
 * A whole Toru as embedded/start.ts puts it together, from the same built parts, with a bad network on both sides of the
 * edge and every process in the hands of the test:
 *
 *     client ── browserNetwork ── front ── edge (workerd) ── linkNetwork ── agent ── scripts
 */
export class Stage {
  readonly home: string;
  readonly browserNetwork: FaultProxy;
  readonly linkNetwork: FaultProxy;
  /** What the edge's objects keep on the disk. */
  readonly edgeFolder: string;
  readonly #own: string[];
  readonly #front: Server;
  readonly #edge: SupervisedChild<unknown>;
  readonly #env: Record<string, string>;
  #agent: ChildProcess | null = null;

  private constructor(parts: {
    home: string;
    own: string[];
    front: Server;
    edge: SupervisedChild<unknown>;
    browserNetwork: FaultProxy;
    linkNetwork: FaultProxy;
    edgeFolder: string;
    env: Record<string, string>;
  }) {
    this.home = parts.home;
    this.browserNetwork = parts.browserNetwork;
    this.linkNetwork = parts.linkNetwork;
    this.edgeFolder = parts.edgeFolder;
    this.#own = parts.own;
    this.#front = parts.front;
    this.#edge = parts.edge;
    this.#env = parts.env;
  }

  /** Up and linked. */
  static async open({ home: givenHome, env = {}, bindings = {}, worker }: StageOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'toru-faults-'));
    const home = givenHome ?? join(folder, 'home');
    const scripts = join(home, 'scripts');
    mkdirSync(scripts, { recursive: true, mode: 0o700 });
    for (const from of [join(root, 'test/fixtures/scripts'), join(import.meta.dirname, 'scripts')]) {
      for (const name of readdirSync(from)) copyFileSync(join(from, name), join(scripts, name));
    }
    const socket = join(folder, 'edge.sock');
    const token = randomBytes(32).toString('base64url');
    const front = createFront({ upstream: () => socket, token, publicNames: [] });
    const frontPort = await listen(front, '127.0.0.1', 0);
    const edgeFolder = join(folder, 'edge');
    const setup: EdgeSetup = {
      dist: worker === undefined ? join(root, 'dist') : changedDist(folder, worker),
      socket,
      // Beside the agent's state: a test may fill the disk that holds that.
      persist: edgeFolder,
      bindings: {
        EMBEDDED: '1',
        FRONT_TOKEN: token,
        HOST_KEYS: await hostKeyBinding(loadConfig({ TORU_HOME: home })),
        PUBLIC_NAMES: '',
        ...bindings,
      },
      env: bareEnvironment(),
    };
    const launch = (): ReturnType<typeof launchWorkerd> => launchWorkerd(setup);
    const edge = new SupervisedChild({ name: 'the edge', launch, sweep: true, waits: EDGE_WAITS });
    await edge.start();
    const linkNetwork = await FaultProxy.before(socket);
    const stage = new Stage({
      home,
      own: givenHome === undefined ? [folder] : [folder, home],
      front,
      edge,
      edgeFolder,
      browserNetwork: await FaultProxy.before(frontPort),
      linkNetwork,
      env: {
        ...bareEnvironment(),
        TORU_HOME: home,
        TORU_SCRIPTS_DIR: scripts,
        TORU_EDGE_URL: linkNetwork.url,
        ADMIN_USERNAME: USERNAME,
        ADMIN_PASSWORD: PASSWORD,
        LOG_LEVEL: 'error',
        ...env,
      },
    });
    await stage.startAgent();
    await stage.linked();
    return stage;
  }

  /** Where a browser goes. */
  get url(): string {
    return this.browserNetwork.url;
  }

  get agentPid(): number {
    if (this.#agent?.pid === undefined) throw new Error('no agent was started');
    return this.#agent.pid;
  }

  /** The process that holds the Worker. */
  get workerdPid(): number {
    const pid = this.#findWorkerd();
    if (pid === undefined) throw new Error('workerd is not running');
    return pid;
  }

  #findWorkerd(): number | undefined {
    return childrenOf(this.#edge.pid ?? 0).find((child) => commandOf(child).includes('workerd'));
  }

  async client(): Promise<Client> {
    const client = new Client(this.url);
    const answer = await client.login(USERNAME, PASSWORD);
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
    return client;
  }

  /** A user of that name, made now and logged in. */
  async anotherAdmin(username: string): Promise<Client> {
    const made = await (await this.client()).http('POST', '/api/users', { username, password: PASSWORD, role: 'admin' });
    if (made.status !== 201) throw new Error(`POST /api/users answered ${made.status}: ${made.text}`);
    const client = new Client(this.url);
    const answer = await client.login(username, PASSWORD);
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
    return client;
  }

  /**
   * @param preload a module that the agent's process loads first.
   * @returns when it says that it is up; it may not be linked yet.
   */
  async startAgent({ preload, env = {} }: { preload?: string; env?: Record<string, string> } = {}): Promise<void> {
    const agent = fork(join(root, 'dist/agent/main.js'), [], {
      env: { ...this.#env, ...env },
      execArgv: [...AGENT_FLAGS, ...(preload === undefined ? [] : ['--import', preload])],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    });
    this.#agent = agent;
    await new Promise<void>((resolve, reject) => {
      agent.once('message', () => resolve());
      agent.once('exit', (code) => reject(new Error(`the agent ended with ${code} before it was up`)));
    });
  }

  /** As a power failure of its process: no last word. @returns when it is gone. */
  killAgent(): Promise<void> {
    return this.#endAgent('SIGKILL');
  }

  /** As an update: it says goodbye. */
  stopAgent(): Promise<void> {
    return this.#endAgent('SIGTERM');
  }

  /** Waits for an agent that ends by itself. */
  async agentGone(): Promise<void> {
    const agent = this.#agent;
    await eventually('the agent has ended', () => agent === null || agent.exitCode !== null || agent.signalCode !== null);
  }

  /** workerd goes without a word, and whoever started it has to notice. @returns when another stands in its place. */
  async killEdge(): Promise<void> {
    // On a busy machine the one before may have ended by itself just now.
    await eventually('the edge is there', () => this.#findWorkerd() !== undefined, START_MS);
    const killed = this.workerdPid;
    process.kill(killed, 'SIGKILL');
    await eventually('the edge is started again', () => ![undefined, killed].includes(this.#findWorkerd()), START_MS);
  }

  /** Until the edge says that the host is there. */
  async linked(): Promise<void> {
    // After several cuts in a row the next wait of the backoff may be its longest.
    await eventually('the agent is linked', () => this.online(), BACKOFF_MAX_MS + START_MS);
  }

  async online(): Promise<boolean> {
    const answer = await fetch(`${this.url}/api/health`).catch(() => null);
    const state: unknown = answer?.ok === true ? await answer.json().catch(() => null) : null;
    return typeof state === 'object' && state !== null && 'host_online' in state && state.host_online === true;
  }

  async close(): Promise<void> {
    this.linkNetwork.heal();
    await this.stopAgent();
    await this.#edge.stop();
    this.#front.close();
    this.#front.closeAllConnections();
    await Promise.all([this.browserNetwork.close(), this.linkNetwork.close()]);
    for (const pid of leftovers(this.home)) kill(pid);
    await eventually('no process of this stage is left', () => leftovers(this.home).length, { holds: (seen) => seen === 0 });
    for (const folder of this.#own) rmSync(folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #endAgent(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const agent = this.#agent;
    if (agent === null || agent.exitCode !== null || agent.signalCode !== null) return;
    const gone = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill(signal);
    // A stopped process hears nothing but KILL.
    agent.kill('SIGCONT');
    await gone;
  }
}

/** What is built, with another Worker. */
function changedDist(folder: string, change: (script: string) => string): string {
  const dist = join(folder, 'dist');
  mkdirSync(join(dist, 'worker'), { recursive: true });
  symlinkSync(join(root, 'dist/page'), join(dist, 'page'));
  for (const name of ['options.json', 'page.js']) copyFileSync(join(root, 'dist/worker', name), join(dist, 'worker', name));
  writeFileSync(join(dist, 'worker/index.js'), change(readFileSync(join(root, 'dist/worker/index.js'), 'utf8')));
  return dist;
}

/** Gone already is as good. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** For the tests of a file: opens a stage before them, with a client who is its admin, and closes it after them. */
export function onStage(take: (stage: Stage, client: Client) => void): void {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await Stage.open();
    take(stage, await stage.client());
  });
  afterAll(() => stage?.close());
}
