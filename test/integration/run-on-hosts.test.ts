import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Candidate } from '../harness/candidate.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Machine } from '../harness/member.ts';
import { machine, runAt } from '../harness/member.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** `toru run ACTION --host … | --all`: a home host and two members, each an agent of its own. */

const PASSWORD = 'the password of the tests';
let toru: Toru;
let admin: Client;
let garage: Candidate;
let attic: Candidate;
/** A machine that belongs to nobody, from which the command is typed. */
let outside: Machine;
const at = (host: string, path: string): string => `/api/hosts/${host}${path}`;

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
  admin = await Client.of(toru);
  await admin.http('PUT', '/api/settings', { host_name: 'house' });
  garage = new Candidate(toru.url);
  attic = new Candidate(toru.url);
  outside = machine();
  await garage.pair('garage', admin);
  await attic.pair('attic', admin);
  garage.start();
  attic.start();
  await eventually('both are linked', async () => (await hosts()).every(({ online }) => online));
  const ids = (await hosts()).map(({ id }) => id);
  for (const [n, folder] of [toru.home, garage.home, attic.home].entries()) {
    script(folder, 'name.sh', 'echo "hello $1"');
    script(folder, 'other.sh', n === 2 ? 'echo another' : 'echo the same');
    script(folder, 'fails.sh', n === 1 ? 'echo trouble; exit 3' : 'echo trouble; exit 0');
    script(folder, 'long.sh', 'echo begun; exec sleep 600');
    const path = (rest: string): string => at(ids[n] ?? '', rest);
    const who = { name: 'who', label: 'Who', type: 'text', default: 'you', pass: { by: 'argument' } };
    await made(path('/actions'), { id: 'name', label: 'Name', script: 'name.sh', inputs: [who] });
    for (const id of ['other', 'long']) await made(path('/actions'), { id, label: id, script: `${id}.sh` });
    await made(path('/actions'), { id: 'fails', label: 'fails', script: 'fails.sh' });
  }
});
afterAll(async () => {
  admin?.close();
  for (const one of [garage, attic, outside, toru]) await one?.[Symbol.asyncDispose]();
});

