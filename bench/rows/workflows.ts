import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../test/harness/client.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { interleave, ratios, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const STEPS = 40;
const ROUNDS = 7;
const FLOWS = 96;
const AT_ONCE = 16;
const LOOK_MS = 5;

/** A chain of steps, each of which waits for the one before it. */
function chain(name: string, step: string): string {
  const steps = Array.from({ length: STEPS }, (_, at) => `      s${at}: { ${step}${at === 0 ? '' : `, depends_on: [s${at - 1}]`} }`);
  return `  ${name}:\n    flow:\n${steps.join('\n')}\n`;
}

/** Jobs of 40 steps: without a process, of `true`, and many at once. By the host's own times, from a job's creation to its end. */
export const workflows: Row = {
  name: 'workflows',
  title: `Jobs of ${STEPS} steps in a chain: without a process, and of \`true\` against bare spawns; jobs per second, ${AT_ONCE} at once`,
  async measure() {
    await using benched = await openToru();
    const { admin, toru } = benched;
    const folder = join(toru.home, 'flows');
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    const yaml = `tasks:\n${chain('none', 'type: noop')}${chain('true', "type: script, script: 'true', interpreter: /bin/sh")}`;
    writeFileSync(join(folder, '.workflows/chains.yaml'), yaml);
    const added = await admin.http('POST', '/api/workspaces', { name: 'bench', type: 'folder', path: folder });
    if (added.status !== 201 || added.json().problems.length > 0) throw new Error(`POST /api/workspaces: ${added.text}`);
    const none = (): Promise<number> => took(admin, 'none');
    const processes = (): Promise<number> => took(admin, 'true');
    for (const each of [none, processes, bare]) await each();
    const found = await interleave(ROUNDS, { none, processes, bare });
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
        { what: `${STEPS} steps of true`, unit: 'ms', value: spreadOf(found.processes) },
        { what: `${STEPS} bare spawns`, unit: 'ms', value: spreadOf(found.bare) },
        { what: `jobs of ${STEPS} steps without a process, ${AT_ONCE} at once`, unit: 'jobs/s', value: exact(perS), target: { least: 25 } },
      ],
      notes: ['Jobs are executed and looked at through the edge; the many at once include that.'],
    };
  },
};

/** @returns ms from the job's creation to its end, by the host's clock. */
async function took(admin: Client, task: string): Promise<number> {
  const begun = await admin.http('POST', `/api/workspaces/bench/tasks/${task}/execute`, { input: {} });
  if (begun.status !== 202) throw new Error(`execute: ${begun.status} ${begun.text}`);
  for (;;) {
    const job = (await admin.http('GET', `/api/jobs/${begun.json().job_id}`)).json();
    if (job.ended_at !== null) {
      if (job.state !== 'completed') throw new Error(`the job ended as ${job.state}: ${job.error}`);
      return Date.parse(job.ended_at) - Date.parse(job.created_at);
    }
    await sleep(LOOK_MS);
  }
}

/** @returns ms for as many spawns of the same script, one after another. */
async function bare(): Promise<number> {
  const began = performance.now();
  for (let at = 0; at < STEPS; at += 1) await once(spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore' }), 'close');
  return performance.now() - began;
}
