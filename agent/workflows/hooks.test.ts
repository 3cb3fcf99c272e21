import { expect, it } from 'vitest';
import * as z from 'zod';
import { makeWorkflows } from './workflows-harness.ts';

const QUESTIONS = `
actions:
  ask: { type: approval }
  note: { type: noop }
tasks:
  asks:
    flow:
      one: { action: ask }
      two: { action: ask, depends_on: [one] }
    on_suspended: [{ action: note, input: { status: "{{ hook.status }}", task: "{{ hook.task_name }}" } }]
`;

it('every question fires the hooks of its own', async () => {
  const flow = await makeWorkflows();
  try {
    flow.write('asks.yaml', QUESTIONS);
    await flow.load();
    const id = await flow.execute('asks');
    for (const step of ['one', 'two']) {
      await flow.until(id, ({ steps }) => steps.some(({ name, state }) => name === step && state === 'suspended'));
      await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/steps/${step}/approve`, { approved: true });
    }
    expect(await flow.ended(id)).toMatchObject({ state: 'completed' });
    const { json } = await flow.ask(flow.admin, 'GET', '/api/jobs?source=hook');
    const jobs = z.object({ items: z.array(z.object({ job_id: z.string(), task: z.string() })) }).parse(json).items;
    expect(jobs.map(({ task }) => task)).toEqual(['asks:on_suspended', 'asks:on_suspended']);
    for (const { job_id } of jobs)
      expect((await flow.ended(job_id)).steps).toMatchObject([{ state: 'completed', output: { status: 'suspended', task: 'asks' } }]);
  } finally {
    await flow.close();
  }
});
