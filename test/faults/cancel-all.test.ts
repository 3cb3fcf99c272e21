import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { processesNaming } from './processes.ts';
import { ended, numbers } from './runs.ts';
import { onStage } from './stage.ts';

/** Cancel means gone: runs that ignore every signal, with children that left their group, session and tree. */

const RUNS = scaled(1000, 60, 12);
/** So many run at the same time (agent/runs/runs.ts); the rest is cancelled in the next wave. */
const AT_ONCE = 250;
/** What is promised for all of them together, and a moment to look; in short, beside other tests, a busy machine gets more. */
const GONE_MS = scaled(17_000, 60_000);

let client: Client;

onStage((_stage, opened) => {
  client = opened;
});

test(`${RUNS} stubborn and forking runs, all cancelled: no process left 15 s later`, async () => {
  for (let from = 0; from < RUNS; from += AT_ONCE) {
    const wave = numbers(Math.min(AT_ONCE, RUNS - from));
    const ids: string[] = [];
    for (const group of numbers(Math.ceil(wave.length / 20))) {
      const answers = await Promise.all(
        wave
          .slice(group * 20, group * 20 + 20)
          .map((i) => client.http('POST', '/api/runs', { script: i % 3 === 0 ? 'stubborn.sh' : 'forking.sh' })),
      );
      for (const answer of answers) {
        expect(answer.status, answer.text).toBe(202);
        ids.push(String(answer.json().task_id));
      }
    }
    const said = new Set<string>();
    const allRun = async (): Promise<boolean> => {
      for (const id of ids.filter((one) => !said.has(one))) {
        if ((await client.http('GET', `/api/runs/${id}`)).json().output_bytes === 0) return false;
        said.add(id);
      }
      return true;
    };
    await eventually('all of them run', allRun, 120_000);
    const names = new Set(ids);
    await eventually('their children are there', () => processesNaming(names).length, {
      holds: (seen) => seen > wave.length * 3,
      limitMs: 120_000,
    });
    const cancelled = await Promise.all(ids.map((id) => client.http('POST', `/api/runs/${id}/cancel`)));
    expect(new Set(cancelled.map(({ status }) => status))).toEqual(new Set([202]));
    const began = performance.now();
    // Seldom: looking at thousands of processes is work that the agent has to do as well.
    let left = processesNaming(names).length;
    for (; left > 0 && performance.now() - began < 120_000; left = processesNaming(names).length) await sleep(1000);
    expect(left).toBe(0);
    expect(performance.now() - began).toBeLessThan(GONE_MS);
    for (const id of ids) expect((await ended(client, id)).state).toBe('cancelled');
  }
}, 900_000);
