import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type ApiHarness, makeApi } from '../systems-harness.ts';

let api: ApiHarness;
afterEach(async () => {
  for (const { id } of api.services.terminals.store.open()) await api.services.terminals.remove(api.admin, id);
  await api.close();
});

test('a terminal is opened, typed into and closed', async () => {
  api = await makeApi();
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { command: ['sh', '-c', 'read x; echo "<$x>"; exit 3'] });
  expect(made.text).toMatch(/"state":"running"/);
  const id = String(Object(made.json).id);
  expect((await api.ask(api.admin, 'POST', `/api/terminals/${id}/input`, { data: 'hello\r' })).status).toBe(204);
  await expect.poll(() => api.services.terminals.store.get(id)?.state).toBe('ended');
  const output = await api.ask(api.admin, 'GET', `/api/terminals/${id}/output`);
  expect(output.text).toBe('hello\r\n<hello>\r\n');
  expect((await api.ask(api.admin, 'GET', `/api/terminals/${id}`)).json).toMatchObject({ state: 'ended', exit_code: 3, signal: null });
  await sleep(0);
});
