import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginsHarness } from '../../agent/plugins/plugins-harness.ts';
import { makePlugins } from '../../agent/plugins/plugins-harness.ts';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { eventually } from '../harness/eventually.ts';
import { isRunning } from './processes.ts';

/** Plugins across the death of a real agent. `serve` ends with its agent, as a good one does; `orphan` does not care. */

const IDS = ['orphan', 'serve'];
let h: PluginsHarness;
let agent: ChildProcess;

beforeAll(async () => {
  h = await makePlugins();
  for (const id of IDS) h.add(id, id);
  for (const id of IDS) await h.enable(id);
  // From here on they are the agent's.
  await h.plugins.close();
  h.db.close();
});
afterAll(async () => {
  await end('SIGKILL');
  h.remove();
});

async function start(): Promise<void> {
  agent = fork(join(root, 'dist/agent/main.js'), [], {
    env: { ...bareEnvironment(), TORU_HOME: h.home, ADMIN_PASSWORD: 'of the plugins test', LOG_LEVEL: 'error' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    agent.once('message', () => resolve());
    agent.once('exit', (code) => reject(new Error(`the agent ended with ${code} before it was up`)));
  });
}

async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const gone = new Promise((resolve) => agent.once('exit', resolve));
  agent.kill(signal);
  await gone;
}

const launches = (): string[] => readdirSync(join(h.home, 'run/plugins')).sort();

/** The pids under which they were started last; null while one is on its way. */
function pids(): number[] | null {
  try {
    return IDS.map((id) => {
      const { identity }: { identity: { pid: number } } = JSON.parse(readFileSync(join(h.home, 'run/plugins', `${id}.json`), 'utf8'));
      return identity.pid;
    });
  } catch {
    return null;
  }
}

/** Their pids, when all of them are started again, and `more` holds of them too. What was seen last is said where they never are. */
async function startedAfter(before: readonly number[], more: (now: readonly number[]) => boolean = () => true): Promise<number[]> {
  const said = (): string[] => readFileSync(join(h.home, 'logs/plugin-supervisor.log'), 'utf8').trimEnd().split('\n').slice(-8);
  const { now } = await eventually('both plugins are started again', () => ({ now: pids(), before, said: said() }), {
    holds: ({ now }) => now?.every((pid, at) => pid !== before[at]) === true && more(now),
  });
  return now ?? [];
}

/**
 * The same when both are up, the first time or after a start that took too long for the agent on a busy machine: the agent takes
 * the socket away then.
 */
function up(before: readonly number[]): Promise<number[]> {
  const log = (): string => readFileSync(join(h.home, 'logs/plugin-supervisor.log'), 'utf8');
  return startedAfter(before, (now) => now.every((pid) => new RegExp(`"event":"(?:re)?started","pid":${pid}}`).test(log())));
}

test('kill -9 of the agent: no orphan, no stale socket, enabled plugins up again; a stop takes them along', async () => {
  await start();
  const first = await up([]);
  expect(launches()).toEqual(['orphan.json', 'serve.json']);
  await end('SIGKILL');
  const [orphan = 0, serve = 0] = first;
  // Its input ended: that is how a plugin knows.
  await eventually('the good plugin has ended by itself', () => !isRunning(serve));
  expect(isRunning(orphan), 'the orphan lives').toBe(true);

  await start();
  const second = await up(first);
  expect(isRunning(orphan), 'the orphan lives').toBe(false);
  expect(launches()).toEqual(['orphan.json', 'serve.json']);
  expect(readFileSync(join(h.home, 'logs/plugins/orphan.log'), 'utf8')).toContain(
    'orphan_ended: It had outlived the agent that started it',
  );

  // In the middle of their start, too.
  await end('SIGKILL');
  await start();
  const third = await startedAfter(second);
  await end('SIGKILL');
  await start();
  const fourth = await up(third);
  expect([...second, ...third].filter(isRunning)).toEqual([]);

  await end('SIGTERM');
  expect(fourth.filter(isRunning)).toEqual([]);
  expect([launches(), existsSync(join(h.home, 'agent.pid'))]).toEqual([[], false]);
});
