import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import { emulator, written } from './screen/screen-dump-harness.ts';
import type { Screen } from './screens.ts';
import { Screens } from './screens.ts';
import { terminalTopic } from './terminal-topic.ts';

let api: ApiHarness;
/** On a busy machine a thread needs its time to start. */
let patient: Screens;
beforeAll(async () => {
  api = await makeApi();
  patient = new Screens({ terminals: api.services.terminals, log, limits: { screenMs: 60_000 } });
});
afterAll(async () => {
  patient.close();
  await api.close();
});

const log = { warn: vi.fn() };
const ask = (method: string, path: string, body?: unknown) => api.ask(api.admin, method, `/api/terminals${path}`, body);

async function open(script: string, prints: string, more: object = {}): Promise<string> {
  const { json } = await ask('POST', '', { command: ['sh', '-c', script], ...more });
  const { id } = terminalShape.parse(json);
  await expect.poll(async () => (await ask('GET', `/${id}/output`)).text).toContain(prints);
  return id;
}

async function shown({ data, cols, rows }: Screen): Promise<string[]> {
  const term = emulator(cols, rows);
  await written(term, data);
  const { active } = term.buffer;
  const lines = Array.from({ length: rows }, (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '');
  return [active.type, ...lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)];
}

test('one frame draws the screen as it is, and says where it goes on', async () => {
  const id = await open(`seq 1 5000; printf '\\033[?1049h\\033[2J\\033[3;4Hin the middle\\033[?2004h'; sleep 600`, 'middle', {
    cols: 40,
    rows: 5,
  });
  const screen = await patient.screen(id);
  if (screen === null) throw new Error('no screen');
  expect(screen).toMatchObject({ cols: 40, rows: 5, cursor: api.services.terminals.log(id).end });
  expect(await shown(screen)).toEqual(['alternate', '', '', '   in the middle']);
  expect(screen.data).toContain('\u001b[?2004h');
  expect(screen.data.length).toBeLessThan(300);
  await ask('DELETE', `/${id}`);
});

test('what a program set long before still holds on a screen that is drawn from the end of its log', async () => {
  const print = `printf '\\033]0;the title\\007\\033[?1049h\\033[?2004h\\033[?1003h\\033[?1006h\\033[?25l\\033=\\033[2;4r'`;
  const lines = `yes 'a line of a long build' | head -c 9500000; printf '\\033[4;1Hthe end'`;
  const id = await open(`${print}; ${lines}; sleep 600`, 'the title', { cols: 40, rows: 5 });
  await expect.poll(() => api.services.terminals.log(id).end, { timeout: 60_000 }).toBeGreaterThan(9_500_000);
  const screen = await patient.screen(id);
  if (screen === null) throw new Error('no screen');
  expect((await shown(screen))[0]).toBe('alternate');
  for (const set of [']0;the title', '[?2004h', '[?1003h', '[?1006h', '[?25l', '[?66h', '[2;4r']) expect(screen.data).toContain(set);
  await ask('DELETE', `/${id}`);
});

test('a size that changed while it printed counts from there', async () => {
  const id = await open('trap "echo now $(stty size)" WINCH; echo 123456789012345; while :; do sleep 0.05; done', '12345', {
    cols: 10,
    rows: 4,
  });
  await ask('POST', `/${id}/resize`, { cols: 30, rows: 6 });
  await expect.poll(async () => (await ask('GET', `/${id}/output`)).text).toContain('now');
  const screen = await patient.screen(id);
  if (screen === null) throw new Error('no screen');
  expect(screen).toMatchObject({ cols: 30, rows: 6 });
  expect((await shown(screen)).slice(0, 2)).toEqual(['normal', '123456789012345']);
  await ask('DELETE', `/${id}`);
});

