import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasDbos, startDbos } from '../peers/dbos.ts';
import type { Engine } from '../peers/folder.ts';
import { hasRestate, startRestate } from '../peers/restate.ts';
import type { Figure, Row } from '../row.ts';
import { interleave, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const STEPS = 40;
const ROUNDS = 3;
const FLOWS = 48;
const AT_ONCE = 16;
const LOOK_MS = 5;

const chain = (name: string, step: string): string =>
  `  ${name}:\n    flow:\n${Array.from({ length: STEPS }, (_, at) => `      s${at}: { ${step}${at === 0 ? '' : `, depends_on: [s${at - 1}]`} }\n`).join('')}`;

/** The same chains in Toru, Restate and DBOS, each asked over HTTP for one chain and its end, in turns within one run. */
export const flowPeers: Row = {
  name: 'flow-peers',
  deadline: 540,
  title: `Chains of ${STEPS} durable steps beside Restate and DBOS: without a process, of /bin/sh -c true, and chains per second, ${AT_ONCE} at once`,
  missing: () =>
    hasRestate() || hasDbos()
      ? null
      : 'neither Restate nor DBOS (with PostgreSQL) is in the folder that TORU_BENCH_PEERS names (bench/peers/folder.ts)',
  async measure() {
    await using stack = new AsyncDisposableStack();
    const benched = stack.use(await openToru());
    const { admin, toru } = benched;
    const folder = join(toru.home, 'flows');
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    writeFileSync(
      join(folder, '.workflows/chains.yaml'),
      `tasks:\n${chain('none', 'type: noop')}${chain('true', "type: script, script: 'true', interpreter: /bin/sh")}`,
    );
    const added = await admin.http('POST', '/api/workspaces', { name: 'bench', type: 'folder', path: folder });
    if (added.status !== 201) throw new Error(`POST /api/workspaces: ${added.text}`);
    const engines: Record<string, Pick<Engine, 'run'>> = {
      toru: {
        run: async (name) => {
          const begun = await admin.http('POST', `/api/workspaces/bench/tasks/${name}/execute`, { input: {} });
          if (begun.status !== 202) throw new Error(`execute: ${begun.status} ${begun.text}`);
          for (;;) {
            const job = (await admin.http('GET', `/api/jobs/${begun.json().job_id}`)).json();
            if (job.state === 'completed') return;
            if (job.ended_at !== null) throw new Error(`the job ended as ${job.state}: ${job.error}`);
            await sleep(LOOK_MS);
          }
        },
      },
      ...(hasRestate() ? { restate: stack.use(await startRestate(toru.home)) } : {}),
      ...(hasDbos() ? { dbos: stack.use(await startDbos(toru.home)) } : {}),
    };
    const names = Object.keys(engines);
    const all = (measure: (engine: Pick<Engine, 'run'>) => Promise<number>): Record<string, () => Promise<number>> =>
      Object.fromEntries(Object.entries(engines).map(([name, engine]) => [name, () => measure(engine)]));
    const bareSpawns: Record<string, () => Promise<number>> = { bare: () => timed(bare) };
    for (const engine of Object.values(engines)) for (const name of ['none', 'true'] as const) await engine.run(name);
    const none = await interleave(
      ROUNDS,
      all((engine) => timed(() => engine.run('none'))),
    );
    const processes = await interleave(ROUNDS, {
      ...all((engine) => timed(() => engine.run('true'))),
      ...bareSpawns,
    });
    const many = await interleave(
      3,
      all(async (engine) => FLOWS / ((await timed(() => atOnce(engine))) / 1000)),
    );
    const figures = names.flatMap((name): Figure[] => [
      { what: `${name}: ${STEPS} steps without a process`, unit: 'ms', value: spreadOf(none[name] ?? []) },
      { what: `${name}: ${STEPS} steps of true`, unit: 'ms', value: spreadOf(processes[name] ?? []) },
      { what: `${name}: chains without a process, ${AT_ONCE} at once`, unit: 'flows/s', value: spreadOf(many[name] ?? []) },
    ]);
    return {
      figures: [...figures, { what: `${STEPS} bare spawns`, unit: 'ms', value: spreadOf(processes['bare'] ?? []) }],
      notes: [
        'From the request to the known end: Toru through its edge, looked at every 5 ms; Restate at its ingress and DBOS at a server of its own answer at the end.',
        'A step of Toru without a process is written with its job; one of true is a run with its own log, journal and process group.',
      ],
    };
  },
};

async function atOnce(engine: Pick<Engine, 'run'>): Promise<void> {
  let left = FLOWS;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        await engine.run('none');
      }
    }),
  );
}

async function timed(one: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await one();
  return performance.now() - began;
}

async function bare(): Promise<void> {
  for (let at = 0; at < STEPS; at += 1) await once(spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore' }), 'close');
}
