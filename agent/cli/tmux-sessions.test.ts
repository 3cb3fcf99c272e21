import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startLocalTransport } from '../transports/local-transport.ts';
import { ranCommand } from './captured-io-harness.ts';

/** Sessions of a real tmux, with a server of its own. */

const HERE = ['/usr/bin/tmux', '/usr/local/bin/tmux', '/opt/homebrew/bin/tmux'].some((file) => existsSync(file));

let api: ApiHarness;
let transport: LocalTransport;
let sockets: string;
beforeAll(async () => {
  api = await makeApi();
  transport = await startLocalTransport({ home: api.home, api: api.app, log: { error: () => undefined } });
  sockets = mkdtempSync(join(tmpdir(), 'toru-tmux-'));
});
afterAll(async () => {
  if (HERE) tmux('kill-server');
  await transport.close();
  await api.close();
  rmSync(sockets, { recursive: true, force: true });
});

function tmux(...args: string[]): string {
  try {
    return execFileSync('tmux', args, {
      env: { PATH: process.env['PATH'], TMUX_TMPDIR: sockets, LC_ALL: 'C.UTF-8' },
      stdio: 'pipe',
    }).toString();
  } catch (error) {
    return String(error);
  }
}

const toru = (args: string[], path = process.env['PATH']) =>
  ranCommand(['terminal', 'adopt', ...args], { TORU_HOME: api.home, TMUX_TMPDIR: sockets, PATH: path });

test.skipIf(!HERE)('sessions are listed, and one becomes a terminal', async () => {
  expect(await toru([])).toMatchObject({ code: 0, out: expect.stringContaining('no session') });
  tmux('new-session', '-d', '-s', 'work space', '-c', '/usr', 'sh');
  tmux('new-session', '-d', '-s', 'work', '-c', '/', 'sh');
  const { out } = await toru([]);
  expect(out).toMatch(/^work +1 +0 .*\/$/m);
  expect(out).toMatch(/^work space +1 +0 .*\/usr$/m);
  expect(await toru(['wrok'])).toMatchObject({ err: expect.stringContaining('Did you mean work?') });
  const adopted = await toru(['work']);
  expect([adopted.code, adopted.err]).toEqual([0, '']);
  const id = adopted.out.trim();
  const look = async () => (await api.ask(api.admin, 'GET', `/api/terminals/${id}`)).json;
  expect(await look()).toMatchObject({ name: 'work', state: 'running', cwd: '/' });
  await expect.poll(() => tmux('list-clients', '-t', '=work'), { timeout: 60_000 }).toContain('/dev/');
  // What is typed reaches the session, which goes on when its terminal is closed.
  await api.ask(api.admin, 'POST', `/api/terminals/${id}/input`, { data: 'echo in-$((40+2))\r' });
  await expect.poll(() => tmux('capture-pane', '-p', '-t', '=work:'), { timeout: 60_000 }).toContain('in-42');
  await api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);
  expect(tmux('list-sessions')).toContain('work:');
});

test('without tmux it says what to do', async () => {
  const { code, err } = await toru([], '/nonexistent');
  expect(code).not.toBe(0);
  expect(err).toContain('toru terminal new --attach');
});
