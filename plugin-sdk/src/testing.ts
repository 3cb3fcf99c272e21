import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitLines } from './agent-connection.ts';
import { isObject } from './messages.ts';
import type { Asker, Settings } from './protocol.ts';
import { MockHost, type MockOptions, type SeenEvent, type SeenLine, type SeenRun } from './testing/mock-host.ts';
import type { MockKv } from './testing/mock-kv.ts';

export type { MockOptions, RunEnded, SeenEvent, SeenLine, SeenRun } from './testing/mock-host.ts';

/** A plugin that runs in a process of its own, as under Toru, with this test as its agent. */
export interface TestedPlugin {
  readonly pid: number;
  readonly kv: MockKv;
  /** Everything that it published so far. */
  readonly events: SeenEvent[];
  /** Everything that it logged or printed so far. */
  readonly logs: SeenLine[];
  /** Everything that it started so far. */
  readonly runs: SeenRun[];
  /** To one of its routes, by their paths below its own prefix. */
  fetch(path: string, init?: RequestInit & { user?: Asker }): Promise<Response>;
  setSettings(settings: Settings): void;
  /** Waits for what the plugin does by itself. @throws Error after 5 s */
  until(true_: () => boolean, what?: string): Promise<void>;
  /** Tells it to end, and waits for it. @returns its exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ADMIN: Asker = { id: '00000000-0000-4000-8000-000000000001', username: 'admin', role: 'admin' };
const START_MS = 10_000;
const GRACE_MS = 5000;

/**
 * Starts the plugin in this folder, and is its agent until `stop`.
 * @throws Error with what it printed when it does not become ready.
 */
export async function startPlugin(folder: string, options: MockOptions = {}): Promise<TestedPlugin> {
  const cwd = resolve(folder);
  const manifest = readManifest(cwd);
  const work = mkdtempSync(join(tmpdir(), 'toru-plugin-'));
  const socketPath = join(work, 's');
  const server = createServer();
  server.listen(socketPath);
  await once(server, 'listening');

  const [command = '', ...args] = manifest.run;
  const environment = Object.fromEntries(manifest.environment.map((name) => [name, process.env[name]]));
  const child = spawn(command === 'node' ? process.execPath : resolve(cwd, command), args, {
    cwd,
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1', TORU_PLUGIN: manifest.id, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((done) => {
    child.on('close', (code) => done(code));
    child.on('error', () => done(null));
  });
  const token = randomBytes(24).toString('base64url');
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify({ plugin: manifest.id, socket: socketPath, token })}\n`);

  const logs: SeenLine[] = [];
  collect(child.stdout, (message) => logs.push({ level: 'info', message, source: 'stdout' }));
  collect(child.stderr, (message) => logs.push({ level: 'error', message, source: 'stderr' }));
  const printed = (): string =>
    logs.map(({ level, message, error }) => `  ${level}: ${message}${error === undefined ? '' : ` ${error}`}`).join('\n');
  const clean = (): void => {
    server.close();
    rmSync(work, { recursive: true, force: true });
  };

  const host = new MockHost({
    token,
    logs,
    options,
    init: { plugin: manifest.id, socket_path: socketPath, log_path: join(work, 'plugin.log') },
  });
  host.settings = { ...manifest.defaults, ...options.settings };
  server.once('connection', (socket) => host.connected(socket));
  const failure = await Promise.race([
    host.ready.promise.then(() => null),
    ended.then((code) => `it ended with ${code}`),
    sleep(START_MS, 'it did not say “ready” within 10 s', { ref: false }),
  ]);
  if (failure !== null) {
    child.kill('SIGKILL');
    await ended;
    clean();
    throw new Error(`The plugin in ${cwd} did not start: ${host.refusal ?? failure}\n${printed()}`);
  }
  const stop = async (): Promise<number | null> => {
    host.say({ action: 'shutdown', reason: 'disabled', grace_ms: GRACE_MS });
    const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    const code = await ended;
    clearTimeout(hard);
    clean();
    return code;
  };
  return {
    pid: child.pid ?? 0,
    kv: host.kv,
    events: host.events,
    logs,
    runs: host.runs,
    fetch: (path, { user, ...init } = {}) => host.fetch(path, init, user ?? options.user ?? ADMIN),
    setSettings: (settings) => {
      host.settings = { ...manifest.defaults, ...settings };
      host.say({ action: 'settings', settings: host.settings });
    },
    until: async (condition, what = 'what was waited for') => {
      for (const end = Date.now() + 5000; !condition(); await sleep(10)) {
        if (Date.now() > end) throw new Error(`After 5 s ${what} has not happened. The plugin's log:\n${printed()}`);
      }
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

interface Launchable {
  id: string;
  run: string[];
  environment: string[];
  defaults: Settings;
}

/** What of plugin.json is needed to start it. Toru itself checks all of it. */
function readManifest(folder: string): Launchable {
  const value: unknown = JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8'));
  if (!isObject(value) || typeof value['id'] !== 'string') throw new Error(`${join(folder, 'plugin.json')} has no “id”.`);
  const { id, run = ['./plugin'], environment = [], settings = [] } = value;
  const defaults: Settings = {};
  for (const setting of Array.isArray(settings) ? settings : []) {
    if (!isObject(setting) || typeof setting['name'] !== 'string') continue;
    const initial = setting['default'] ?? (setting['type'] === 'boolean' ? false : undefined);
    if (typeof initial === 'string' || typeof initial === 'number' || typeof initial === 'boolean') defaults[setting['name']] = initial;
  }
  return { id, run: strings(run), environment: strings(environment), defaults };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function collect(stream: Readable, take: (line: string) => void): void {
  stream.on('data', splitLines(take));
}
