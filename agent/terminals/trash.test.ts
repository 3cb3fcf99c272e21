import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';

const DAY_MS = 24 * 3_600_000;

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

const ask = (method: string, path: string, body?: unknown) => api.ask(api.admin, method, `/api/terminals${path}`, body);

/** One that ended so many days ago. */
async function ended(days: number): Promise<string> {
  const { id } = terminalShape.parse((await ask('POST', '', { command: ['sh', '-c', 'echo here'] })).json);
  await expect.poll(async () => terminalShape.parse((await ask('GET', `/${id}`)).json).state).toBe('ended');
  api.services.terminals.store.update(id, { ended_at: Date.now() - days * DAY_MS });
  return id;
}

/** An agent looks at its start, and every hour. */
async function restart(): Promise<void> {
  await api.close(true);
  api = await makeApi({ home: api.home });
}

test('ended terminals stay in the trash for 30 days, with what they printed, and go then', async () => {
  const [old, young] = [await ended(31), await ended(29)];
  const folder = (id: string): string => api.services.terminals.folderOf(id);
  const { status: running } = await ask('POST', '', { command: ['sleep', '600'], name: 'runs' });
  expect(running).toBe(201);
  await restart();
  expect((await ask('GET', `/${old}`)).status).toBe(404);
  expect(existsSync(folder(old))).toBe(false);
  expect((await ask('GET', `/${young}/output`)).text).toBe('here\r\n');
  const list = (await ask('GET', '')).text;
  expect(list).toContain(young);
  expect(list).toContain('"name":"runs"');
}, 180_000);

test('as long as the setting says, and for ever with 0', async () => {
  const set = (trash_retention_days: number) => api.ask(api.admin, 'PUT', '/api/settings', { trash_retention_days });
  const id = await ended(400);
  expect((await set(0)).status).toBe(200);
  await restart();
  expect((await ask('GET', `/${id}`)).status).toBe(200);
  expect((await set(399)).status).toBe(200);
  await restart();
  expect((await ask('GET', `/${id}`)).status).toBe(404);
});
