import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { leftovers, startToru } from '../harness/toru.ts';
import { childrenOf, commandOf, descriptorsOf, residentMiB, workerdOf } from './processes.ts';
import { Viewer } from './viewer.ts';

/**
 * `npm run soak`: a Toru as `npm start` starts it, under a mixed load for 15 minutes (`--minutes n`), and what it holds at
 * its end against what it held when it was warm: descriptors, memory, processes that nobody owns. The last line is JSON.
 * Ends with 1 when something grew that must not.
 */

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '15' } } });
const MINUTES = Number(values.minutes);
/** Until then caches fill and code is compiled; what comes later has to stay. */
const WARM_MS = Math.min(120_000, (MINUTES * 60_000) / 4);
const SAMPLE_MS = 5000;
/** Between a warm sample and the end, at rest both. */
const MORE_DESCRIPTORS = 8;
/** What is held after a collection: a leak shows here, however the system's allocator deals with what was let go. */
const MORE_LIVE_MIB = 6;
/** Of the process, as the system counts it: what V8 and glibc keep for the next busy moment is in it. */
const MORE_MIB = { start: 30, agent: 80, workerd: 60 };
/** A run's files are closed 2 s after the last read; a stop takes 10 s at most, and children of the stubborn as long. */
const REST_MS = 15_000;

const collector = join(import.meta.dirname, 'gc-on-signal.ts');
const toru = await startToru({
  env: { ADMIN_PASSWORD: 'the password of the soak', NODE_OPTIONS: `--expose-gc --import ${collector}` },
});
for (const from of [join(root, 'test/fixtures/scripts'), join(import.meta.dirname, 'scripts')]) {
  for (const name of readdirSync(from)) {
    copyFileSync(join(from, name), join(toru.home, 'scripts', name));
    chmodSync(join(toru.home, 'scripts', name), 0o755);
  }
}
const client = await Client.of(toru);
const wrong: string[] = [];
const counts = { runs: 0, cancelled: 0, drops: 0, wrong };

interface Sample {
  descriptors: Record<string, number>;
  mib: Record<string, number>;
}

interface RestSample extends Sample {
  /** MiB that our own two hold after a collection. */
  live: Record<'start' | 'agent', number>;
}

function processes(): Record<'start' | 'agent' | 'workerd', number> {
  const workerd = workerdOf(toru.pid);
  return { start: toru.pid, agent: toru.agentPid(), workerd };
}

function sample(): Sample {
  const of = (measure: (pid: number) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(processes()).map(([name, pid]) => [name, Math.round(measure(pid))]));
  return { descriptors: of(descriptorsOf), mib: of(residentMiB) };
}

/** After a collection: what is left is held by somebody. */
async function sampleAtRest(): Promise<RestSample> {
  const { start, agent } = processes();
  const live = async (pid: number): Promise<number> => {
    const file = join(toru.home, `live-${pid}`);
    process.kill(pid, 'SIGUSR2');
    await eventually('it says what it holds', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const bytes = Number(readFileSync(file, 'utf8'));
    rmSync(file);
    return Math.round(bytes / 1024 / 102.4) / 10;
  };
  const held = { start: await live(start), agent: await live(agent) };
  await sleep(2000);
  return { ...sample(), live: held };
}

/** Presses and looks, as a busy household would, until told to stop. */
async function press(worker: number, deadline: number): Promise<void> {
  const viewer = new Viewer(client);
  for (let i = 0; Date.now() < deadline; i += 1) {
    const kind = (worker + i) % 4;
    const gate = join(toru.home, `soak-${worker}-${i}`);
    const body =
      kind === 0
        ? { script: 'talk.sh', args: [gate, '0', '0.005'] }
        : kind === 1
          ? { script: 'mixed.sh', args: ['2000', '7', gate] }
          : kind === 2
            ? { script: 'forking.sh' }
            : { script: 'exit.sh', args: ['3'] };
    const answer = await client.http('POST', '/api/runs', body);
    if (answer.status !== 202) {
      counts.wrong.push(`${answer.status} ${answer.text.slice(0, 200)}`);
      await sleep(500);
      continue;
    }
    counts.runs += 1;
    const taskId = String(answer.json().task_id);
    const watched = viewer.watch(taskId);
    if (kind === 0) await sleep(1000);
    if (kind === 0) writeFileSync(gate, '');
    if (i % 5 === 0) {
      viewer.drop();
      counts.drops += 1;
    }
    if (kind === 2) {
      await sleep(300);
      const { status, text } = await client.http('POST', `/api/runs/${taskId}/cancel`);
      if (status !== 202) counts.wrong.push(`cancel: ${status} ${text.slice(0, 200)}`);
      counts.cancelled += 1;
    }
    await viewer.allEnded(60_000).catch((error: unknown) => counts.wrong.push(String(error).slice(0, 300)));
    const expected = kind === 2 ? 'cancelled' : 'exit';
    if (watched.ended !== expected || watched.lost > 0 || watched.repeated > 0) {
      counts.wrong.push(`${body.script}: ${watched.ended}, ${watched.lost} lost, ${watched.repeated} repeated`);
    }
    viewer.forget(taskId);
  }
  viewer.close();
}

async function load(ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  await Promise.all([0, 1, 2, 3, 4, 5].map((worker) => press(worker, deadline)));
  await sleep(REST_MS);
}

const show = (at: string, what: Sample): void =>
  void process.stdout.write(
    `${at.padEnd(9)} descriptors ${JSON.stringify(what.descriptors)}, MiB ${JSON.stringify(what.mib)}, ${counts.runs} runs, ${counts.wrong.length} wrong\n`,
  );

const began = Date.now();
const timer = setInterval(() => show(`${Math.round((Date.now() - began) / 1000)} s`, sample()), SAMPLE_MS * 6);
await load(WARM_MS);
const warm = await sampleAtRest();
show('warm', warm);
await load(MINUTES * 60_000 - WARM_MS);
clearInterval(timer);
const end = await sampleAtRest();
show('end', end);

/** Also the wrappers that wait for the next press, and their pumps. */
const family = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(family)];
const own = new Set(family(toru.pid));
const orphans = leftovers(toru.home).filter((pid) => !own.has(pid));
const grown = [
  ...Object.entries(end.descriptors).flatMap(([name, count]) =>
    count - (warm.descriptors[name] ?? 0) > MORE_DESCRIPTORS ? [`${name}: ${count - (warm.descriptors[name] ?? 0)} more descriptors`] : [],
  ),
  ...(['start', 'agent', 'workerd'] as const).flatMap((name) => {
    const more = (end.mib[name] ?? 0) - (warm.mib[name] ?? 0);
    return more > MORE_MIB[name] ? [`${name}: ${more} MiB more`] : [];
  }),
  ...(['start', 'agent'] as const).flatMap((name) => {
    const more = end.live[name] - warm.live[name];
    return more > MORE_LIVE_MIB ? [`${name}: holds ${more.toFixed(1)} MiB more`] : [];
  }),
  ...orphans.map((pid) => `process ${pid} is nobody’s: ${commandOf(pid)}`),
  ...counts.wrong,
];
client.close();
await toru[Symbol.asyncDispose]();
process.stdout.write(
  `${JSON.stringify({ minutes: MINUTES, runs: counts.runs, cancelled: counts.cancelled, drops: counts.drops, warm, end, orphans: orphans.length, grown })}\n`,
);
process.exitCode = grown.length > 0 ? 1 : 0;
