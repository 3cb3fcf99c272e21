import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { job as jobSchema } from '../../shared/workflows.ts';
import { until } from '../until.ts';
import { beginCrashing } from './crashing-process-harness.ts';

const FULL = process.env['TORU_FAULTS'] === 'full';
/** So many jobs, each of whose agents is killed so often. */
const [JOBS, KILLS] = FULL ? [20, 5] : [1, 4];

/** 30 steps: chains beside each other, steps that fail first and are tried again, some after a while, jobs below jobs, an approval. */
function task(marks: string): string {
  const script = `echo "$TORU_JOB_ID $TORU_STEP $TORU_ATTEMPT" >> "${marks}"; sleep 0.0$((\${#TORU_STEP} % 5))`;
  const steps: string[] = [];
  const add = (name: string, after: string, action: string): void =>
    void steps.push(`      ${name}: { action: ${action}${after === '' ? '' : `, depends_on: [${after}]`} }`);
  for (let i = 0; i < 12; i += 1) add(`a${i}`, i === 0 ? '' : `a${i - 1}`, i % 4 === 2 ? 'flaky' : 'mark');
  for (let i = 0; i < 8; i += 1) add(`b${i}`, i === 0 ? '' : `b${i - 1}`, i === 3 ? 'ask' : i === 5 ? 'late' : 'mark');
  for (let i = 0; i < 5; i += 1) add(`c${i}`, i === 0 ? 'a1' : `c${i - 1}`, i % 2 === 0 ? 'below' : 'nothing');
  for (let i = 0; i < 4; i += 1) add(`d${i}`, 'b1', 'mark');
  add('last', 'a11, b7, c4, d0, d1, d2, d3', 'mark');
  return `
actions:
  mark: { type: script, script: '${script}' }
  flaky: { type: script, script: '${script}; test "$TORU_ATTEMPT" -gt 1', retry: { max_attempts: 3, delay: 0s } }
  late: { type: script, script: '${script}; test "$TORU_ATTEMPT" -gt 1', retry: { max_attempts: 2, delay: 1s } }
  ask: { type: approval, message: Go on? }
  below: { type: task, task: child }
tasks:
  child: { flow: { one: { action: mark }, two: { action: flaky, depends_on: [one] } } }
  main:
    flow:
${steps.join('\n').replaceAll('action: nothing', 'type: script, script: "true"')}
`;
}

/** Each attempt of each script, once: of the job, and of its three children. */
const ATTEMPTS = 15 + 8 + 4 + 1 + 3 * 3;

it('kill -9 of the agent, again and again: each job ends as it would have, no step twice, none lost', async () => {
  for (let i = 0; i < JOBS; i += 1) await killed(Array.from({ length: KILLS }, () => Math.round(Math.random() * 900)));
}, 3_600_000);

async function killed(delays: number[]): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'toru-kill-'));
  const folder = join(home, 'flows');
  const marks = join(home, 'marks');
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(join(folder, '.workflows', 'main.yaml'), task(marks));
  const request = randomUUID();
  for (const delay of delays) {
    const agent = beginCrashing('crashing-flow.ts', [home, folder, request]);
    await until(() => agent.said().includes('ready'), agent.said);
    await new Promise((next) => setTimeout(next, delay));
    await agent.kill();
  }
  const agent = beginCrashing('crashing-flow.ts', [home, folder, request]);
  await until(() => agent.said().includes('ended '), agent.said);
  const [, text = ''] = /^ended (.*)$/m.exec(agent.said()) ?? [];
  await agent.kill();
  const job = jobSchema.parse(JSON.parse(text));
  const seen = readFileSync(marks, 'utf8').trim().split('\n').sort();
  const context = JSON.stringify({ delays, steps: job.steps.filter(({ state }) => state !== 'completed'), error: job.error });
  expect(job.state, context).toBe('completed');
  expect(job.steps.length).toBe(30);
  expect(seen, context).toEqual([...new Set(seen)]);
  expect(
    seen.filter((line) => line.startsWith(job.job_id)).map((line) => line.split(' ').slice(1).join(' ')),
    context,
  ).toEqual(attemptsOf(job.steps).sort());
  expect(seen.length, context).toBe(ATTEMPTS);
  rmSync(home, { recursive: true, force: true });
}

function attemptsOf(steps: readonly { name: string; action: string; attempt: number }[]): string[] {
  return steps.flatMap(({ name, action, attempt }) =>
    ['mark', 'flaky', 'late'].includes(action) ? Array.from({ length: attempt }, (_, at) => `${name} ${at + 1}`) : [],
  );
}
