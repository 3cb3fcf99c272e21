import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Which step begins when: the host's `max_steps`, the order of readiness, and how deep jobs start each other. */

let flow: WorkflowsHarness;
beforeEach(async () => {
  flow = await makeWorkflows();
});
afterEach(() => flow.close());

const read = (name: string): string => (existsSync(join(flow.home, name)) ? readFileSync(join(flow.home, name), 'utf8') : '');

test('never are more steps at work than max_steps says, of all jobs together', async () => {
  const step = `{ type: script, script: 'echo + >> "$MARKS"; sleep 0.05; echo - >> "$MARKS"', env: { MARKS: '${join(flow.home, 'marks')}' } }`;
  const steps = Array.from({ length: 8 }, (_, at) => `s${at}: ${step}`).join(', ');
  flow.write('wide.yaml', `tasks: { wide: { flow: { ${steps} } } }\n`);
  await flow.load();
  await flow.ask(flow.admin, 'PUT', '/api/settings', { max_steps: 2 });
  for (const job of await Promise.all([flow.execute('wide'), flow.execute('wide')]))
    expect((await flow.ended(job)).state).toBe('completed');
  let [now, most] = [0, 0];
  for (const mark of read('marks').trim().split('\n')) {
    now += mark === '+' ? 1 : -1;
    most = Math.max(most, now);
  }
  expect([now, most]).toEqual([0, 2]);
});

test('a deep chain lets another job in: who was ready first begins first', async () => {
  const order = join(flow.home, 'order');
  const step = (word: string, more = ''): string =>
    `{ type: script, script: 'echo ${word} >> "$ORDER"; while [ ! -e "$GATE" ]; do sleep 0.02; done', env: { ORDER: '${order}', GATE: '${join(flow.home, 'gate')}' }${more} }`;
  const chain = Array.from({ length: 5 }, (_, at) => `c${at}: ${step(`chain${at}`, at === 0 ? '' : `, depends_on: [c${at - 1}]`)}`);
  flow.write('two.yaml', `tasks:\n  chain: { flow: { ${chain.join(', ')} } }\n  other: { flow: { x: ${step('other')} } }\n`);
  await flow.load();
  await flow.ask(flow.admin, 'PUT', '/api/settings', { max_steps: 1 });
  const long = await flow.execute('chain');
  await expect.poll(() => read('order'), { timeout: 60_000 }).toBe('chain0\n');
  const other = await flow.execute('other');
  writeFileSync(join(flow.home, 'gate'), '');
  for (const job of [long, other]) expect((await flow.ended(job)).state).toBe('completed');
  expect(read('order').trim().split('\n')).toEqual(['chain0', 'other', 'chain1', 'chain2', 'chain3', 'chain4']);
});

test('jobs start each other ten deep, and the one below fails with the sentence, up to the first', async () => {
  flow.write('deep.yaml', `tasks: { deep: { flow: { again: { type: task, task: deep, when: '{{ true }}' } } } }\n`);
  await flow.load();
  const job = await flow.ended(await flow.execute('deep'));
  expect(job).toMatchObject({ state: 'failed', steps: [{ state: 'failed', error: expect.stringContaining('at most 10 deep') }] });
  const { n } = flow.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM jobs').get() ?? { n: 0 };
  expect(n).toBe(11);
});
