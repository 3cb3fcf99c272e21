import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { KEPT_BYTES, MAX_WAITING_INPUT, SEGMENT_BYTES } from '../../shared/terminal-limits.ts';
import type { Terminal } from '../../shared/terminals.ts';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { DamagedOutput } from '../logs/damaged.ts';
import { membersOf } from '../process/cgroup.ts';
import { bootId, identify } from '../process/process-identity.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import { LogWriter } from './host/log-writer.ts';
import { HostLink } from './host-link.ts';
import { TerminalLog } from './terminal-log.ts';

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  process.env['ADMIN_PASSWORD'] = 'the agent’s own secret';
  api = await makeApi();
  client = await api.caller('cleo', 'client');
});
afterAll(async () => {
  delete process.env['ADMIN_PASSWORD'];
  await api.close();
});

const ask = (method: string, path: string, body?: unknown, who: Caller = api.admin) => api.ask(who, method, `/api/terminals${path}`, body);
const get = async (id: string): Promise<Terminal> => terminalShape.parse((await ask('GET', `/${id}`)).json);
const output = async (id: string): Promise<string> => (await ask('GET', `/${id}/output`)).text;
const prints = (id: string, what: string | RegExp) => expect.poll(() => output(id)).toMatch(what);
const type = async (id: string, data: string): Promise<void> => expect((await ask('POST', `/${id}/input`, { data })).status).toBe(204);

async function open(script: string, more: object = {}): Promise<string> {
  const made = await ask('POST', '', { command: ['sh', '-c', script], ...more });
  expect(made.status, made.text).toBe(201);
  return terminalShape.parse(made.json).id;
}

test('a terminal is opened, typed into, and ends with its program', async () => {
  const id = await open('read x; echo "<$x>"; exit 3');
  await type(id, 'hello\r');
  await expect.poll(async () => (await get(id)).state).toBe('ended');
  expect(await output(id)).toBe('hello\r\n<hello>\r\n');
  expect(await get(id)).toMatchObject({ exit_code: 3, signal: null, reason: null, command: ['sh', '-c', expect.any(String)] });
  expect((await ask('POST', `/${id}/input`, { data: 'x' })).json).toMatchObject({ error: { code: 'not_running' } });
});

test('one that ended before the agent heard that it began has ended', async () => {
  const first = await open('sleep 600');
  const { open: order } = HostLink.prototype;
  // The agent is busy with something else until the host has said both.
  const busy = vi.spyOn(HostLink.prototype, 'open').mockImplementation(function (this: HostLink, ...args) {
    const held = order.apply(this, args);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    return held;
  });
  const id = await open('echo here; exit 3');
  busy.mockRestore();
  expect(await get(id)).toMatchObject({ state: 'ended', exit_code: 3 });
  expect(await output(id)).toBe('here\r\n');
  for (const each of [id, first]) await ask('DELETE', `/${each}`);
});

test.runIf(process.platform === 'linux')('what a program starts at once is in its terminal’s cgroup, and ends with it', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => open('setsid sleep 600 & echo "child $!"; cat /proc/self/cgroup; read x')));
  for (const id of ids) {
    await prints(id, /child \d+[\s\S]*\n0::\S+\s/);
    const row = api.services.terminals.store.get(id) ?? expect.unreachable();
    if (row.cgroup === null) return console.warn('skipped: this system gives no cgroups');
    const child = Number(/child (\d+)/.exec(await output(id))?.[1]);
    expect(membersOf(row.cgroup)).toEqual(expect.arrayContaining([row.pid, child]));
    expect(await output(id)).toContain(basename(row.cgroup));
    await ask('DELETE', `/${id}`);
    await expect.poll(() => existsSync(`/proc/${child}`)).toBe(false);
  }
});

