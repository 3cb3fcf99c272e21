import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { VERSION } from '../../shared/version.ts';
import { bootId, identify } from '../process/process-identity.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import { HOST_PROTOCOL, hostRecord } from './host/host-protocol.ts';

/** What keeps terminals is older than the agent that finds it: another release started it, maybe with another protocol. */

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

const ask = (method: string, path: string, body?: unknown) => api.ask(api.admin, method, `/api/terminals${path}`, body);
const get = async (id: string) => terminalShape.parse((await ask('GET', `/${id}`)).json);
const hostOf = (id: string): string => api.services.terminals.store.get(id)?.host ?? '';
async function open(script: string): Promise<string> {
  return terminalShape.parse((await ask('POST', '', { command: ['sh', '-c', script] })).json).id;
}

test.each([
  ['release', { version: '0.0.1' }],
  ['protocol', { protocol: HOST_PROTOCOL + 1, version: '99.0.0' }],
])('a host of another %s keeps its terminals until the last of them ends; new ones have a host of this release', async (_name, other) => {
  const id = await open('read x; echo "got $x"; exit 4');
  const old = hostOf(id);
  await api.close(true);
  const file = join(api.home, 'pty', `${old}.json`);
  const record = hostRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(file, JSON.stringify({ ...record, ...other }));
  api = await makeApi({ home: api.home });
  expect(await get(id)).toMatchObject({ state: 'running', exit_code: null });
  const next = await open('sleep 600');
  expect(hostOf(next)).not.toBe(old);
  expect(hostRecord.parse(JSON.parse(readFileSync(join(api.home, 'pty', `${hostOf(next)}.json`), 'utf8')))).toMatchObject({
    protocol: HOST_PROTOCOL,
    version: VERSION,
  });
  expect((await ask('POST', `/${id}/input`, { data: 'yes\r' })).status).toBe(204);
  await expect.poll(async () => (await get(id)).state).toBe('ended');
  expect(await get(id)).toMatchObject({ exit_code: 4, reason: null });
  expect((await ask('GET', `/${id}/output`)).text).toBe('yes\r\ngot yes\r\n');
  await expect.poll(() => identify(record.pid, bootId()), { timeout: 60_000 }).toBeNull();
  expect(hostOf(await open('sleep 600'))).toBe(hostOf(next));
  for (const { id: left } of api.services.terminals.store.open()) await ask('DELETE', `/${left}`);
});
