import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { membership } from '../../shared/members.ts';
import { pairing } from '../../shared/pairing.ts';
import { workerdOf } from '../faults/processes.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { lyingEdge } from '../harness/lying-edge.ts';
import type { Command, Machine } from '../harness/member.ts';
import { askSocket, machine, runAt } from '../harness/member.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** A home host, and other machines that become members of its installation by `toru up`, as real processes. */

let home: Toru;
beforeAll(async () => {
  home = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
});
afterAll(() => home?.[Symbol.asyncDispose]());

/** The command on the home host. */
const homeToru = (args: string[], input = '') => runAt(home.home, args, input);

const atHome = (method: string, path: string, body?: unknown) => askSocket(join(home.home, 'api.sock'), method, path, body);

function newMachine(): Machine {
  const made = machine();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** What the terminal shows of a request. */
async function shown(command: Command): Promise<{ code: string; words: string[] }> {
  const [, code = '', words = ''] = await eventually(
    'the code and the words are shown',
    () => /Code +(\S+)\s+Words +(.+)\n/.exec(command.printed()) ?? command.printed(),
    { holds: Array.isArray },
  );
  return { code, words: words.trim().split(/\s+/) };
}

/** The same request, as the home host has it. */
async function atHomeHost(code: string): Promise<z.infer<typeof pairing>> {
  const list = z.object({ items: z.array(pairing) });
  const found = await eventually('the home host knows the words', async () =>
    list.parse((await atHome('GET', '/api/pairings'))?.json).items.find((one) => one.user_code === code && one.words !== null),
  );
  if (found === undefined) throw new Error('unreachable');
  return found;
}

/** As the host calls itself. */
async function nameOf(of: Machine): Promise<string> {
  return z.object({ host_name: z.string() }).parse((await of.ask('GET', '/api/settings'))?.json).host_name;
}

async function standing(of: Machine): Promise<z.infer<typeof membership>> {
  return eventually('the agent answers', async () => {
    const answer = await of.ask('GET', '/api/membership');
    return answer === null ? null : membership.parse(answer.json);
  }).then((found) => membership.parse(found));
}

test('a second machine: toru up, the same words on both sides, approved, and its scripts run through the edge', async () => {
  const member = newMachine();
  mkdirSync(join(member.home, 'scripts'));
  const script = join(member.home, 'scripts', 'hello.sh');
  writeFileSync(script, '#!/bin/sh\necho "hello from the member"\n');
  chmodSync(script, 0o755);
  const up = member.toru(['up', home.url, '--name', 'nas']);
  const { code, words } = await shown(up);
  const request = await atHomeHost(code);
  expect(request).toMatchObject({ name: 'nas', words, replaces: null, platform: `${process.platform} ${process.arch}` });
  expect((await atHome('POST', `/api/pairings/${code}/approve`, { words }))?.status).toBe(200);
  await eventually(
    'the agent is linked',
    () => up.printed().includes('Paired: this host is “nas” now') && /The agent runs now/.test(up.printed()),
  );
  expect(await standing(member)).toMatchObject({ kind: 'member', name: 'nas', revoked: false });
  expect(readFileSync(join(member.home, 'config.toml'), 'utf8')).toBe(`edge_url = "${home.url}"\n`);

  const admin = await Client.of(home);
  const hosts = await eventually('the page sees both hosts online', async () => (await admin.http('GET', '/api/hosts')).json().items, {
    holds: (items) => items.length === 2 && items.every(({ online }: { online: boolean }) => online),
  });
  const { id } = hosts.find(({ name }: { name: string }) => name === 'nas');
  const started = await admin.http('POST', `/api/hosts/${id}/runs`, { script: 'hello.sh', request_id: crypto.randomUUID() });
  expect([started.status, started.text]).toEqual([202, expect.any(String)]);
  const run = `/api/hosts/${id}/runs/${started.json().task_id}`;
  await eventually('the run has ended', async () => (await admin.http('GET', run)).json().state === 'exited');
  expect((await admin.http('GET', `${run}/output`)).text).toBe('hello from the member\n');

  // Typed once more, while it runs and after.
  expect(await member.run(['up', home.url])).toMatchObject({ code: 0, printed: expect.stringContaining('runs already, as a member') });
  expect(await member.run(['up', 'http://127.0.0.1:9'])).toMatchObject({
    code: 125,
    printed: expect.stringMatching(/An agent \(pid \d+\) runs here with/),
  });
  up.child.kill('SIGINT');
  expect(await up.ended).toBe(0);
  const again = member.toru(['up', home.url]);
  await eventually(
    'it is linked again',
    async () => /The agent runs now/.test(again.printed()) && (await standing(member)).kind === 'member',
  );
  expect(again.printed()).not.toContain('Words');
  expect(existsSync(join(member.home, 'agent.pid'))).toBe(true);
});

test('approved with toru hosts on the home host, by the words alone; the list, the roles, a new name, and the end of it', async () => {
  const member = newMachine();
  const up = member.toru(['up', home.url, '--name', 'attic', '--no-start']);
  const { code, words } = await shown(up);
  await atHomeHost(code);
  const listed = await homeToru(['hosts']);
  expect(listed.printed).toContain(`  words     ${words.join('  ')}`);
  expect(await homeToru(['hosts', 'approve', 'BBBB-BBBB'])).toMatchObject({ code: 125, printed: expect.stringContaining(code) });
  expect(await homeToru(['hosts', 'approve', code])).toMatchObject({ code: 125, printed: expect.stringContaining('--words') });
  const wrong = ['zoo', ...words.slice(1)].join(' ');
  expect(await homeToru(['hosts', 'approve', code, '--words', wrong])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('not the words'),
  });
  const typed = code.toLowerCase().replace('-', ' ');
  expect(await homeToru(['hosts', 'approve', typed, '--words', words.join(' ')])).toMatchObject({
    code: 0,
    printed: expect.stringContaining('attic is a member'),
  });
  expect(await up.ended).toBe(0);
  expect(up.printed()).toContain('Paired: this host is “attic” now');

  await homeToru(['hosts', 'rename', 'att', 'loft']);
  expect((await homeToru(['hosts', 'role', 'loft', 'admin', 'client'])).printed).toContain('admin is client on loft now');
  expect((await homeToru(['hosts', '--json'])).printed).toContain('"name": "loft"');
  expect((await homeToru(['status'])).printed).toMatch(/hosts +the home host of \d member/);
  expect(await homeToru(['run', '--script', 'x.sh', '--all'])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('an action is run'),
  });

  const agent = member.toru(['agent']);
  await eventually('it follows the directory', async () => (await standing(member)).kind === 'member' && (await nameOf(member)) === 'loft');
  const there = async (): Promise<string> => (await homeToru(['hosts'])).printed;
  await eventually('the home host hears that it is there', async () => /loft +\S+ +member since .* +online$/m.test(await there()));
  expect(JSON.parse((await homeToru(['hosts', '--json'])).printed).presence).toMatchObject({
    items: expect.arrayContaining([{ host: expect.any(String), presence: 'online', last_seen: expect.any(String), kept_webhooks: 0 }]),
    problem: null,
  });
  expect(await member.run(['hosts'])).toMatchObject({ code: 0, printed: expect.stringContaining('its home host') });
  expect((await member.run(['hosts', 'invite', 'x'])).printed).toContain('its home host');
  expect((await member.run(['status'])).printed).toMatch(/hosts +“loft”, a member of the installation of/);
  expect((await member.run(['doctor'])).printed).toContain('✓ this host is “loft”, a member');

  // An edge that does not answer: all else is listed, and why this is not.
  const workerd = workerdOf(home.pid);
  process.kill(workerd, 'SIGSTOP');
  const silent = await homeToru(['hosts']);
  process.kill(workerd, 'SIGCONT');
  expect(silent).toMatchObject({ code: 0, printed: expect.stringMatching(/loft +\S+ +member since .* +not known/) });
  expect(silent.printed).toMatch(/who is there at this moment, only the edge knows\. (The edge did not say|This host is not linked)/);
  await eventually('it is asked again', async () => /loft .*online$/m.test(await there()));

  // Taken out: it is told so when it comes again, and may ask again.
  expect((await homeToru(['hosts', 'revoke', 'loft', '--yes'])).code).toBe(0);
  await eventually('the edge does not take it any more', async () =>
    (await member.run(['status'])).printed.includes('does not know this host'),
  );
  expect(await member.run(['up', home.url])).toMatchObject({
    code: 125,
    printed: expect.stringMatching(/An agent \(pid \d+\) runs here, and is a member at \S+ no longer.*Stop it/),
  });
  agent.child.kill('SIGINT');
  await agent.ended;
  const again = member.toru(['up', home.url, '--no-start']);
  const second = await shown(again);
  expect(again.printed()).toContain('no longer knows this host');
  await homeToru(['hosts', 'deny', second.code]);
  expect(await again.ended).toBe(125);
  expect(again.printed()).toContain('An admin refused this host');
});

