import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../test/harness/client.ts';
import { Helper } from '../helper-process.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { interleave, quantile, ratios, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const STEPS = 40;
const ROUNDS = 7;
const FLOWS = 96;
const AT_ONCE = 16;
const LOOK_MS = 5;
/** Steps that all may begin at once, of which the host does AT_ONCE. */
const WIDE = 1000;
const WIDE_ROUNDS = 3;
const MANY_LOOK_MS = 100;

/** A chain of steps, each of which waits for the one before it. */
function chain(name: string, step: string): string {
  const steps = Array.from({ length: STEPS }, (_, at) => `      s${at}: { ${step}${at === 0 ? '' : `, depends_on: [s${at - 1}]`} }`);
  return `  ${name}:\n    flow:\n${steps.join('\n')}\n`;
}

/** Steps that wait for none. */
function wide(name: string, step: string): string {
  return `  ${name}:\n    flow:\n${Array.from({ length: WIDE }, (_, at) => `      w${at}: { ${step} }`).join('\n')}\n`;
}

const TRUE = "type: script, script: 'true', interpreter: /bin/sh";

/** Jobs of 40 steps: without a process, of `true`, and many at once. By the host's own times, from a job's creation to its end. */
export const workflows: Row = {
  name: 'workflows',
  deadline: 540,
  title: `Jobs of ${STEPS} steps in a chain: without a process, and of \`true\` against bare spawns; jobs per second, ${AT_ONCE} at once; ${WIDE} steps beside each other against runs`,
  async measure() {
    await using benched = await openToru();
    const { admin, toru } = benched;
    const folder = join(toru.home, 'flows');
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    const yaml = `tasks:\n${chain('none', 'type: noop')}${chain('true', TRUE)}${wide('wide', TRUE)}`;
    writeFileSync(join(folder, '.workflows/chains.yaml'), yaml);
    const added = await admin.http('POST', '/api/workspaces', { name: 'bench', type: 'folder', path: folder });
    if (added.status !== 201 || added.json().problems.length > 0) throw new Error(`POST /api/workspaces: ${added.text}`);
    const set = await admin.http('PUT', '/api/settings', { max_steps: AT_ONCE });
    if (set.status !== 200) throw new Error(`PUT /api/settings: ${set.text}`);
    /** From the end of each step's process to the acceptance of the next one's run, from where on it is a run like a press. ms */
    const pauses: number[] = [];
    const none = async (): Promise<number> => (await took(admin, 'none')).ms;
    const processes = async (): Promise<number> => {
      const { ms, steps } = await took(admin, 'true');
      for (const [at, { started_at }] of steps.entries()) {
        const before = steps[at - 1];
        if (before !== undefined) pauses.push(Date.parse(started_at) - Date.parse(before.ended_at));
      }
      return ms;
    };
    for (const each of [none, processes, bare]) await each();
    pauses.length = 0;
    const found = await interleave(ROUNDS, { none, processes, bare });
    const program = benched.script('true.sh', '#!/bin/sh\ntrue\n');
    await using runner = new Helper('clients/runner.ts');
    const many = await interleave(WIDE_ROUNDS, {
      steps: async () => WIDE / ((await took(admin, 'wide', MANY_LOOK_MS)).ms / 1000),
      runs: () => runner.ask({ count: WIDE, atOnce: AT_ONCE, folder: toru.home, way: 'runs', program }),
    });
    const began = performance.now();
    let left = FLOWS;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left > 0) {
          left -= 1;
          await took(admin, 'none');
        }
      }),
    );
    const perS = FLOWS / ((performance.now() - began) / 1000);
    return {
      figures: [
        { what: `${STEPS} steps without a process`, unit: 'ms', value: spreadOf(found.none), target: { most: 112 } },
        { what: `${STEPS} steps of true / bare spawns`, unit: '×', value: ratios(found.processes, found.bare), target: { most: 1.5 } },
        {
          what: 'end of a step → run of the next one accepted, p95',
          unit: 'ms',
          value: exact(quantile(pauses, 0.95)),
          target: { most: 15 },
        },
        {
          what: `${WIDE} steps of true beside each other / runs, ${AT_ONCE} at once`,
          unit: '×',
          value: ratios(many.steps, many.runs),
          target: { least: 0.8 },
        },
        { what: `${STEPS} steps of true`, unit: 'ms', value: spreadOf(found.processes) },
        { what: `${STEPS} bare spawns`, unit: 'ms', value: spreadOf(found.bare) },
        { what: `jobs of ${STEPS} steps without a process, ${AT_ONCE} at once`, unit: 'jobs/s', value: exact(perS), target: { least: 25 } },
      ],
      notes: [
        'Jobs are executed and looked at through the edge; the many at once include that. The thousand steps are looked at by their line in the list of jobs.',
      ],
    };
  },
};

interface Took {
  /** From the job's creation to its end, by the host's clock. */
  ms: number;
  steps: readonly { started_at: string; ended_at: string }[];
}

async function took(admin: Client, task: string, lookMs = LOOK_MS): Promise<Took> {
  const begun = await admin.http('POST', `/api/workspaces/bench/tasks/${task}/execute`, { input: {} });
  if (begun.status !== 202) throw new Error(`execute: ${begun.status} ${begun.text}`);
  const { job_id } = begun.json();
  // Of a thousand steps, the whole job is a third of a MB: while it runs, its line of the list says as much.
  const path = lookMs === LOOK_MS ? `/api/jobs/${job_id}` : `/api/jobs?workspace=bench&task=${task}&limit=1`;
  for (;;) {
    const seen = (await admin.http('GET', path)).json();
    if ((seen.items?.[0] ?? seen).ended_at !== null) break;
    await sleep(lookMs);
  }
  const job = (await admin.http('GET', `/api/jobs/${job_id}`)).json();
  if (job.state !== 'completed') throw new Error(`the job ended as ${job.state}: ${job.error}`);
  return { ms: Date.parse(job.ended_at) - Date.parse(job.created_at), steps: job.steps };
}

/** @returns ms for as many spawns of the same script, one after another. */
async function bare(): Promise<number> {
  const began = performance.now();
  for (let at = 0; at < STEPS; at += 1) await once(spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore' }), 'close');
  return performance.now() - began;
}