test.each(['/bin/bash', '/bin/dash', '/usr/bin/fish'].map((shell) => [shell, existsSync(shell)] as const))(
  '%s is a login shell with a terminal of its own',
  async (shell, there) => {
    if (!there) return console.warn(`skipped: ${shell} is not installed here`);
    const made = await ask('POST', '', { shell });
    const { id, name } = terminalShape.parse(made.json);
    expect(name).toBe(shell.slice(shell.lastIndexOf('/') + 1));
    await type(id, 'tty; stty size; echo "$TERM $TORU_TERMINAL_ID"\r');
    await prints(id, /\/dev\/pts\/\d+\r\n24 80\r\n/);
    await prints(id, `xterm-256color ${id}`);
    await type(id, 'exit\r');
    await expect.poll(async () => (await get(id)).state).toBe('ended');
  },
);

test('its environment is an allow-list, and no descriptor of anybody else is open in it', async () => {
  const other = await open('sleep 600');
  const id = await open('env; ls /proc/self/fd | sort -n | tr "\\n" " "; echo end', { env: { COLOUR: 'blue' } });
  await prints(id, /end\r\n/);
  const text = await output(id);
  expect(text).toContain('COLOUR=blue');
  // The terminals' own socket, and the token of this one.
  expect(text).toMatch(/TORU_SOCKET=.*tty\.sock\r\n/);
  expect(text).toContain(`TORU_TERMINAL_TOKEN=${id}.`);
  expect(text).not.toContain('api.sock');
  expect(text).not.toContain('secret');
  // Beside the three: the folder that `ls` reads.
  expect(text).toMatch(/\n0 1 2 3 end/);
  expect((await get(id)).env_names).toEqual(['COLOUR']);
  expect((await ask('POST', '', { env: { TORU_HOME: '/' } })).json).toMatchObject({ error: { code: 'bad_request', field: 'env' } });
  expect((await ask('POST', '', { cwd: '/nowhere' })).json).toMatchObject({ error: { code: 'bad_request', field: 'cwd' } });
  await ask('DELETE', `/${other}`);
});

test('the same request never opens two', async () => {
  const request_id = crypto.randomUUID();
  const [id = '', twin] = await Promise.all([open('sleep 600', { request_id }), open('sleep 600', { request_id })]);
  expect(twin).toBe(id);
  expect(await open('sleep 600', { request_id })).toBe(id);
  await ask('DELETE', `/${id}`);
});

test('it takes a size, and tells its program', async () => {
  const id = await open('trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done');
  await prints(id, 'ready');
  expect((await ask('POST', `/${id}/resize`, { cols: 132, rows: 43 })).status).toBe(204);
  await prints(id, /43 132/);
  expect(await get(id)).toMatchObject({ cols: 132, rows: 43 });
  const sizes = readFileSync(join(api.home, 'terminals', id, 'sizes'), 'utf8');
  expect(sizes).toMatch(/^0 80 24\n\d+ 132 43\n$/);
  await ask('DELETE', `/${id}`);
});

test('all that it keeps is searched, by whoever may look', async () => {
  const id = await open('printf "pears\\n\\033[31map\\033[0mples\\nplums\\n"; sleep 600');
  await prints(id, 'plums');
  const search = async (query: string) => {
    const { status, text } = await ask('GET', `/${id}/search?${query}`);
    return {
      status,
      lines: text
        .trim()
        .split('\n')
        .map((line): Record<string, unknown> => JSON.parse(line)),
    };
  };
  const { lines } = await search('q=apples');
  expect(lines.filter(({ type }) => type === 'match')).toMatchObject([
    { task_id: id, line: 'apples', before: ['pears'], after: ['plums'], marks: [[0, 6]] },
  ]);
  expect(lines.at(-1)).toMatchObject({ type: 'end', next_cursor: null });
  expect(await search('q=apples&from=1000000')).toMatchObject({ status: 400, lines: [{ error: { code: 'bad_cursor' } }] });
  expect((await ask('GET', `/${id}/search?q=apples`, undefined, client)).json).toMatchObject({ error: { code: 'unknown_terminal' } });
  await ask('DELETE', `/${id}`);
});

