import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { scaled } from '../../tools/test-pace.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** The main job, through everything: a browser's socket and HTTP, the front, workerd, the agent, real processes. */

/** 200 at once are tried without an edge: agent/api/runs.test.ts. */
const RUNS = 60;

let toru: Toru;
let admin: Client;

/** Puts a script into the running Toru's scripts_dir. */
function script(name: string, text: string): void {
  const file = join(toru.home, 'scripts', name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

beforeAll(async () => {
  toru = await startToru();
  const fixtures = join(root, 'test/fixtures/scripts');
  for (const name of readdirSync(fixtures)) {
    copyFileSync(join(fixtures, name), join(toru.home, 'scripts', name));
    chmodSync(join(toru.home, 'scripts', name), 0o755);
  }
  admin = await Client.of(toru);
});

afterAll(async () => {
  admin.close();
  await toru[Symbol.asyncDispose]();
});

test('the seeded hello action greets by the name that was typed', async () => {
  const actions = (await admin.http('GET', '/api/actions')).json();
  expect(actions.items[0]).toMatchObject({ id: 'hello', script: 'hello.sh', problem: null });
  const socket = await admin.openSocket();
  const task = await socket.run({ action: 'hello', inputs: { name: 'Ada' } });
  expect(await socket.next('exit', task)).toMatchObject({ code: 0, signal: null });
  expect(socket.output(task)).toContain('Ada');
  const run = (await admin.http('GET', `/api/runs/${task}`)).json();
  expect(run).toMatchObject({
    task_id: task,
    action: 'hello',
    script: 'hello.sh',
    user: 'admin',
    state: 'exited',
    exit_code: 0,
    inputs: { name: 'Ada' },
  });
});

test('output arrives while the script runs, and a second viewer gets the same from the beginning', async () => {
  script('slowly.sh', '#!/bin/sh\necho one\nread -r _ < "$1"\necho two >&2\n');
  const gate = join(toru.home, 'gate');
  const { execFileSync } = await import('node:child_process');
  execFileSync('mkfifo', [gate]);
  const first = await admin.openSocket();
  const task = await first.run({ script: 'slowly.sh', args: [gate] });
  await first.next('stdout', task);
  expect(first.of('exit', task)).toEqual([]);
  const second = await admin.openSocket();
  second.send({ type: 'attach', task_id: task, from: 0 });
  await second.next('stdout', task);
  writeFileSync(gate, 'go\n');
  for (const socket of [first, second]) {
    await socket.next('exit', task);
    expect(socket.output(task, 'stdout')).toBe('one\n');
    expect(socket.output(task, 'stderr')).toBe('two\n');
  }
});

test('a browser that drops goes on from its cursor, without loss or repeat', async () => {
  script('count.sh', '#!/bin/bash\nfor ((i = 0; i < 3000; i++)); do echo "line $i"; ((i % 100)) || sleep 0.02; done\n');
  let socket = await admin.openSocket();
  const task = await socket.run({ script: 'count.sh' });
  let text = '';
  let cursor = 0;
  for (let drop = 0; drop < 4; drop += 1) {
    await eventually('some output', () => socket.of('stdout', task).length > 2 || socket.of('exit', task).length > 0);
    socket.ws.terminate();
    text += socket.output(task);
    cursor = socket.of('stdout', task).at(-1)?.cursor ?? cursor;
    socket = await admin.openSocket();
    socket.send({ type: 'attach', task_id: task, from: cursor });
  }
  await socket.next('exit', task);
  text += socket.output(task);
  expect(text).toBe(Array.from({ length: 3000 }, (_, line) => `line ${line}\n`).join(''));
});

test(`${RUNS} runs started over HTTP in one go all end in history, with their codes and their whole output`, async () => {
  script('ends.sh', '#!/bin/sh\necho "begin $1"\necho "err $1" >&2\necho "end $1"\nexit "$1"\n');
  const started = await Promise.all(
    Array.from({ length: RUNS }, (_, n) => admin.http('POST', '/api/runs', { script: 'ends.sh', args: [String(n % 7)] })),
  );
  expect(started.map((answer) => answer.status)).toEqual(Array.from({ length: RUNS }, () => 202));
  const tasks = started.map((answer, n) => ({ id: String(answer.json().task_id), code: n % 7 }));
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(RUNS);
  await eventually(
    'all runs have ended',
    async () => (await admin.http('GET', '/api/runs?status=queued,running&limit=1')).json().items.length,
    { holds: (seen) => seen === 0, limitMs: 60_000 },
  );
  for (const { id, code } of tasks) {
    const run = (await admin.http('GET', `/api/runs/${id}`)).json();
    expect(run).toMatchObject({ state: 'exited', exit_code: code, signal: null });
    const out = (await admin.http('GET', `/api/runs/${id}/output?stream=stdout`)).text;
    expect(out).toBe(`begin ${code}\nend ${code}\n`);
    expect((await admin.http('GET', `/api/runs/${id}/output?stream=stderr`)).text).toBe(`err ${code}\n`);
  }
});

/** 50 MB; in the quick part 7, which are as many windows of a viewer. */
const LINES = scaled(6_400_000, 6_400_000, 1_000_000);

test(`${LINES} lines arrive byte for byte, by socket and by HTTP`, async () => {
  script('big.sh', `#!/bin/sh\nseq 1 ${LINES}\n`);
  const socket = await admin.openSocket();
  const task = await socket.run({ script: 'big.sh' });
  await socket.next('exit', task);
  const expected = createHash('sha256');
  for (let n = 1; n <= LINES; n += 100_000) expected.update(`${Array.from({ length: 100_000 }, (_, i) => n + i).join('\n')}\n`);
  const sha = expected.digest('hex');
  const text = socket.output(task);
  expect(text.length).toBeGreaterThan(6 * LINES);
  expect(createHash('sha256').update(text).digest('hex')).toBe(sha);
  const downloaded = createHash('sha256');
  let from = 0;
  for (;;) {
    const part = (await admin.http('GET', `/api/runs/${task}/output?from=${from}`)).bytes;
    if (part.length === 0) break;
    downloaded.update(part);
    from += part.length;
  }
  expect(downloaded.digest('hex')).toBe(sha);
}, 120_000);

test('binary garbage and half characters arrive as replacement characters, in order', async () => {
  script(
    'garbage.sh',
    "#!/bin/sh\nprintf 'a\\377b\\n'; printf '\\342\\202'; sleep 0.2; printf '\\254 euro\\n'; printf '\\342\\202'; printf 'X\\n'; printf '\\000nul\\n'; printf 'end \\360\\237'\n",
  );
  const socket = await admin.openSocket();
  const task = await socket.run({ script: 'garbage.sh' });
  await socket.next('exit', task);
  expect(socket.output(task)).toBe('a\ufffdb\n€ euro\n\ufffdX\n\0nul\nend \ufffd');
});

test('a cancel ends the script and its children, also those that will not', async () => {
  const socket = await admin.openSocket();
  const task = await socket.run({ script: 'forever.sh' });
  await socket.next('attached', task);
  socket.send({ type: 'cancel', task_id: task });
  await socket.next('cancelled', task);
  expect((await admin.http('GET', `/api/runs/${task}`)).json()).toMatchObject({ state: 'cancelled' });
});

test('the same request id starts once, over both ways in', async () => {
  const request_id = crypto.randomUUID();
  const socket = await admin.openSocket();
  const body = { script: 'exit.sh', args: ['0'], request_id };
  const answers = await Promise.all(Array.from({ length: 8 }, () => admin.http('POST', '/api/runs', body)));
  expect(new Set(answers.map((answer) => answer.json().task_id)).size).toBe(1);
  socket.send({ type: 'run', script: 'exit.sh', args: ['0'], request_id });
  expect((await socket.next('started')).task_id).toBe(answers[0]?.json().task_id);
  expect((await admin.http('POST', '/api/runs', { ...body, args: ['1'] })).json()).toMatchObject({ error: { code: 'request_id_reused' } });
});

test('a viewer who is reading learns at the end of the output that the run was removed', async () => {
  script('long.sh', '#!/bin/sh\nyes "a line" | head -c 300000\n');
  const presser = await admin.openSocket();
  const task = await presser.run({ script: 'long.sh' });
  await presser.next('exit', task);
  const viewer = await admin.openSocket();
  viewer.autoAck = false;
  viewer.send({ type: 'attach', task_id: task, from: 0 });
  const { window } = await viewer.next('attached', task);
  await viewer.eventually('a full window', () => viewer.output(task).length >= window);
  expect((await admin.http('DELETE', `/api/runs/${task}`)).status).toBe(204);
  viewer.autoAck = true;
  viewer.send({ type: 'ack', task_id: task, cursor: viewer.output(task).length });
  expect(await viewer.next('error', task)).toMatchObject({ code: 'unknown_task' });
  expect((await admin.http('GET', '/api/health')).status).toBe(200);
});
