import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Terminal } from '../../shared/terminals.ts';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import { Attention } from './attention.ts';
import { noSignals } from './host/signals.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
});
afterAll(() => api.close());

const ask = (method: string, path: string, body?: unknown) => api.ask(api.admin, method, `/api/terminals${path}`, body);
const get = async (id: string): Promise<Terminal> => terminalShape.parse((await ask('GET', `/${id}`)).json);
const attention = async (id: string): Promise<Terminal['attention']> => (await get(id)).attention;
const type = async (id: string, data: string): Promise<void> => expect((await ask('POST', `/${id}/input`, { data })).status).toBe(204);

/** Prints what it reads, as `printf` does. */
async function printer(): Promise<string> {
  const command = ['bash', '-c', 'stty -echo; while IFS= read -r line; do printf "$line"; done'];
  const made = await ask('POST', '', { command });
  return terminalShape.parse(made.json).id;
}
const told = (): { what: string; text: string | null; name: string }[] =>
  api.db
    .prepare<[], string>(`SELECT about FROM notify_messages WHERE about LIKE '{"terminal"%' ORDER BY created_at, rowid`)
    .pluck()
    .all()
    .map((about) => JSON.parse(about).terminal);

test('a bell wants attention until somebody types', async () => {
  const id = await printer();
  await type(id, 'x\\a\n');
  await expect.poll(() => attention(id)).toBe('bell');
  await type(id, 'y');
  expect(await attention(id)).toBe('none');
});

test('of a bell those devices are told that chose it, where nobody typed just now, and once a minute', async () => {
  const device = (sid: string, bells: number): void => {
    api.db
      .prepare(
        `INSERT INTO notify_devices (id, sid, user_id, name, endpoint, p256dh, auth, origin, own_runs, host, created_at, terminals, bells)
         VALUES (@sid, @sid, @user, 'phone', @sid, '', '', 'https://toru.test', 'never', 0, 0, 1, @bells)`,
      )
      .run({ sid, user: api.admin.user_id, bells });
  };
  device('chose', 1);
  device('did-not', 0);
  const targets = (): unknown[] =>
    api.db.prepare(`SELECT target FROM notify_messages WHERE about LIKE '%"what":"bell"%' ORDER BY rowid`).pluck().all();
  let now = Date.now();
  const told: string[] = [];
  const service = new Attention({ db: api.db, changed: () => undefined, told: ({ what }) => told.push(what), now: () => now });
  const rings = (bells: number): void => service.signalled('it', { ...noSignals(), bells });
  rings(1);
  expect(told).toEqual(['bell']);
  service.looked('it');
  now += 30_000;
  rings(2);
  expect(told).toEqual(['bell']);
  service.typed('it');
  now += 60_000;
  rings(3);
  expect(told).toEqual(['bell', 'bell']);
  service.typed('it');
  now += 9000;
  rings(4);
  now += 120_000;
  service.typed('it');
  rings(5);
  expect(told).toEqual(['bell', 'bell']);
  // The same in a terminal, to the devices of an admin.
  const id = await printer();
  api.services.terminals.attention.signalled(id, { ...noSignals(), bells: 1 });
  expect(await attention(id)).toBe('bell');
  expect(targets()).toEqual(['device/chose']);
  api.db.exec('DELETE FROM notify_messages; DELETE FROM notify_devices');
});

test('a notification says what its program wants; people are told by the ways they chose', async () => {
  api.db.exec(`INSERT INTO notify_targets (action, kind, url, tell_when) VALUES (NULL, 'ntfy', 'https://ntfy.test/x', 'always')`);
  const id = await printer();
  await type(id, '\\033]9;Claude needs your permission to use Bash\\a\n');
  await expect.poll(() => attention(id)).toBe('permission');
  expect(told()).toEqual([{ terminal_id: id, name: 'bash', what: 'permission', text: null }]);
  // Looked at: the sign goes, and what the program said stays.
  api.services.terminals.attention.looked(id);
  expect(await attention(id)).toBe('none');
  expect(api.services.terminals.attention.saying(id)).toMatchObject({ state: 'needs-input', by: 'notice' });
  await type(id, '\\033]777;notify;Claude;Claude is waiting for your input\\a\n');
  await expect.poll(() => attention(id)).toBe('idle');
});

test('a progress that came to its end is done', async () => {
  const id = await printer();
  await type(id, '\\033]9;4;1;50\\a\n');
  await expect.poll(() => api.services.terminals.attention.modes(id).progress).toBe('going');
  expect(await attention(id)).toBe('none');
  await type(id, '\\033]9;4;0\\a\n');
  await expect.poll(() => attention(id)).toBe('done');
});

test('a hook’s question stays open while people look and type; its word ends it', async () => {
  const id = await printer();
  const { attention: service } = api.services.terminals;
  service.says(id, 'needs-input');
  expect(await attention(id)).toBe('permission');
  await type(id, 'y\n');
  expect(await attention(id)).toBe('none');
  expect(service.saying(id).state).toBe('needs-input');
  service.says(id, 'working');
  expect(service.saying(id).state).toBe('working');
  service.says(id, 'idle');
  // Whoever types gives it work: what it said before holds no longer.
  await type(id, 'go on\n');
  expect(service.saying(id).state).toBe(null);
});

test('a program that asks all the time is told of no more than its budget, and one that ended wants nothing', async () => {
  const id = await printer();
  const { attention: service } = api.services.terminals;
  const before = told().length;
  for (let i = 0; i < 50; i += 1) {
    service.says(id, 'needs-input');
    service.says(id, 'working');
  }
  expect(told().length - before).toBe(5);
  service.says(id, 'needs-input');
  await ask('DELETE', `/${id}`);
  await expect.poll(async () => (await get(id)).state).toBe('ended');
  expect(await attention(id)).toBe('none');
});

test('what rang while no agent was there is known to the next one', async () => {
  const id = await printer();
  await type(id, 'sleep\n');
  await type(id, '\\a\n');
  await expect.poll(() => attention(id)).toBe('bell');
  await api.close(true);
  api = await makeApi({ home: api.home });
  expect(await attention(id)).toBe('bell');
  await type(id, 'x');
  expect(await attention(id)).toBe('none');
});