test('a size that it got since, while it printed nothing, counts for the next screen, and the lines above follow the one that was drawn', async () => {
  const id = await open(`for n in $(seq 100); do echo "line $n"; done; sleep 600`, 'line 100');
  await expect.poll(async () => (await patient.screen(id))?.data).toContain('line 100');
  const before = await patient.screen(id);
  expect(before?.rows).toBe(24);
  await api.ask(api.admin, 'POST', `/api/terminals/${id}/resize`, { cols: 80, rows: 40 });
  const after = await patient.screen(id);
  expect(after).toMatchObject({ rows: 40, cursor: before?.cursor, data: expect.stringContaining('line 62\r\n') });
  const above = (rows: number, skip: number) =>
    patient.above(id, { above: before?.cursor ?? 0, format: 'text', lines: 10, skip, cols: 80, rows });
  const lines = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join('');
  expect(await above(24, 0)).toBe(lines(68, 77));
  expect(await above(40, 0)).toBe(lines(52, 61));
  expect(await above(24, 70)).toBe(lines(1, 7));
  expect(await above(24, 77)).toBe('');
});

test('there is a thread while somebody looks, and none after', async () => {
  const { terminals } = api.services;
  const screens = new Screens({ terminals, log, limits: { screenMs: 60_000, screenKeptMs: 50 } });
  const id = await open('echo here; sleep 600', 'here');
  const viewer = { user_id: api.admin.user_id, window: () => 1e6, acked: 0, ackedAt: 0, types: true, ready: true, typedAt: 0 };
  const told = { resized: vi.fn(), answers: vi.fn(), leave: vi.fn() };
  const { leave } = terminals.view(api.admin, id, { ...viewer, ...told });
  expect(screens.working).toBe(false);
  expect(await screens.screen(id)).not.toBeNull();
  // More than a look at what is there now, and it still is.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(screens.working).toBe(true);
  leave();
  await expect.poll(() => screens.working).toBe(false);
  // The next one finds another.
  expect(await screens.screen(id)).not.toBeNull();
  screens.close();
  expect(screens.working).toBe(false);
  await ask('DELETE', `/${id}`);
});

test('a terminal that is removed while its screen is kept takes nothing with it', async () => {
  const { terminals } = api.services;
  const screens = new Screens({ terminals, log, limits: { screenMs: 60_000 } });
  log.warn.mockClear();
  const id = await open('echo here; sleep 600', 'here');
  expect(await screens.screen(id)).not.toBeNull();
  await ask('DELETE', `/${id}`);
  expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  // Its screen went with it, and nobody else looks.
  await expect.poll(() => screens.working).toBe(false);
  expect(log.warn).not.toHaveBeenCalled();
  screens.close();
});

test('the thread is there before who opens a terminal, or looks at the list of some, comes to look; not where there is none', async () => {
  const { terminals } = api.services;
  const screens = new Screens({ terminals, log, limits: { screenKeptMs: 500 } });
  const watched = new Set<string>();
  const { watchedChanged, stop } = terminalTopic(terminals, screens).start({ watched: (name) => watched.has(name), tell: () => undefined });
  for (const { id } of terminals.store.open()) await ask('DELETE', `/${id}`);
  watchedChanged?.('terminals', true);
  expect(screens.working).toBe(false);
  const id = await open('echo here; sleep 600', 'here');
  expect(api.services.screens.working).toBe(true);
  watchedChanged?.('terminals', true);
  expect(screens.working).toBe(true);
  watchedChanged?.('runs', true);
  // Nobody came.
  await expect.poll(() => screens.working).toBe(false);
  stop();
  screens.close();
  await ask('DELETE', `/${id}`);
});

test('where none is drawn in time, or its log is not there, the viewer goes without', async () => {
  const { terminals } = api.services;
  const hasty = new Screens({ terminals, log, limits: { screenMs: 0 } });
  const id = await open('echo here; sleep 600', 'here');
  expect(await hasty.screen(id)).toBeNull();
  hasty.close();
  const elsewhere = new Screens({
    terminals: { has: () => true, log: (of) => terminals.log(of), viewers: () => 0, folderOf: () => '/nowhere' },
    log,
  });
  expect(await elsewhere.screen(id)).toBeNull();
  elsewhere.close();
  // One that is ended in the middle of it says so, too.
  const ended = new Screens({ terminals, log });
  const waiting = ended.screen(id);
  ended.close();
  expect(await waiting).toBeNull();
  await ask('DELETE', `/${id}`);
});
