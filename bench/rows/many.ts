import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../test/harness/eventually.ts';
import { leftovers } from '../../test/harness/toru.ts';
import { stage } from '../deadline.ts';
import { cpuSeconds } from '../helper-process.ts';
import { memoryTogether } from '../memory.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru } from '../toru.ts';
import { pressOnce } from './press.ts';

/** One less than a host runs at a time: the press is the last. */
const RUNS = 255;
const STARTED_AT_ONCE = 16;
const PRESSES = 40;
const SETTLE_MS = 30_000;
const WATCH_S = 10;
/** The script is its owner's: not counted. */
const SCRIPT = 'exec sleep 600';

/** What a host costs, and a press on it, while it runs as much as it may. */
export const many: Row = {
  name: 'many',
  title: `${RUNS} runs at once that wait: memory, descriptors and CPU for each, and a press beside them`,
  async measure() {
    await using benched = await openToru();
    benched.script('echo.sh', '#!/bin/sh\necho pressed\n');
    benched.script('wait.sh', `#!/bin/sh\n${SCRIPT}\n`);
    const agent = benched.toru.agentPid();
    await presses(benched);
    stage('as many runs come and go, so that all code is loaded that they need');
    await cancelAll(benched, await startAll(benched));
    await sleep(SETTLE_MS);
    const before = { memory: memory(benched), descriptors: descriptorsOf(agent), presses: await presses(benched) };
    stage('the runs are started');
    const began = performance.now();
    const tasks = await startAll(benched);
    const started = (performance.now() - began) / 1000;
    const beside = await presses(benched);
    await sleep(SETTLE_MS);
    const from = cpuSeconds(agent);
    await sleep(WATCH_S * 1000);
    const cpu = (100 * (cpuSeconds(agent) - from)) / WATCH_S;
    const more = { memory: memory(benched) - before.memory, descriptors: descriptorsOf(agent) - before.descriptors };
    stage('the runs are cancelled');
    const cancelled = performance.now();
    await cancelAll(benched, tasks);
    return {
      figures: [
        { what: 'memory, each', unit: 'KB', value: exact(more.memory / RUNS / 1000), target: { most: 200 } },
        { what: 'the agent’s descriptors, each', unit: '', value: exact(more.descriptors / RUNS) },
        { what: 'the agent’s CPU beside them', unit: '%', value: exact(cpu) },
        { what: 'started', unit: 'runs/s', value: exact(RUNS / started) },
        { what: 'all cancelled and gone after', unit: 's', value: exact((performance.now() - cancelled) / 1000) },
        { what: 'press → first byte, beside them', unit: 'ms', value: spreadOf(beside) },
        { what: 'press → first byte, before them', unit: 'ms', value: spreadOf(before.presses) },
      ],
      notes: [`Memory without the scripts’ own processes, ${SETTLE_MS / 1000} s after the last start.`],
    };
  },
};

async function startAll(benched: BenchedToru): Promise<string[]> {
  const tasks: string[] = [];
  while (tasks.length < RUNS) {
    const count = Math.min(STARTED_AT_ONCE, RUNS - tasks.length);
    tasks.push(...(await Promise.all(Array.from({ length: count }, () => benched.start('wait.sh')))));
  }
  await eventually('all scripts run', () => scriptsOf(benched).length, { holds: (running) => running === RUNS, limitMs: 60_000 });
  return tasks;
}

async function cancelAll(benched: BenchedToru, tasks: readonly string[]): Promise<void> {
  await Promise.all(tasks.map((task) => benched.admin.http('POST', `/api/runs/${task}/cancel`)));
  await eventually('nothing of the runs is left', () => scriptsOf(benched).length, { holds: (left) => left === 0, limitMs: 60_000 });
}

async function presses({ admin }: BenchedToru): Promise<number[]> {
  const socket = await admin.openSocket();
  const times: number[] = [];
  for (let i = 0; i < PRESSES; i += 1) times.push(await pressOnce(socket));
  socket.close();
  return times;
}

/** Of all of Toru without the scripts, in bytes. */
function memory({ toru }: BenchedToru): number {
  return memoryTogether(leftovers(toru.home).filter((pid) => !isScript(pid)));
}

function scriptsOf({ toru }: BenchedToru): number[] {
  return leftovers(toru.home).filter(isScript);
}

function isScript(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep';
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
