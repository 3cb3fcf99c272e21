import { statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { ranCommand as toru } from '../cli/captured-io-harness.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startTerminalTransport } from '../transports/terminal-transport.ts';

let api: ApiHarness;
let transport: LocalTransport;
let id: string;
let token: string;
beforeAll(async () => {
  api = await makeApi();
  const { terminals, audit } = api.services;
  transport = await startTerminalTransport({
    home: api.home,
    api: api.app,
    log: { error: () => undefined },
    tokens: terminals.tokens,
    terminals,
    audit,
  });
  id = await open();
  token = terminals.tokens.of(id);
});
afterAll(async () => {
  await transport.close();
  await api.close();
});

const ask = (method: string, path: string, body?: unknown) => api.ask(api.admin, method, `/api/terminals${path}`, body);
const attention = async (of: string): Promise<string> => terminalShape.parse((await ask('GET', `/${of}`)).json).attention;

async function open(): Promise<string> {
  return terminalShape.parse((await ask('POST', '', { command: ['sleep', '600'], env: { COLOUR: 'blue' } })).json).id;
}

/** As a program that holds this token, or none. */
function asProgram(held: string | null, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...(held === null ? {} : { authorization: `Bearer ${held}` }), 'content-type': 'application/json' };
    const asked = request({ socketPath: transport.path, method, path, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('a program speaks for its own terminal, by the command too', async () => {
  const env = { TORU_SOCKET: transport.path, TORU_TERMINAL_TOKEN: token };
  expect(await toru(['status', 'needs-input'], env)).toEqual({ code: 0, out: '', err: '' });
  expect(await attention(id)).toBe('permission');
  expect((await toru(['status', 'working'], env)).code).toBe(0);
  expect(await attention(id)).toBe('none');
  expect((await toru(['notify', 'the tests passed'], env)).code).toBe(0);
  expect(await attention(id)).toBe('bell');
  expect(await toru(['exec', '--', 'sh', '-c', 'echo "$COLOUR"; exit 3'], env)).toEqual({ code: 3, out: 'blue\n', err: '' });
  const { items } = api.services.audit.list({ event: 'terminal.exec' });
  expect(items[0]).toMatchObject({ user_id: `terminal:${id}`, target: id });
});

test('outside of a terminal, and with a wrong word, the command says what to do', async () => {
  const outside = await toru(['notify', 'x'], {});
  expect(outside).toMatchObject({ code: 125, err: expect.stringContaining('toru terminal new') });
  expect((await toru(['status', 'busy'], {})).err).toContain('working, idle, done, needs-input');
});

test('its token opens nothing else: not another terminal, no other route, no typing', async () => {
  const other = await open();
  const routes: [string, string, unknown?][] = [
    ['GET', '/api/terminals'],
    ['GET', `/api/terminals/${id}`],
    ['POST', `/api/terminals/${id}/input`, { data: 'x' }],
    ['POST', `/api/terminals/${id}/exec`, { argv: ['id'] }],
    ['POST', `/api/terminals/${other}/input`, { data: 'x' }],
    ['DELETE', `/api/terminals/${other}`],
    ['GET', '/api/actions'],
    ['GET', '/api/runs'],
    ['GET', '/api/settings'],
    ['POST', '/api/users', { username: 'x', password: 'yyyyyyyy', role: 'admin' }],
    ['GET', '/api/notify'],
  ];
  for (const [method, path, body] of routes) expect([path, (await asProgram(token, method, path, body)).status]).toEqual([path, 403]);
  // To type is no program's right.
  expect((await asProgram(token, 'POST', '/api/terminal/exec', { text: 'rm -rf /', enter: true })).status).toBe(400);
  expect(await attention(other)).toBe('none');
  await ask('DELETE', `/${other}`);
});

test('without a token, with a forged one, and after its terminal ended, nobody is heard; and only its owner reaches the socket', async () => {
  const ended = await open();
  const late = api.services.terminals.tokens.of(ended);
  await ask('DELETE', `/${ended}`);
  await expect.poll(async () => terminalShape.parse((await ask('GET', `/${ended}`)).json).state).toBe('ended');
  const [mine = '', mac = ''] = token.split('.');
  const flipped = `${mine}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
  const foreign = `${crypto.randomUUID()}.${mac}`;
  for (const held of [null, '', 'x', flipped, foreign, `${mine}.`, late, `${token}.x`])
    expect([held, (await asProgram(held, 'POST', '/api/terminal/status', { state: 'idle' })).status]).toEqual([held, 401]);
  expect(statSync(transport.path).mode & 0o777).toBe(0o600);
  expect(statSync(join(api.home, 'terminals', 'token.key')).mode & 0o777).toBe(0o600);
  expect(api.services.audit.list({ event: 'terminal.token' }).items.length).toBeGreaterThan(0);
});

test('nobody else speaks for a terminal, and a loop of requests is slowed down', async () => {
  expect((await api.ask(api.admin, 'POST', '/api/terminal/status', { state: 'idle' })).status).toBe(403);
  const statuses = new Set<number>();
  for (let i = 0; i < 100 && !statuses.has(429); i += 1)
    statuses.add((await asProgram(token, 'POST', '/api/terminal/status', { state: 'working' })).status);
  expect(statuses).toContain(429);
});
