import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Caller } from '../users/caller.ts';
import { admin, adminLately, authorize } from '../users/permissions.ts';
import { ServiceToken } from '../users/service-token.ts';
import type { LocalTransport } from './local-transport.ts';
import { startServiceTransport } from './service-transport.ts';

/** Programs of this host that are not its owner's, by the service token. */

const DAY_MS = 24 * 3_600_000;

let home: string;
let now: number;
let token: ServiceToken;
let transport: LocalTransport;
let callers: Caller[];
let audited: string[];
const log = { warn: vi.fn() };
const settings = { token_rotation_days: 30 };
const audit = { record: ({ event, outcome }: { event: string; outcome: string }) => void audited.push(`${event} ${outcome}`) };
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'toru-service-'));
  now = Date.now();
  callers = [];
  audited = [];
  token = new ServiceToken({ home, settings, audit, log, now: () => now });
  const fetch = (_request: Request, { caller }: { caller: Caller }): Response => {
    callers.push(caller);
    return new Response('yes');
  };
  transport = await startServiceTransport({ home, api: { fetch }, log: { error: () => undefined }, token, audit, now: () => now });
});
afterEach(async () => {
  token.close();
  await transport.close();
  rmSync(home, { recursive: true, force: true });
});

const inFile = () => readFileSync(join(home, 'service.token'), 'latin1').trim();
function ask(bearer: string | null, method = 'GET', path = '/api/runs'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` };
    const asked = request({ socketPath: join(home, 'service.sock'), path, method, headers }, (answer) => {
      let text = '';
      answer.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('the token opens the socket, for an admin who has typed no password', async () => {
  expect(statSync(join(home, 'service.token')).mode & 0o777).toBe(0o600);
  expect(statSync(join(home, 'service.sock')).mode & 0o777).toBe(0o600);
  expect(Buffer.from(inFile(), 'base64url').length).toBe(32);
  expect(await ask(inFile())).toEqual({ status: 200, text: 'yes' });
  const [caller] = callers;
  if (caller === undefined) throw new Error('nobody came');
  expect(() => authorize(caller, admin)).not.toThrow();
  expect(() => authorize(caller, adminLately)).toThrow('Type your password again');
});

test('nothing else opens it, and who guesses is slowed down', async () => {
  for (const wrong of [null, '', 'x', inFile().slice(1), `${inFile()}x`]) expect((await ask(wrong)).status, String(wrong)).toBe(401);
  expect(callers).toEqual([]);
  expect(new Set(audited)).toEqual(new Set(['service.token refused']));
  const later = await Promise.all(Array.from({ length: 10 }, () => ask('guess')));
  expect(later.some(({ status }) => status === 429)).toBe(true);
  // Whoever has it is not held up by them.
  expect((await ask(inFile())).status).toBe(200);
  expect(JSON.stringify(audited)).not.toContain(inFile());
});

test('it is rotated after its days, and the one before is good for a minute', async () => {
  const first = inFile();
  now += 29 * DAY_MS;
  token.look();
  expect(inFile()).toBe(first);
  now += 2 * DAY_MS;
  token.look();
  const second = inFile();
  expect(second).not.toBe(first);
  expect(audited).toEqual(['service.rotate ok']);
  expect([(await ask(first)).status, (await ask(second)).status]).toEqual([200, 200]);
  now += 61_000;
  expect([(await ask(first)).status, (await ask(second)).status]).toEqual([401, 200]);
  // Another agent takes up the same one; of an old one, the overlap holds as well.
  const again = new ServiceToken({ home, settings, audit, log, now: () => now });
  expect(again.idFor(second)).not.toBeNull();
  utimesSync(join(home, 'service.token'), new Date(now - 40 * DAY_MS), new Date(now - 40 * DAY_MS));
  const other = new ServiceToken({ home, settings, audit, log, now: () => now });
  expect(inFile()).not.toBe(second);
  expect(other.idFor(second)).not.toBeNull();
  again.close();
  other.close();
});

test('what it could not write it makes later: the token before stays good, and without one nobody gets in', async () => {
  const first = inFile();
  const blocked = join(home, 'service.token.new', 'in the way');
  mkdirSync(blocked, { recursive: true });
  now += 40 * DAY_MS;
  expect(() => token.look()).toThrow();
  expect((await ask(first)).status).toBe(200);
  // An agent that starts on such a disk starts.
  rmSync(join(home, 'service.token'));
  const other = new ServiceToken({ home, settings, audit, log, now: () => now });
  expect(log.warn).toHaveBeenCalledWith({ err: expect.any(Error) }, 'another service.token could not be made');
  expect([other.idFor(''), other.idFor(first)]).toEqual([null, null]);
  rmSync(join(home, 'service.token.new'), { recursive: true });
  other.look();
  expect(other.idFor(inFile())).not.toBeNull();
  other.close();
});

test('it is as fast as its kind of request may be', async () => {
  const many = async (count: number, method: string, path: string): Promise<number> => {
    const answers = await Promise.all(Array.from({ length: count }, () => ask(inFile(), method, path)));
    return answers.filter(({ status }) => status === 429).length;
  };
  expect(await many(21, 'POST', '/api/runs')).toBe(1);
  // Looking and changing have paces of their own.
  expect(await many(50, 'GET', '/api/runs')).toBe(0);
  expect(await many(61, 'PATCH', '/api/settings')).toBe(1);
  now += 1000;
  expect(await many(2, 'POST', '/api/runs')).toBe(0);
});