async function hosts(): Promise<{ id: string; name: string; online: boolean }[]> {
  return (await admin.http('GET', '/api/hosts')).json().items;
}
function script(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, 'scripts', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
async function made(path: string, action: object): Promise<void> {
  const answer = await admin.http('POST', path, action);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
}
const sessions = async (): Promise<number> => (await admin.http('GET', '/api/sessions')).json().items.length;

test('on all: a row for each, one result; the session that it took is over', async () => {
  const before = await sessions();
  const { code, printed } = await runAt(toru.home, ['run', 'name', '--all', '--input', 'who=there']);
  expect(printed).toMatch(/house +exit 0 +\d s +hello there\n/);
  expect(printed).toMatch(/garage +exit 0 .*hello there\n/);
  expect(printed).toMatch(/attic +exit 0 .*hello there\n/);
  expect([code, printed.trimEnd().split('\n').at(-1)]).toEqual([0, '3 ok']);
  expect(await sessions()).toBe(before);
});

test('from another machine, with a password from standard input; a wrong one, and one on the command line, run nothing', async () => {
  const run = (args: string[], input = '') =>
    runAt(outside.home, ['run', 'name', '--host', 'garage,att', '--url', toru.url, ...args], input);
  const good = await run(['--user', 'admin', '--password-file', '-', '--json'], `${PASSWORD}\n`);
  expect([good.code, good.printed]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(good.printed)).toMatchObject({
    result: { ok: 2, failed: 0, away: 0 },
    hosts: [
      { name: 'garage', state: 'exited', exit_code: 0, last_line: 'hello you', problem: null },
      { name: 'attic', state: 'exited' },
    ],
  });
  const wrong = await run(['--user', 'admin', '--password-file', '-'], 'not the password\n');
  expect([wrong.code, wrong.printed]).toEqual([125, expect.stringContaining('knows no admin with that password')]);
  expect((await run(['--user', 'admin'])).printed).toContain('--password-file FILE');
  expect((await run([])).printed).toContain('--user NAME');
  expect((await run(['--user', 'admin', '--password', PASSWORD])).code).toBe(125);
  const nobody = await runAt(
    outside.home,
    ['run', 'name', '--host', 'cellar', '--url', toru.url, '-u', 'admin', '--password-file', '-'],
    PASSWORD,
  );
  expect(nobody.printed).toContain('There is no host “cellar”. There are house, garage, attic.');
});

test('where it failed, and where another script stands under that name, the result says so', async () => {
  const failed = await runAt(toru.home, ['run', 'fails', '--host', 'garage']);
  expect([failed.code, failed.printed]).toEqual([1, expect.stringMatching(/garage +exit 3 .*trouble\n1 failed\n$/)]);
  const other = await runAt(toru.home, ['run', 'other', '--all']);
  expect(other.printed).toMatch(/attic +not started +another script or definition/);
  expect([other.code, other.printed.trimEnd().split('\n').at(-1)]).toEqual([1, '2 ok, 1 not started']);
  // By itself it runs there.
  expect((await runAt(toru.home, ['run', 'other', '--host', 'attic'])).printed).toMatch(/attic +exit 0 .*another\n1 ok\n$/);
  expect((await runAt(toru.home, ['run', 'nothing', '--all'])).printed).toContain('None of these hosts can run “nothing”');
});

test('Ctrl-C cancels all of them, and says how each ended', async () => {
  const command = outside.toru(['run', 'long', '--host', 'garage,attic', '--url', toru.url, '-u', 'admin', '--password-file', '-']);
  command.child.stdin?.end(PASSWORD);
  const ids = (await hosts()).slice(1).map(({ id }) => id);
  const states = () => Promise.all(ids.map(async (id) => (await admin.http('GET', at(id, '/runs?action=long'))).json().items[0]?.state));
  await eventually('both run', states, { holds: (seen) => seen.join() === 'running,running' });
  command.child.kill('SIGINT');
  expect(await command.ended).toBe(1);
  expect(command.printed()).toMatch(/cancelling all of them/);
  expect(command.printed()).toMatch(/garage +cancelled/);
  expect(command.printed()).toMatch(/2 failed\n$/);
  expect(await states()).toEqual(['cancelled', 'cancelled']);
});

test('one falls silent: two ok and one away within 40 s, and the third when it is back, if it was to be queued', async () => {
  attic.signal('SIGSTOP');
  const began = Date.now();
  await eventually('the edge knows', async () => (await hosts()).find(({ name }) => name === 'attic')?.online, {
    holds: (online) => online === false,
  });
  const away = (await admin.http('GET', '/api/hosts')).json().items.find(({ name }: { name: string }) => name === 'attic');
  expect(Date.parse(away.last_seen)).toBeLessThan(began + 40_000);
  // The command says the same as the page, and since when.
  const list = await runAt(toru.home, ['hosts']);
  expect([list.code, list.printed]).toEqual([0, expect.stringMatching(/attic\b.*away since /)]);
  expect(list.printed).toMatch(/garage\b.*online/);
  const left = await runAt(toru.home, ['run', 'name', '--all']);
  expect(left.printed).toMatch(/attic +away /);
  expect([left.code, left.printed.trimEnd().split('\n').at(-1)]).toEqual([1, '2 ok, 1 away']);

  const queued = await runAt(toru.home, ['run', 'name', '--all', '--queue', '1h', '--input', 'who=late']);
  expect(queued.printed).toMatch(/attic +waits /);
  expect([queued.code, queued.printed]).toEqual([0, expect.stringMatching(/^2 ok, 1 waiting for its host$/m)]);
  attic.signal('SIGCONT');
  const runs = async () => (await admin.http('GET', at(away.id, '/runs?action=name&last_line=true'))).json().items;
  await eventually('what waited ran there', async () => (await runs())?.[0]?.last_line, { holds: (line) => line === 'hello late' });
  // The session that asked lives as long as what waits by it.
  expect(queued.printed).toContain('stays open for what waits');
});
