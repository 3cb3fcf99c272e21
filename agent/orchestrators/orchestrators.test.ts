import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { Evidence, Insight } from '../../shared/orchestrators.ts';
import { evidence, insight as insightShape, orchestrator as orchestratorShape } from '../../shared/orchestrators.ts';
import type { Terminal } from '../../shared/terminals.ts';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { workOf } from './terminal-work.ts';

/** Over real terminals. `cat` and small shell scripts stand for agent programs: their states are said as hooks say them. */

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
});
afterAll(() => api.close());

const ask = (method: string, path: string, body?: unknown, who: Caller = api.admin) => api.ask(who, method, `/api${path}`, body);
const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** In brackets it takes a paste, and shows each line that it gets. */
const PROMPT = `printf '\\033[?2004h> '; while IFS= read -r line; do printf 'got <%s>\\n> ' "$line"; done`;

async function open(script: string, more: object = {}): Promise<string> {
  const made = await ask('POST', '/terminals', { command: ['bash', '-c', script], kind: 'agent', ...more });
  expect(made.status, made.text).toBe(201);
  return terminalShape.parse(made.json).id;
}
const attention = async (id: string): Promise<Terminal['attention']> =>
  terminalShape.parse((await ask('GET', `/terminals/${id}`)).json).attention;
const close = (id: string) => ask('DELETE', `/terminals/${id}`);
const output = async (id: string): Promise<string> => (await ask('GET', `/terminals/${id}/output`)).text;
const says = (id: string, state: 'working' | 'idle' | 'done' | 'needs-input'): void => api.services.terminals.attention.says(id, state);

async function watching(more: object = {}): Promise<string> {
  const made = await ask('POST', '/orchestrators', { interval_s: 5, stall_s: 10, ...more });
  expect(made.status, made.text).toBe(201);
  return orchestratorShape.parse(made.json).id;
}
const insights = async (id: string): Promise<Insight[]> =>
  listOf(insightShape).parse((await ask('GET', `/orchestrators/${id}/insights`)).json).items;
const found = (id: string, of: string, kind: Insight['kind']) =>
  expect.poll(async () => (await insights(id)).some((each) => each.terminal === of && each.kind === kind), { timeout: 60_000 }).toBe(true);
const look = async (id: string, terminal: string): Promise<Evidence> =>
  evidence.parse((await ask('GET', `/orchestrators/${id}/screens/${terminal}`)).json);

test('it is made, changed, listed and removed, by admins alone, and each of it is in the audit', async () => {
  const id = await watching({ name: 'Night' });
  expect(orchestratorShape.parse((await ask('GET', `/orchestrators/${id}`)).json)).toMatchObject({
    name: 'Night',
    folder: null,
    rule: { enabled: false, text: 'continue' },
    max_per_hour: 6,
  });
  expect((await ask('PATCH', `/orchestrators/${id}`, { stall_s: 60, enabled: false })).json).toMatchObject({ stall_s: 60, enabled: false });
  for (const [method, path] of [
    ['GET', '/orchestrators'],
    ['GET', `/orchestrators/${id}`],
    ['GET', `/orchestrators/${id}/insights`],
    ['DELETE', `/orchestrators/${id}`],
  ] as const)
    expect((await ask(method, path, undefined, client)).status).toBe(403);
  expect((await ask('POST', '/orchestrators', {}, { ...api.admin, auth_time: 0 })).json).toMatchObject({
    error: { code: 'reauth_required' },
  });
  expect((await ask('POST', '/orchestrators', { stall_s: 1 })).status).toBe(400);
  expect((await ask('POST', '/orchestrators', { folder: crypto.randomUUID() })).status).toBe(404);
  expect((await ask('POST', '/orchestrators', { rule: { text: 'a\rb' } })).status).toBe(400);
  expect((await ask('DELETE', `/orchestrators/${id}`)).status).toBe(204);
  expect((await ask('GET', `/orchestrators/${id}`)).status).toBe(404);
  const events = api.services.audit.list({ event: 'orchestrator' }).items.map(({ event }) => event);
  expect(events).toEqual(expect.arrayContaining(['orchestrator.create', 'orchestrator.update', 'orchestrator.remove']));
});

test('a folder that is removed is watched no longer, and its orchestrator watches nothing instead', async () => {
  const { id: folder } = z.object({ id: z.string() }).parse((await ask('POST', '/folders', { name: 'site' })).json);
  const id = await watching({ folder });
  const inside = await open(PROMPT, { folder });
  const outside = await open(PROMPT);
  says(inside, 'needs-input');
  says(outside, 'needs-input');
  await found(id, inside, 'permission');
  expect((await insights(id)).map(({ terminal }) => terminal)).toEqual([inside]);
  await ask('DELETE', `/folders/${folder}`);
  expect((await ask('GET', `/orchestrators/${id}`)).json).toMatchObject({ enabled: false });
  for (const each of [inside, outside]) await close(each);
  await ask('DELETE', `/orchestrators/${id}`);
});