test('input that nobody reads is bounded, and what does not fit is refused as a whole', async () => {
  const id = await open('stty raw -echo; echo ready; sleep 600');
  await prints(id, 'ready');
  const piece = 'x'.repeat(32 * 1024);
  const statuses: number[] = [];
  for (let sent = 0; sent < 2 * MAX_WAITING_INPUT && !statuses.includes(409); sent += piece.length)
    statuses.push((await ask('POST', `/${id}/input`, { data: piece })).status);
  expect(statuses.at(-1)).toBe(409);
  expect((await ask('POST', `/${id}/input`, { data: piece })).json).toMatchObject({ error: { code: 'input_not_accepted', retry: true } });
  await ask('DELETE', `/${id}`);
});

test('input arrives in order, and every byte of it', async () => {
  const id = await open('stty raw -echo; echo ready; head -c 200000 | sha256sum');
  await prints(id, 'ready');
  const text = Array.from({ length: 20_000 }, (_, i) => `${String(i).padStart(9, '0')}\n`).join('');
  for (let at = 0; at < text.length; at += 50_000) {
    for (let status = 0; status !== 204; ) status = (await ask('POST', `/${id}/input`, { data: text.slice(at, at + 50_000) })).status;
  }
  const { createHash } = await import('node:crypto');
  await prints(id, createHash('sha256').update(text).digest('hex'));
});

test('who it is not shared with sees nothing of it; who may look may not type', async () => {
  const id = await open('while read x; do echo "got $x"; done');
  const as = (method: string, path: string, body?: unknown) => ask(method, path, body, client);
  const isUnknown = async (method: string, path: string, body?: unknown): Promise<void> =>
    expect((await as(method, path, body)).json).toMatchObject({ error: { code: 'unknown_terminal' } });
  expect((await as('GET', '')).json).toEqual({ items: [], next_cursor: null });
  for (const path of [`/${id}`, `/${id}/output`, `/${id}/scrollback`]) await isUnknown('GET', path);
  await isUnknown('POST', `/${id}/input`, { data: 'x\r' });
  await isUnknown('POST', `/${id}/resize`, { cols: 10, rows: 10 });
  const forbidden: [string, string, object?][] = [
    ['POST', '', {}],
    ['PATCH', `/${id}`, { name: 'mine' }],
    ['DELETE', `/${id}`],
    ['POST', `/${id}/exec`, { argv: ['id'] }],
    ['POST', `/${id}/suspend`, {}],
    ['PUT', `/${id}/shares/${client.user_id}`, { right: 'type' }],
  ];
  for (const [method, path, body] of forbidden) expect((await as(method, path, body)).status, path).toBe(403);

  expect((await ask('PUT', `/${id}/shares/${client.user_id}`, { right: 'look' })).status).toBe(204);
  expect((await as('GET', '')).json).toMatchObject({ items: [{ id, right: 'look' }] });
  expect((await as('POST', `/${id}/input`, { data: 'x\r' })).json).toMatchObject({ error: { code: 'forbidden' } });
  expect((await as('POST', `/${id}/resize`, { cols: 10, rows: 10 })).status).toBe(403);

  await ask('PUT', `/${id}/shares/${client.user_id}`, { right: 'type' });
  expect((await as('POST', `/${id}/input`, { data: 'hi\r' })).status).toBe(204);
  await prints(id, 'got hi');
  expect((await ask('GET', `/${id}/shares`)).json).toMatchObject({ items: [{ username: 'cleo', right: 'type' }] });
  await ask('DELETE', `/${id}/shares/${client.user_id}`);
  await isUnknown('GET', `/${id}`);
  await ask('DELETE', `/${id}`);
});

test('to open one, or to run something in it, needs a password typed lately', async () => {
  const late = { ...api.admin, auth_time: Date.now() - 16 * 60_000 };
  expect((await ask('POST', '', {}, late)).json).toMatchObject({ error: { code: 'reauth_required' } });
  const id = await open('sleep 600');
  expect((await ask('POST', `/${id}/exec`, { argv: ['id'] }, late)).json).toMatchObject({ error: { code: 'reauth_required' } });
  await ask('DELETE', `/${id}`);
});