test('an invite: once, for its installation, by a file or standard input; nothing of it in an error', async () => {
  const made = await homeToru(['hosts', 'invite', 'cellar', '--minutes', '10']);
  const token = /[\w-]{36}\.[\w-]{43}\.[\w-]{43}/.exec(made.printed)?.[0] ?? '';
  expect(token).not.toBe('');
  const member = newMachine();
  const file = join(member.home, 'token');
  writeFileSync(file, `${token}\n`);
  expect(await member.run(['up', home.url, '--no-start', '--token-file', file])).toMatchObject({
    code: 0,
    printed: expect.stringMatching(/^Paired: this host is “cellar” now/m),
  });

  const late = newMachine();
  const refused = await runAt(late.home, ['up', home.url, '--no-start', '--token-file', '-'], token);
  expect(refused).toMatchObject({ code: 125, printed: expect.stringContaining('That token was used') });
  const [id = '', secret = ''] = token.split('.');
  const other = Buffer.alloc(32, 7).toString('base64url');
  const foreign = await runAt(late.home, ['up', home.url, '--no-start', '--token-file', '-'], `${id}.${secret}.${other}`);
  expect(foreign).toMatchObject({ code: 125 });
  const useless = await runAt(late.home, ['up', home.url, '--token-file', '-'], `${token}x`);
  expect(useless).toMatchObject({ code: 125, printed: expect.stringContaining('a token of “toru hosts invite” is expected') });
  for (const { printed } of [refused, foreign, useless]) expect(printed).not.toContain(secret);
  expect(existsSync(join(late.home, 'config.toml'))).toBe(false);

  const next = await homeToru(['hosts', 'invite', 'den']);
  const good = /[\w-]{36}\.[\w-]{43}\.[\w-]{43}/.exec(next.printed)?.[0]?.split('.') ?? [];
  const elsewhere = await runAt(late.home, ['up', home.url, '--no-start', '--token-file', '-'], `${good[0]}.${good[1]}.${other}`);
  expect(elsewhere).toMatchObject({ code: 125, printed: expect.stringContaining('The token is of another installation') });
});

