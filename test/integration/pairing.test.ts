import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { membership } from '../../shared/members.ts';
import { pairing } from '../../shared/pairing.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command, Machine } from '../harness/member.ts';
import { askSocket, machine } from '../harness/member.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** A home host, and other machines that become members of its installation by `toru up`, as real processes. */

let home: Toru;
beforeAll(async () => {
  home = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
});
afterAll(() => home?.[Symbol.asyncDispose]());

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
