import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { LogInput } from './line-log.ts';
import { LineLog } from './line-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-line-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const said = (message: string, more: Partial<LogInput> = {}): LogInput => ({ level: 'info', plugin: 'p', message, source: 'log', ...more });

test('JSON lines in the order in which they came, for their owner only', async () => {
  const log = new LineLog(join(folder, 'order.log'), 'p');
  const followed: string[] = [];
  const stop = log.onLine(({ message }) => followed.push(message));
  for (let i = 0; i < 20; i += 1) log.write(said(`line ${i}`));
  log.write(said('odd', { level: 'error', error: 'why', fields: { deep: [1] }, source: 'stderr' }));
  stop();
  log.write(said('unheard'));
  const lines = await log.read({ limit: 1000 });
  expect(lines.map(({ message }) => message)).toEqual([...followed, 'unheard']);
  expect(lines[20]).toEqual({
    timestamp: expect.stringMatching(/Z$/),
    level: 'error',
    plugin: 'p',
    message: 'odd',
    error: 'why',
    source: 'stderr',
    fields: { deep: [1] },
  });
  expect(new Set(lines.map(({ timestamp }) => timestamp)).size).toBe(22);
  expect(statSync(log.path).mode & 0o777).toBe(0o600);
  // Reading on by what is known loses nothing.
  const page = await log.read({ limit: 5, before: lines[10]?.timestamp });
  expect(page).toEqual(lines.slice(5, 10));
  log.close();
});

test('rotated by size, and read across files', async () => {
  const log = new LineLog(join(folder, 'rotated.log'), 'p', { maxBytes: 2000, keep: 3 });
  for (let i = 0; i < 60; i += 1) log.write(said(`line ${i} ${'x'.repeat(50)}`));
  const lines = await log.read({ limit: 1000 });
  expect(lines.at(-1)?.message).toContain('line 59');
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.map(({ message }) => Number(message.split(' ')[1]))).toEqual(lines.map((_, at) => 60 - lines.length + at));
  for (const name of readdirSync(folder).filter((each) => each.startsWith('rotated')))
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(2000);
  log.remove();
  expect(readdirSync(folder).filter((each) => each.startsWith('rotated'))).toEqual([]);
});

test('too much in a second is dropped and counted; the supervisor is always heard', async () => {
  const log = new LineLog(join(folder, 'rate.log'), 'p');
  for (let i = 0; i < 2000; i += 1) log.write(said(`line ${i}`));
  log.write(said('crashed', { source: 'supervisor' }));
  log.close();
  const messages = (await log.read({ limit: 5000 })).map(({ message }) => message);
  expect(messages.length).toBe(502);
  expect(messages.slice(-2)).toEqual([
    'crashed',
    expect.stringMatching(/^1500 lines were dropped: more than 500 lines or 512 KiB in a second/),
  ]);
});

test('no secret, wherever it stands; texts and fields are cut', async () => {
  const log = new LineLog(join(folder, 'secret.log'), 'p');
  log.hide(['swordfish', 'swordfish-and-more', 'ab']);
  log.write(
    said('the swordfish-and-more, a swordfish, and an ab', { error: 'swordfish', fields: { a: ['swordfish'], 'the "swordfish"': 'x' } }),
  );
  log.write(said('x'.repeat(20_000), { fields: { much: 'swordfish '.repeat(2000) } }));
  const text = readFileSync(log.path, 'utf8');
  const [first, second] = await log.read({ limit: 10 });
  expect(first?.message).toBe('the [hidden], a [hidden], and an ab');
  expect(text).not.toContain('swordfish');
  expect(second?.message.length).toBeLessThan(8300);
  expect(text.length).toBeLessThan(10_000);
  log.close();
});

test('a secret is one in the spellings of JSON and of an address, too', async () => {
  const log = new LineLog(join(folder, 'spelled.log'), 'p');
  log.hide(['p"ss w/rd', '\ud800abc']);
  log.write(said('as p"ss w/rd, {"key":"p\\"ss w/rd"}, http://x/?key=p%22ss%20w%2Frd'));
  expect((await log.read({ limit: 1 }))[0]?.message).toBe('as [hidden], {"key":"[hidden]"}, http://x/?key=[hidden]');
  log.close();
});

test('a line that is none is left out', async () => {
  const log = new LineLog(join(folder, 'cut.log'), 'p');
  log.write(said('whole'));
  log.close();
  appendFileSync(log.path, '{"timestamp":"20');
  expect((await log.read({ limit: 10 })).map(({ message }) => message)).toEqual(['whole']);
});
