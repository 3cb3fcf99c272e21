import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { CrashPoint } from './crash-at.ts';
import { CRASH_POINTS } from './crash-at.ts';
import { ended, logged, numbers } from './runs.ts';
import type { Stage } from './stage.ts';
import { onStage } from './stage.ts';

/**
 * kill -9 of the agent at every step of a run's life. After its restart each run has ended truly and whole, or is
 * `interrupted` with a reason; it began at most once; and asking again with the same request id starts nothing twice.
 * The rows of the crash table in their smallest form stand in agent/runs/life/recovery.test.ts.
 */

const REPEATS = scaled(10, 1);
/** Where the agent has to look at the output more than once, it comes for a second at least: a busy one may see less at once. */
const linesFor = (point: CrashPoint): number => (point === 'half-order' ? 2000 : 300);
const CODE = 7;

let stage: Stage;
let client: Client;

onStage((...opened) => {
  [stage, client] = opened;
});

/** What may become of the run that the crash hit, and how often its script may have begun before anybody asks again. */
const OUTCOMES: Record<CrashPoint, { state: 'none' | 'interrupted' | 'exited' }> = {
  'before-journal': { state: 'none' },
  'after-journal': { state: 'interrupted' },
  'before-spawn': { state: 'interrupted' },
  'after-spawn': { state: 'exited' },
  'half-order': { state: 'exited' },
  'before-record': { state: 'exited' },
  'after-record': { state: 'exited' },
};

let mark: string;
let press: { script: string; args: string[]; request_id: string };

function preparePress(point: CrashPoint): void {
  const id = crypto.randomUUID();
  mark = join(stage.home, `mark-${id}`);
  press = { script: 'mixed.sh', args: [String(linesFor(point)), String(CODE), mark], request_id: id };
}

function starts(): number {
  return existsSync(mark) ? readFileSync(mark, 'utf8').trim().split('\n').length : 0;
}

async function expectMixed(taskId: string, lines: number): Promise<void> {
  for (const [stream, word] of [
    ['stdout', 'out'],
    ['stderr', 'err'],
  ] as const) {
    expect(await logged(client, taskId, stream)).toBe(
      numbers(lines)
        .map((i) => `${word} ${i}\n`)
        .join(''),
    );
  }
}

async function crashAt(point: CrashPoint): Promise<{ acknowledged: string | null }> {
  preparePress(point);
  await stage.stopAgent();
  await stage.startAgent({ preload: join(import.meta.dirname, 'crash-at.ts'), env: { TORU_TEST_CRASH_AT: point } });
  await stage.linked();
  const answer = await client.http('POST', '/api/runs', press);
  await stage.agentGone();
  await stage.startAgent();
  await stage.linked();
  // The agent may die between the head of its answer and the body: nothing was promised then.
  return { acknowledged: answer.status === 202 && answer.text !== '' ? answer.json().task_id : null };
}

for (const point of CRASH_POINTS) {
  for (const repeat of numbers(REPEATS)) {
    test(`kill -9 at ${point}${REPEATS > 1 ? `, ${repeat + 1}` : ''}`, async () => {
      const { acknowledged } = await crashAt(point);
      if (point.startsWith('before-')) expect(starts()).toBe(point === 'before-record' ? 1 : 0);
      const before = (await client.http('GET', '/api/runs?limit=1')).json().items[0];
      const known = before !== undefined && before.args?.[2] === mark ? String(before.task_id) : null;
      if (acknowledged !== null) expect(known, 'what was promised is known').toBe(acknowledged);
      const { state } = OUTCOMES[point];
      if (state === 'none') expect(known).toBeNull();
      else {
        const run = await ended(client, known ?? 'missing');
        // A wrapper that lost the race for its claim never starts; one that won it runs to its end.
        if (point === 'after-spawn' && run.state === 'interrupted') expect(starts()).toBe(0);
        else expect(run.state).toBe(state);
        if (run.state === 'interrupted') expect(run.reason).toBeTruthy();
        else {
          expect(run.exit_code).toBe(CODE);
          expect(starts()).toBe(1);
          await expectMixed(known ?? '', linesFor(point));
        }
      }

      const again = await client.http('POST', '/api/runs', press);
      expect(again.status).toBe(202);
      const taskId = String(again.json().task_id);
      if (known !== null) expect(taskId).toBe(known);
      const last = await ended(client, taskId);
      expect(starts()).toBe(last.state === 'interrupted' ? 0 : 1);
      if (last.state !== 'interrupted') await expectMixed(taskId, linesFor(point));
    });
  }
}

test('kill -9 in the middle of the output: taken up, and whole at the end', async () => {
  const gate = join(stage.home, 'gate-mid-output');
  for (let kill = 0; kill < scaled(10, 2); kill += 1) {
    const answer = await client.http('POST', '/api/runs', { script: 'talk.sh', args: [gate, '4', '0.001'] });
    const taskId = String(answer.json().task_id);
    const printed = async (): Promise<boolean> => (await client.http('GET', `/api/runs/${taskId}`)).json().output_bytes > 0;
    await eventually('output arrives', printed);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    await stage.killAgent();
    await stage.startAgent();
    await stage.linked();
    expect((await client.http('GET', `/api/runs/${taskId}`)).json().state).toBe('running');
    writeFileSync(gate, '');
    expect(await ended(client, taskId)).toMatchObject({ state: 'exited', exit_code: 4 });
    const out = (await logged(client, taskId, 'stdout')).split('\n');
    expect(out.slice(0, -2)).toEqual(numbers(out.length - 2).map((i) => `out ${i} ${gate}`));
    expect(out.at(-2)).toBe(`total ${out.length - 2}`);
    expect(readFileSync(`${gate}.began`, 'utf8')).toBe(`${taskId}\n`);
    rmSync(gate);
    rmSync(`${gate}.began`);
  }
});