test('a question is told once, with what it shows, and is over when somebody answered', async () => {
  const id = await watching();
  const terminal = await open(`printf 'Edit file?\\n'; read -r answer; echo "so: $answer"; sleep 600`);
  await expect.poll(() => output(terminal)).toContain('Edit file?');
  says(terminal, 'needs-input');
  await found(id, terminal, 'permission');
  const [first] = await insights(id);
  expect(first).toMatchObject({ kind: 'permission', state: 'open', evidence: { lines: ['Edit file?'] }, suggestion: null });
  const { digest } = await look(id, terminal);
  const refused = await ask('POST', `/orchestrators/${id}/inject`, { terminal, digest, text: 'y' });
  expect(refused.json).toMatchObject({ error: { code: 'conflict', message: expect.stringContaining('permission') } });
  await ask('POST', `/terminals/${terminal}/input`, { data: 'yes\r' });
  says(terminal, 'working');
  await expect.poll(async () => (await insights(id))[0]?.state, { timeout: 30_000 }).toBe('acted');
  await close(terminal);
  await ask('DELETE', `/orchestrators/${id}`);
});

test('a person types in two guarded steps, what stands in the way is said, and the audit has every byte', async () => {
  const id = await watching({ max_per_hour: 2 });
  const terminal = await open(PROMPT);
  await expect.poll(() => output(terminal)).toContain('> ');
  says(terminal, 'idle');
  const inject = (body: object) => ask('POST', `/orchestrators/${id}/inject`, { terminal, ...body });
  expect((await inject({ digest: 'another', text: 'x' })).json).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('something else') },
  });
  const pasted = await inject({ digest: (await look(id, terminal)).digest, text: 'go on' });
  expect(pasted.status, pasted.text).toBe(200);
  const seen = evidence.parse(pasted.json);
  expect(seen.lines.join('\n')).toContain('go on');
  expect(await output(terminal)).not.toContain('got <');
  const entered = await inject({ digest: seen.digest, enter: true });
  expect(entered.status, entered.text).toBe(200);
  await expect.poll(() => output(terminal)).toContain('got <');
  expect(await output(terminal)).toContain('\u001b[?2004h');
  const entries = api.services.audit.list({ event: 'orchestrator.inject' }).items.filter(({ target }) => target === terminal);
  expect(entries.map(({ outcome, detail }) => [outcome, detail['text']])).toEqual([
    ['ok', '\r'],
    ['ok', 'go on'],
    ['refused', 'x'],
  ]);
  // A person at the keyboard has it to themselves.
  await ask('POST', `/terminals/${terminal}/input`, { data: 'm' });
  await expect.poll(() => output(terminal)).toMatch(/m$/);
  expect((await inject({ digest: (await look(id, terminal)).digest, text: 'x' })).json).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('moment ago') },
  });
  await close(terminal);
  await ask('DELETE', `/orchestrators/${id}`);
});

test('what stalled is told, and typed to by rule where its own word is that it waits', async () => {
  const id = await watching({ rule: { enabled: true, text: 'continue' } });
  const waits = await open(PROMPT);
  const hangs = await open(`printf 'thinking\\n'; stty -echo; sleep 600`);
  await expect.poll(() => output(waits)).toContain('> ');
  says(waits, 'idle');
  await found(id, waits, 'stalled');
  await expect.poll(() => output(waits), { timeout: 60_000 }).toMatch(/got <.*continue/);
  const of = async () => (await insights(id)).find(({ terminal, kind }) => terminal === waits && kind === 'stalled');
  await expect.poll(async () => (await of())?.state, { timeout: 30_000 }).toBe('acted');
  expect(await of()).toMatchObject({ suggestion: 'continue' });
  // Said nothing, did nothing: told, and left alone.
  await found(id, hangs, 'stalled');
  expect(await output(hangs)).toBe('thinking\r\n');
  expect(await attention(hangs)).toBe('stalled');
  for (const each of [waits, hangs]) await close(each);
  await ask('DELETE', `/orchestrators/${id}`);
}, 120_000);

test('an error that comes again and again is told', async () => {
  const id = await watching();
  const terminal = await open(`for i in 1 2 3 4 5 6; do echo "error: connection $i refused"; done; sleep 600`);
  await found(id, terminal, 'error_loop');
  const first = (await insights(id)).find(({ kind }) => kind === 'error_loop');
  expect(first?.reason).toContain('6 times');
  expect(first?.evidence.lines.at(-1)).toBe('error: connection 6 refused');
  expect((await ask('PATCH', `/orchestrators/${id}/insights/${first?.id}`, { state: 'dismissed' })).json).toMatchObject({
    state: 'dismissed',
  });
  await close(terminal);
  await ask('DELETE', `/orchestrators/${id}`);
});

test.runIf(process.platform === 'linux')('the processes of a terminal say whether it works', async () => {
  const rowOf = (id: string) => api.services.terminals.store.get(id) ?? expect.unreachable();
  const busy = await open('while :; do :; done');
  const before = (await workOf(rowOf(busy)))?.cpuMs ?? 0;
  await expect.poll(async () => ((await workOf(rowOf(busy)))?.cpuMs ?? 0) - before, { timeout: 30_000 }).toBeGreaterThan(50);
  const waits = await open('sleep 600; true');
  await expect.poll(async () => (await workOf(rowOf(waits)))?.children.length).toBe(1);
  const shell = terminalShape.parse((await ask('POST', '/terminals', { shell: '/bin/bash' })).json).id;
  await expect.poll(async () => (await workOf(rowOf(shell)))?.prompt).toBe(true);
  await ask('POST', `/terminals/${shell}/input`, { data: 'sleep 600\r' });
  await expect.poll(async () => (await workOf(rowOf(shell)))?.front.name).toBe('sleep');
  expect((await workOf(rowOf(shell)))?.prompt).toBe(false);
  for (const each of [busy, waits, shell]) await close(each);
});