test('Ctrl-C while it waits, a code that ran out, a clock that is off: nothing is changed, and each says the next step', async () => {
  const member = newMachine();
  const stopped = member.toru(['up', home.url]);
  const { code } = await shown(stopped);
  await atHomeHost(code);
  stopped.child.kill('SIGINT');
  expect(await stopped.ended).toBe(130);
  // Its place is free at once, at the edge and at the home host.
  expect((await atHome('GET', `/api/pairings/${code}`))?.json).toMatchObject({ outcome: 'expired' });
  expect(stopped.printed()).toContain('nothing was changed');

  await using edge = await lyingEdge(home.url, ({ path, body }) => {
    if (path === '/api/pair') body.device_code = 'A'.repeat(43);
  });
  expect(await member.run(['up', edge.url])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('The code ran out. Start again: toru up'),
  });

  const behind = `data:text/javascript,const now=Date.now;Date.now=()=>now()-3600000`;
  const late = await member.run(['up', home.url], { NODE_OPTIONS: `--import=${behind.replaceAll(' ', '%20')}` });
  expect(late).toMatchObject({ code: 125, printed: expect.stringMatching(/clock of this machine is 60 min behind.*timedatectl/) });
  expect(await member.run(['up', 'http://example.com'])).toMatchObject({ code: 125, printed: expect.stringContaining('private networks') });
  expect(existsSync(join(member.home, 'config.toml'))).toBe(false);
  expect(existsSync(join(member.home, 'agent.pid'))).toBe(false);
});

test('an edge that gives out its own key for the home host’s: other words, and what is approved all the same is refused here', async () => {
  const liar = Buffer.alloc(32, 9).toString('base64url');
  await using edge = await lyingEdge(home.url, ({ path, body }) => {
    if (path === '/api/pair' && 'home' in body) body.home.public_key = liar;
  });
  const member = newMachine();
  const up = member.toru(['up', edge.url]);
  const { code, words } = await shown(up);
  const request = await atHomeHost(code);
  expect(request.words).not.toEqual(words);
  expect((await atHome('POST', `/api/pairings/${code}/approve`, { words: request.words }))?.status).toBe(200);
  expect(await up.ended).toBe(125);
  expect(up.printed()).toContain('was not signed by the home host whose words were shown here');
  expect(existsSync(join(member.home, 'config.toml'))).toBe(false);
});

test('the way to the edge, and the home host, away for a while: it goes on waiting, and is let in', async () => {
  await using edge = await lyingEdge(home.url, () => undefined);
  const member = newMachine();
  const up = member.toru(['up', edge.url, '--no-start', '--name', 'shed']);
  const { code, words } = await shown(up);
  edge.down = true;
  await eventually('it says that it keeps trying', () => up.printed().includes('It keeps trying.'));
  edge.down = false;
  await atHomeHost(code);
  expect((await atHome('POST', `/api/pairings/${code}/approve`, { words }))?.status).toBe(200);
  expect(await up.ended).toBe(0);

  // Whoever started it ends an agent that hangs for long, and starts another.
  process.kill(home.agentPid(), 'SIGSTOP');
  const alone = newMachine();
  const waiting = alone.toru(['up', home.url]);
  expect(await waiting.ended).toBe(125);
  expect(waiting.printed()).toMatch(/home host/);
  await eventually('the home host is there again', async () => (await atHome('GET', '/api/membership')) !== null);
});

test('a host that has users of its own is asked before it leaves them', async () => {
  const member = newMachine();
  const agent = member.toru(['agent'], { ADMIN_PASSWORD: 'a password of its own' });
  await eventually('the agent answers', async () => (await member.ask('GET', '/api/membership')) !== null);
  agent.child.kill('SIGINT');
  await agent.ended;
  expect(await member.run(['up', home.url])).toMatchObject({ code: 125, printed: expect.stringMatching(/1 user of its own.*--yes/) });
  const up = member.toru(['up', home.url, '--yes']);
  await shown(up);
});
