import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEARTBEAT_MS } from '../../shared/limits.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import { PING } from '../../shared/wire.ts';
import { newHostKey, startEdge, type TestEdge, type TestHostKey } from './edge.ts';
import { FakeAgent, userOf } from './fake-agent.ts';
import { login } from './socket-client.ts';

/**
 * `node worker/test/fifty-hosts.ts`: how long the home page's answer about its hosts takes with fifty of them, twenty at work, against one
 * (target: 1.3 ×). Two workerds of the same machine are asked in turns; hosts are agents of the tests, members by certificates that are not looked at here. The first answer
 * of each, after which the Account object knows its hosts, is printed for itself.
 */

const HOSTS = 50;
const AT_WORK = 20;
const ROUNDS = 300;
const RUNS = 10;

async function dialled(edge: TestEdge, key: TestHostKey): Promise<FakeAgent> {
  for (let tries = 0; tries < 100; tries += 1) {
    const agent = await FakeAgent.link(edge, key).catch(() => null);
    if (agent !== null) return agent;
    await sleep(100);
  }
  throw new Error('a member was not let in');
}

function work(agent: FakeAgent): void {
  for (let n = 0; n < RUNS; n += 1) {
    const at = new Date(Date.now() - n * 1000).toISOString();
    const run = { task_id: randomUUID(), user_id: userOf('admin').id, action: 'backup', label: `Backup ${n}`, exit_code: null };
    const control: AgentControl = { type: 'run', run: { ...run, state: 'running', created_at: at, started_at: at, ended_at: null } };
    agent.control(control);
  }
}

/** An edge with so many hosts. @returns what asks it once, in ms; and what ends it. */
async function installation(hosts: number): Promise<{ ask: () => Promise<number>; stop: () => Promise<void> }> {
  const edge = await startEdge();
  const home = await FakeAgent.link(edge);
  const keys = Array.from({ length: hosts - 1 }, newHostKey);
  const certificate = `e30.${'A'.repeat(86)}`;
  const members = keys.map(({ id, publicKey }, at) => ({ id, name: `host ${at}`, public_key: publicKey, certificate, roles: {} }));
  home.control({ type: 'members', members, directory: certificate, moves: [] });
  const agents = [home];
  for (const key of keys.slice(0, AT_WORK - 1)) agents.push(await dialled(edge, key));
  for (const agent of agents) work(agent);
  // As agents do: one that says nothing is asked after, and then away.
  const beat = setInterval(() => {
    for (const agent of agents) agent.socket.send(PING);
  }, HEARTBEAT_MS);
  const cookie = await login(edge, 'admin');
  const listed = async () => {
    const answer = await edge.ask('/api/hosts', { headers: { cookie } });
    const items: unknown = Object(answer.json()).items;
    if (!Array.isArray(items) || items.length !== hosts) throw new Error(`${answer.status}: ${answer.text.slice(0, 200)}`);
  };
  const began = performance.now();
  await listed();
  console.log(`first answer about ${hosts}: ${(performance.now() - began).toFixed(2)} ms`);
  return {
    async ask() {
      const began = performance.now();
      await listed();
      return performance.now() - began;
    },
    async stop() {
      clearInterval(beat);
      for (const agent of agents) await agent.stop();
      await edge.stop();
    },
  };
}

const quantile = (times: readonly number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;

const [one, fifty] = await Promise.all([installation(1), installation(HOSTS)]);
const times: Record<'one' | 'fifty', number[]> = { one: [], fifty: [] };
for (let round = 0; round < ROUNDS + 20; round += 1) {
  const [first, second] = round % 2 === 0 ? [one, fifty] : [fifty, one];
  const [a, b] = [await first.ask(), await second.ask()];
  // The first ones load code that stays.
  if (round < 20) continue;
  times.one.push(round % 2 === 0 ? a : b);
  times.fifty.push(round % 2 === 0 ? b : a);
}
for (const part of [0.5, 0.95]) {
  const [of1, of50] = [quantile(times.one, part), quantile(times.fifty, part)];
  console.log(`p${part * 100}: one host ${of1.toFixed(2)} ms, ${HOSTS} hosts ${of50.toFixed(2)} ms, ${(of50 / of1).toFixed(2)} ×`);
}
await Promise.all([one.stop(), fifty.stop()]);
