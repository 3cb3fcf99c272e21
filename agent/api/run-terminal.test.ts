import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runTerminal } from '../../shared/terminal-size.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let ada: Caller;
beforeAll(async () => {
  api = await makeApi();
  ada = await api.caller('ada', 'client');
  api.script('modes.sh', `#!/bin/sh\nprintf '\\033[?1049h\\033[?2004h'; seq 1 1000\n`);
  const made = await api.ask(api.admin, 'POST', '/api/actions', {
    id: 'modes',
    label: 'Modes',
    script: 'modes.sh',
    tty: true,
    allow: 'everyone',
  });
  expect(made.status, made.text).toBe(201);
});
afterAll(() => api.close());

async function ended(): Promise<{ id: string; end: number }> {
  const { task_id: id } = Object((await api.ask(ada, 'POST', '/api/runs', { action: 'modes', inputs: {} })).json);
  await expect.poll(async () => Object((await api.ask(ada, 'GET', `/api/runs/${id}`)).json).state).toBe('exited');
  return { id, end: api.services.runs.log(id).end };
}

it('the modes that a program had set are read once at a time for each user: many at once leave room for others', async () => {
  const { id, end } = await ended();
  const gate = Promise.withResolvers<void>();
  let reading = 0;
  let most = 0;
  const log = api.services.runs.log.bind(api.services.runs);
  const spy = vi.spyOn(api.services.runs, 'log').mockImplementation((taskId) => {
    const real = log(taskId);
    const read: typeof real.read = async (...args) => {
      reading += 1;
      most = Math.max(most, reading);
      await gate.promise;
      reading -= 1;
      return real.read(...args);
    };
    return new Proxy(real, { get: (of, name) => (name === 'read' ? read : Reflect.get(of, name, of)) });
  });
  const modes = (who: Caller) => api.ask(who, 'GET', `/api/runs/${id}/terminal?at=${end}`);
  const many = Array.from({ length: 6 }, () => modes(ada));
  await expect.poll(() => reading).toBe(1);
  const other = modes(api.admin);
  await expect.poll(() => reading).toBe(2);
  gate.resolve();
  for (const { status, json } of await Promise.all([...many, other])) {
    expect(status).toBe(200);
    expect(runTerminal.parse(json).modes).toContain('\u001b[?2004h');
  }
  expect(most).toBe(2);
  spy.mockRestore();
});