test('closing it leaves nothing behind, not even who left group, session and parent', async () => {
  const id = await open('trap "" HUP; setsid sh -c "trap \\"\\" HUP; echo pid \\$\\$; sleep 600" & sleep 600');
  await prints(id, /pid \d+/);
  const pid = Number(/pid (\d+)/.exec(await output(id))?.[1]);
  expect(identify(pid, bootId())).not.toBeNull();
  expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  await expect.poll(() => identify(pid, bootId())).toBeNull();
  expect(await get(id)).toMatchObject({ state: 'ended', signal: 'SIGKILL' });
  // What it printed stays in the trash, until it is removed for good.
  expect(await output(id)).toMatch(/pid/);
  expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  expect((await ask('GET', `/${id}`)).status).toBe(404);
  expect(existsSync(join(api.home, 'terminals', id))).toBe(false);
});

test('suspended and frozen, nothing in it runs; resumed, it goes on', async () => {
  const id = await open('i=0; while :; do i=$((i+1)); echo "n $i"; sleep 0.02; done');
  await prints(id, 'n 3');
  const frozen = await ask('POST', `/${id}/suspend`, { freeze: true });
  if (frozen.status === 409) console.warn('skipped: no cgroups here, so nothing can be frozen');
  else {
    expect(frozen.json).toMatchObject({ state: 'suspended', frozen: true });
    const before = await expectStill(() => output(id));
    expect((await ask('POST', `/${id}/resume`)).json).toMatchObject({ state: 'running', frozen: false });
    await expect.poll(async () => (await output(id)).length).toBeGreaterThan(before.length);
  }
  await ask('DELETE', `/${id}`);
});

/** What it says three times in a row. */
async function expectStill(look: () => Promise<string>): Promise<string> {
  let last = '';
  let same = 0;
  await expect
    .poll(async () => {
      const now = await look();
      same = now === last ? same + 1 : 0;
      last = now;
      return same;
    })
    .toBeGreaterThan(3);
  return last;
}

test('exec runs beside its program, where that is; text is typed as one paste', async () => {
  const id = await open('cd /usr; while read x; do echo "typed $x"; done');
  await type(id, 'ready\r');
  await prints(id, 'typed ready');
  const answer = await ask('POST', `/${id}/exec`, { argv: ['sh', '-c', 'pwd; echo oops >&2; exit 4'] });
  expect(answer.json).toEqual({ exit_code: 4, signal: null, timed_out: false, stdout: '/usr\n', stderr: 'oops\n', truncated: false });
  expect((await ask('POST', `/${id}/exec`, { argv: ['no-such-program'] })).json).toMatchObject({ error: { code: 'spawn_failed' } });
  const slow = await ask('POST', `/${id}/exec`, { argv: ['sleep', '600'], timeout_s: 1 });
  expect(slow.json).toMatchObject({ timed_out: true, signal: 'SIGTERM' });
  await ask('POST', `/${id}/exec`, { text: 'a b' });
  await prints(id, /typed .*\[200~a b/);
  await ask('DELETE', `/${id}`);
});

test('what keeps terminals dies: they end with the reason, and the next one opens', async () => {
  const id = await open('echo here; sleep 600');
  await prints(id, 'here');
  const row = api.services.terminals.store.get(id);
  const record = JSON.parse(readFileSync(join(api.home, 'pty', `${row?.host}.json`), 'utf8'));
  process.kill(record.pid, 'SIGKILL');
  await expect.poll(async () => (await get(id)).state).toBe('ended');
  expect(await get(id)).toMatchObject({ exit_code: null, reason: expect.stringMatching(/keeps terminals ended/) });
  await expect.poll(() => identify(row?.pid ?? 0, bootId())).toBeNull();
  await prints(await open('echo again'), 'again');
});

test('an agent that comes back finds its terminals, and every byte of them', async () => {
  const id = await open('i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "line $i"; sleep 0.005; done; read x; echo "end $x"');
  await prints(id, 'line 20');
  await api.close(true);
  api = await makeApi({ home: api.home });
  expect(await get(id)).toMatchObject({ state: 'running' });
  await prints(id, 'line 400');
  await type(id, 'yes\r');
  await expect.poll(async () => (await get(id)).state).toBe('ended');
  expect(await output(id)).toBe(`${Array.from({ length: 400 }, (_, i) => `line ${i + 1}\r\n`).join('')}yes\r\nend yes\r\n`);
});

test('after a restart of the host, one that is kept is opened again below what it printed; others say why they ended', async () => {
  const script = 'echo here; pwd; sleep 600';
  const [kept, other] = [await open(script, { keep: true, cwd: '/usr' }), await open(script)];
  for (const id of [kept, other]) await prints(id, 'here');
  const { host } = api.services.terminals.store.get(kept) ?? {};
  const { pid } = JSON.parse(readFileSync(join(api.home, 'pty', `${host}.json`), 'utf8'));
  await api.close(true);
  // Another boot: every process is gone, and the rows are of the one before.
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => identify(pid, bootId())).toBeNull();
  const db = openDatabase(join(api.home, 'toru.db'));
  db.prepare('UPDATE terminals SET boot = ?').run('another');
  db.close();
  api = await makeApi({ home: api.home });
  await prints(kept, /^here\r\n\/usr\r\n\r\n.*The host was restarted.*\r\nhere\r\n\/usr\r\n$/);
  expect(await get(kept)).toMatchObject({ state: 'running', reason: null });
  expect(await get(other)).toMatchObject({ state: 'ended', reason: 'The host was restarted.' });
  await ask('DELETE', `/${kept}`);
});

