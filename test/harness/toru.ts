import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from './bare-environment.ts';
import { eventually } from './eventually.ts';

/** A whole Toru as `npm start` starts it: the built embedded edge, its workerd, its agent. */
export interface Toru {
  /** Where the page is: http://127.0.0.1:<port>, without a slash at the end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Its TORU_HOME. */
  readonly home: string;
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  agentPid(): number;
  /** Stops it as Ctrl-C does, and waits for its end. Its home stays for `start`. */
  stop(): Promise<void>;
  /** Starts it again on the same port and home. */
  start(): Promise<void>;
  /** Stops it, ends runs that are still under way, and removes its home. */
  [Symbol.asyncDispose](): Promise<void>;
}

const START_MS = 45_000;

/** @param env beside or instead of what the harness sets: TORU_HOME and STEERING_PORT. */
export async function startToru({ env = {} }: { env?: Record<string, string> } = {}): Promise<Toru> {
  const home = env['TORU_HOME'] ?? mkdtempSync(join(tmpdir(), 'toru-test-'));
  const port = env['STEERING_PORT'] ?? String(await freePort());
  const settings = { TORU_HOME: home, STEERING_PORT: port, STEERING_HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env };
  let run = await launch(settings);
  const first = run.printed();
  const username = /username:?\s+(\S+)/i.exec(first)?.[1] ?? env['ADMIN_USERNAME'] ?? 'admin';
  const password = env['ADMIN_PASSWORD'] ?? /password:?\s+(\S+)/i.exec(first)?.[1] ?? '';
  const stop = () => end(run.child);
  return {
    url: `http://127.0.0.1:${port}`,
    username,
    password,
    home,
    get pid() {
      return run.child.pid ?? 0;
    },
    output: () => run.printed(),
    agentPid: () => Number.parseInt(readFileSync(join(home, 'agent.pid'), 'utf8'), 10),
    stop,
    start: async () => {
      run = await launch(settings);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await eventually(
        'no process of this test is left',
        () => {
          const left = leftovers(home);
          for (const pid of left) killQuietly(pid);
          return left;
        },
        { holds: ({ length }) => length === 0 },
      );
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** It may have ended since it was found. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, which is what was wanted.
  }
}

/**
 * Processes that still carry this TORU_HOME in their environment or command line, or run a script that a run of it started, and
 * its native runners: these carry nothing, but have files of the home open, or are a process's child that is found.
 */
export function leftovers(home: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = new Set(all.filter((pid) => ['environ', 'cmdline'].some((file) => readProc(pid, file).includes(home))));
  for (const pid of all) {
    if (readProc(pid, 'comm').startsWith('toru-') && (found.has(parentOf(pid)) || opened(pid).some((file) => file.startsWith(home))))
      found.add(pid);
  }
  return [...found].map(Number);
}

function parentOf(pid: string): string {
  return readProc(pid, 'stat').split(') ').at(-1)?.split(' ')[1] ?? '';
}

function opened(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

async function launch(settings: Record<string, string>): Promise<{ child: ChildProcess; printed(): string }> {
  const child = spawn(process.execPath, [join(root, 'dist/embedded/start.js')], {
    env: { ...bareEnvironment(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const health = `http://127.0.0.1:${settings['STEERING_PORT']}/api/health`;
  const up = async (): Promise<true | string> => {
    if (child.exitCode !== null) throw new Error(`Toru ended with ${child.exitCode} before it was up:\n${printed}`);
    // The URL is printed last; what comes before it (the first password) is complete then.
    if (!/https?:\/\//.test(printed)) return printed;
    const answer = await fetch(health).catch(() => null);
    const state: unknown = answer?.ok ? await answer.json() : null;
    const online = typeof state === 'object' && state !== null && 'host_online' in state && state.host_online === true;
    return online || printed;
  };
  await eventually('Toru is up', up, { holds: (seen) => seen === true, limitMs: START_MS });
  return { child, printed: () => printed };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill('SIGINT');
  });
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
