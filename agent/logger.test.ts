import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ToruError } from '../shared/errors.ts';
import { createLogger } from './logger.ts';
import { LogFile } from './logger-file.ts';
import { addUser, makeServices, session, tempDir } from './users/fixture.ts';

function logger(console: 'pretty' | 'json' | 'off' = 'json') {
  const logs_dir = join(tempDir(), 'logs');
  const shown: string[] = [];
  const log = createLogger({ logs_dir, log_level: 'debug', console, sink: { write: (line) => shown.push(line) } });
  return { log, shown, file: () => readFileSync(join(logs_dir, 'agent.log'), 'utf8'), logs_dir };
}

test('JSON lines in a file for its owner only, the same on the console', () => {
  const { log, shown, file, logs_dir } = logger();
  log.info({ task_id: 't1' }, 'a run started');
  log.trace('too small');
  expect(JSON.parse(file())).toMatchObject({
    level: 'info',
    task_id: 't1',
    msg: 'a run started',
    pid: process.pid,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(shown.join('')).toBe(file());
  expect(statSync(join(logs_dir, 'agent.log')).mode & 0o777).toBe(0o600);
});

test('pretty: one line for a person', () => {
  const { log, shown } = logger('pretty');
  log.warn({ edge: 'https://toru.example', reason: 'no way', err: new Error('torn') }, 'not linked');
  expect(shown.join('')).toMatch(/^\d\d:\d\d:\d\d warn {2}not linked {2}edge=https:\/\/toru\.example {2}reason="no way" {2}err="torn"\n$/);
});

test('no secret reaches the log, wherever it stands', async () => {
  const services = makeServices();
  const { grant } = session(services, await addUser(services, 'ada'));
  const { log, shown, file } = logger();
  const secret = 'swordfish-1234';
  const cause = Object.assign(new Error(`refused ${grant}`), { password: secret });
  log.info(
    { password: secret, current_password: secret, headers: { Cookie: secret, authorization: secret, accept: 'json' }, token: secret },
    'deep',
  );
  log.info({ body: [{ inputs: { pin: secret }, grant: secret }], admin_password: secret, data: secret }, 'deeper');
  log.error({ err: new ToruError('internal', 'torn', { cause, extra: { secret } }) }, 'thrown');
  log.error(cause, `text with ${grant} in it`);
  log.info(`toru_3000=${'a'.repeat(43)} came`);
  const all = file() + shown.join('');
  expect(all).not.toContain(secret);
  expect(all).not.toContain(grant);
  expect(all).not.toContain('a'.repeat(43));
  expect(all).toContain('"accept":"json"');
  expect(all.match(/deep|thrown|text with/g)?.length).toBeGreaterThan(6);
});

test('a detail that contains itself does not stop the log', () => {
  const { log, file } = logger('off');
  const ring: Record<string, unknown> = { name: 'ring' };
  ring['self'] = ring;
  log.info({ ring }, 'round');
  expect(file()).toContain('round');
});

test('rotated by size: so many are kept, no line is lost between them', () => {
  const dir = tempDir();
  const file = new LogFile(join(dir, 'agent.log'), { maxBytes: 100, keep: 2 });
  for (let i = 0; i < 12; i += 1) file.write(`line ${i} ${'x'.repeat(30)}\n`);
  file.close();
  expect(readdirSync(dir).sort()).toEqual(['agent.log', 'agent.log.1', 'agent.log.2']);
  const kept = ['agent.log.2', 'agent.log.1', 'agent.log'].map((name) => readFileSync(join(dir, name), 'utf8')).join('');
  expect(kept.match(/line \d+/g)).toEqual(['line 6', 'line 7', 'line 8', 'line 9', 'line 10', 'line 11']);
  expect(existsSync(join(dir, 'agent.log.3')), 'agent.log.3').toBe(false);
});

test('a restart goes on in the same file', () => {
  const dir = tempDir();
  new LogFile(join(dir, 'agent.log')).write('one\n');
  new LogFile(join(dir, 'agent.log')).write('two\n');
  expect(readFileSync(join(dir, 'agent.log'), 'utf8')).toBe('one\ntwo\n');
});
