import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startLocalTransport } from '../transports/local-transport.ts';
import { beginCommand, Keys } from './keyboard-harness.ts';

let api: ApiHarness;
let transport: LocalTransport;
beforeAll(async () => {
  api = await makeApi();
  transport = await startLocalTransport({ home: api.home, api: api.app, log: { error: () => undefined } });
  api.script(
    'asks.sh',
    '#!/bin/bash\ntrap "echo interrupted" INT\nread -r -p "Name: " name\nprintf "\\033[2Jhello %s\\n" "$name"\nexit 4\n',
  );
  await api.actions.create(null, { ...(await fields()), id: 'asks', label: 'Asks', script: 'asks.sh', tty: true });
});
afterAll(async () => {
  await transport.close();
  await api.close();
});

async function fields() {
  const { actionFields } = await import('../../shared/actions.ts');
  return actionFields.parse({ label: 'x', script: 'x' });
}

const begin = (args: string[], keys: Keys | null = null, input = '') => beginCommand(api.home, ['run', ...args], keys, input);

const patient = { interval: 20, timeout: 60_000 };

test('a terminal that follows a run in a terminal becomes it: keys, Ctrl-C, what it draws, its exit code', async () => {
  const keys = new Keys();
  const run = begin(['asks', '-f'], keys);
  await expect.poll(() => run.out(), patient).toContain('Name: ');
  expect(keys.raw).toBe(true);
  keys.type('A');
  keys.type('d');
  keys.type('a\r');
  expect(await run.code).toBe(4);
  expect(run.out()).toContain('Name: Ada\r\n\u001b[2Jhello Ada\r\n');
  expect(keys.raw).toBe(false);
});

test('Ctrl-] leaves it, and it goes on', async () => {
  const keys = new Keys();
  const run = begin(['asks', '-f'], keys);
  await expect.poll(() => run.out(), patient).toContain('Name: ');
  keys.type('\u001d');
  expect(await run.code).toBe(130);
  expect(run.err()).toMatch(/the run goes on: toru logs -f \S+/);
  const id = /toru logs -f (\S+)/.exec(run.err())?.[1] ?? '';
  const admin = await api.caller('root', 'admin');
  expect(api.runs.get(admin, id).state).toBe('running');
  await api.runs.input(admin, id, 'x\r');
  await expect.poll(() => api.runs.get(admin, id).state, patient).toBe('exited');
});

test('lines of a pipe are typed into it', async () => {
  const run = begin(['asks', '-f'], null, 'Bea\n');
  expect(await run.code).toBe(4);
  expect(run.out()).toContain('hello Bea\r\n');
});