test('scrollback has the last lines, with their colours or without', async () => {
  const id = await open('for i in 1 2 3 4; do printf "\\033[31mred %s\\033[0m\\r\\n" $i; done; sleep 600');
  await prints(id, 'red 4');
  expect((await ask('GET', `/${id}/scrollback?lines=2`)).text).toBe('red 3\nred 4');
  expect((await ask('GET', `/${id}/scrollback?lines=1&format=ansi`)).text).toContain('\u001b[31mred 4');
  await ask('DELETE', `/${id}`);
});

test('scrollback shows what a program drew again as it stands in the end', async () => {
  const script = `printf 'one\\r\\ntwo\\r\\n\\033[2A\\033[2KONE\\033[2B\\r10 %%\\r\\033[K100 %%\\r\\n%0100d\\r\\nend' 7; sleep 600`;
  const id = await open(script, { cols: 80, rows: 5 });
  await prints(id, 'end');
  await expect.poll(async () => (await ask('GET', `/${id}/scrollback`)).text).toBe(`ONE\ntwo\n100 %\n${'7'.padStart(100, '0')}\nend`);
  expect((await ask('GET', `/${id}/scrollback?lines=2`)).text.endsWith('7\nend')).toBe(true);
  await ask('DELETE', `/${id}`);
});

test('a log keeps its last 64 MiB; what went before is a gap, and never half a character', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-segments-'));
  try {
    const writer = new LogWriter(folder);
    const log = new TerminalLog(folder, 0, false);
    // Three bytes a character: the first segment that is kept begins within one.
    const piece = Buffer.from('…'.repeat(300_000));
    while (writer.length < KEPT_BYTES + 2 * SEGMENT_BYTES) expect(writer.append(piece)).toBe(piece.length);
    log.grow(writer.end);
    expect(log.end).toBe(writer.length);
    expect(log.end - log.start).toBeGreaterThanOrEqual(KEPT_BYTES - 3);
    expect(log.end - log.start).toBeLessThanOrEqual(KEPT_BYTES + SEGMENT_BYTES);
    const lost: unknown = await log.read(0, 100).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(DamagedOutput);
    expect(lost).toMatchObject({ from: 0, to: log.start });
    let at = log.start;
    while (at < log.end) {
      const [chunk] = await log.read(at, 1_000_000);
      if (chunk === undefined) break;
      expect(Buffer.from(chunk.bytes).toString().replaceAll('…', '')).toBe('');
      at = chunk.to;
    }
    expect(at).toBe(log.end);
    // Half a character at the end waits for its other half.
    writer.append(Buffer.from('…').subarray(0, 2));
    expect(writer.end).toBe(writer.length - 2);
    writer.append(Buffer.from('…').subarray(2));
    expect(writer.end).toBe(writer.length);
    expect(new LogWriter(folder).length).toBe(writer.length);
    log.close();
    writer.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
