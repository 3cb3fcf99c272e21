import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Stage } from './stage.ts';
import type { Watched } from './viewer.ts';

/** Runs whose output the test can foretell. */

export interface Talk {
  taskId: string;
  gate: string;
  code: number;
}

/** Starts `talk.sh`: numbered lines until `finish`. */
export async function startTalk(stage: Stage, client: Client, name: string, { code = 0, pause = 0.05 } = {}): Promise<Talk> {
  const gate = join(stage.home, `gate-${name}`);
  const answer = await client.http('POST', '/api/runs', { script: 'talk.sh', args: [gate, String(code), String(pause)] });
  expect(answer.status, answer.text).toBe(202);
  return { taskId: answer.json().task_id, gate, code };
}

export function finish(talk: Talk): void {
  writeFileSync(talk.gate, '');
}

/** A script that is cancelled gets ten seconds, and a host that was away comes back meanwhile. */
const ENDS_MS = 30_000;

/** The ends of a run as the host tells them. */
export async function ended(
  client: Client,
  taskId: string,
  limitMs = ENDS_MS,
): Promise<{ state: string; exit_code: number | null; output_bytes: number; reason: string | null }> {
  const look = async () => {
    const answer = await client.http('GET', `/api/runs/${taskId}`).catch(() => null);
    const { state, exit_code, output_bytes, reason } = answer?.status === 200 ? answer.json() : { state: 'unknown' };
    return { state, exit_code, output_bytes, reason };
  };
  const holds = ({ state }: { state: string }): boolean => !['unknown', 'running', 'queued'].includes(state);
  return await eventually(`run ${taskId} ends`, look, { holds, limitMs });
}

/** One of a run's streams, whole, from the host's log. */
export async function logged(client: Client, taskId: string, stream: 'stdout' | 'stderr'): Promise<string> {
  const answer = await client.http('GET', `/api/runs/${taskId}/output?stream=${stream}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.text;
}

/** What `talk.sh` has printed, by its last line; fails when a line is missing, doubled or out of place. */
export function expectTalk(text: { stdout: string; stderr: string }, talk: Talk): void {
  const total = Number(/total (\d+)\n$/.exec(text.stdout)?.[1]);
  expect(total, `the end of ${talk.taskId}: ${text.stdout.slice(-100)}`).toBeGreaterThanOrEqual(0);
  expect(text.stdout).toBe(
    `${numbers(total)
      .map((i) => `out ${i} ${talk.gate}\n`)
      .join('')}total ${total}\n`,
  );
  expect(text.stderr).toBe(
    numbers(total)
      .filter((i) => i % 3 === 0)
      .map((i) => `err ${i}\n`)
      .join(''),
  );
}

/** A run that was watched through faults: nothing lost, nothing twice, its end told truly, and started once. */
export async function expectWhole(client: Client, watched: Watched, talk: Talk): Promise<void> {
  expect({ lost: watched.lost, repeated: watched.repeated, gaps: watched.gaps }).toEqual({ lost: 0, repeated: 0, gaps: 0 });
  expectTalk(watched.text, talk);
  expect(watched.ended).toBe('exit');
  expect(watched.code).toBe(talk.code);
  const run = await ended(client, talk.taskId);
  expect(run).toMatchObject({ state: 'exited', exit_code: talk.code, output_bytes: watched.cursor });
  expect(startsOf(talk.gate)).toBe(1);
}

/** How often a script that was given this gate has begun. */
export function startsOf(gate: string): number {
  const file = `${gate}.began`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
