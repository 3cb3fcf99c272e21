import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { sha256Hex } from '../../shared/encoding.ts';
import { pairing } from '../../shared/pairing.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import { Client } from '../harness/client.ts';
import type { Cloud } from '../harness/cloud.ts';
import { startCloud } from '../harness/cloud.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command, Machine } from '../harness/member.ts';
import { machine } from '../harness/member.ts';

/**
 * The first day of an installation, by its commands: a fresh edge with a setup code, as `toru deploy` leaves it; its home host, two
 * members, a run on all three, and what is done with hosts after that. workerd stands for Cloudflare.
 */

const BACKUP = '#!/bin/sh\necho "saved on $(cat "$TORU_HOME/who" 2>/dev/null || echo here)"\n';

test('from a fresh edge to three hosts, a name, a role, new keys, and out again', { timeout: 300_000 }, async () => {
  const setupCode = newCode();
  const cloud = await startCloud({ SETUP_CODE_HASH: await sha256Hex(readCode(setupCode) ?? '') });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [home, garage, attic] = [newMachine(), newMachine(), newMachine()];

  // The first host claims the edge by the code that was printed.
  const code = join(home.home, 'code');
  mkdirSync(home.home, { recursive: true });
  writeFileSync(code, `${setupCode}\n`, { mode: 0o600 });
  const started = home.toru(['up', cloud.url, '--name', 'vault', '--setup-code-file', code]);
  const [, password = ''] = await eventually(
    'the password is shown',
    () => /Password +(\S+)/.exec(started.printed()) ?? started.printed(),
    {
      holds: Array.isArray,
    },
  );
  expect(started.printed()).toMatch(/Recovery code +(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}/);
  await eventually('the edge has its home host', async () => (await fetch(`${cloud.url}/api/health`)).json(), {
    holds: (health) => Object(health).host_online === true,
  });

  // Two more, by their words.
  const admin = new Client(cloud.url);
  expect((await admin.login('admin', password)).status).toBe(200);
  const up = await pair(cloud, home, garage, 'garage');
  await pair(cloud, home, attic, 'attic');
  const hosts = await hostsOf(admin, 3);
  expect(hosts.map(({ name }) => name)).toEqual(['vault', 'garage', 'attic']);

  // One script on all three.
  for (const at of [home, garage, attic]) writeFileSync(join(at.home, 'scripts', 'backup.sh'), BACKUP, { mode: 0o755 });
  expect(await runOnAll(admin, hosts)).toEqual(['exited', 'exited', 'exited']);

  // Another name; the home host's key replaced: the edge and its members follow, and everybody logs in again.
  expect(await home.run(['hosts', 'rename', 'garage', 'barn'])).toMatchObject({ code: 0 });
  await eventually('it is called so', async () => (await hostsOf(admin, 3)).map(({ name }) => name).join(), {
    holds: (names) => names === 'vault,barn,attic',
  });
  expect(await home.run(['key', 'rotate'])).toMatchObject({ code: 0 });
  await eventually('everybody is out', async () => (await admin.http('GET', '/api/me')).status, { holds: (status) => status === 401 });
  await eventually('the home host is back with its new key', async () => (await admin.login('admin', password)).status, {
    holds: (status) => status === 200,
  });
  await eventually('its members follow', async () => runOnAll(admin, await hostsOf(admin, 3)).catch(String), {
    holds: (states) => String(states) === 'exited,exited,exited',
  });

  // A member with a new key is paired again, and not asked about the users whom its home host gave it.
  const rotated = await garage.run(['key', 'rotate']);
  expect(rotated).toMatchObject({ code: 0, printed: expect.stringContaining(`Pair it again: toru up ${cloud.url}`) });
  expect(rotated.printed).not.toContain('HOST_KEYS');
  up.child.kill('SIGINT');
  await up.ended;
  await pair(cloud, home, garage, 'barn');
  await hostsOf(admin, 3);

  // Out: the page knows it no longer, and the host says so itself.
  expect(await home.run(['hosts', 'revoke', 'attic', '--yes'])).toMatchObject({ code: 0 });
  await hostsOf(admin, 2);
  const status = await attic.run(['status']);
  expect(status.printed).toMatch(/took this host out|forgot|toru up/);
  expect(await home.run(['hosts'])).toMatchObject({ code: 0, printed: expect.not.stringContaining('attic') });
});

function newMachine(): Machine {
  const made = machine();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** `toru up` there, and `toru hosts approve` on the home host with the words that the terminal shows. */
async function pair(cloud: Cloud, home: Machine, member: Machine, name: string): Promise<Command> {
  const asking = member.toru(['up', cloud.url, '--name', name]);
  const [, code = '', shown = ''] = await eventually(
    'code and words are shown',
    () => /Code +(\S+)\s+Words +(.+)\n/.exec(asking.printed()) ?? asking.printed(),
    { holds: Array.isArray },
  );
  const words = shown.trim().split(/\s+/).join(' ');
  const list = z.object({ items: z.array(pairing) });
  await eventually(
    'the home host has the same words',
    async () => {
      const waiting = list.parse((await home.ask('GET', '/api/pairings'))?.json).items.find((one) => one.user_code === code);
      return waiting?.words?.join(' ');
    },
    { holds: (seen) => seen === words },
  );
  expect(await home.run(['hosts', 'approve', code, '--words', words])).toMatchObject({ code: 0 });
  await eventually('it is a member', () => asking.printed(), { holds: (printed) => /Paired: .*member/.test(printed) });
  return asking;
}

interface SeenHost {
  id: string;
  name: string;
  online: boolean;
}

/** When so many are there, and all of them online. */
async function hostsOf(client: Client, count: number): Promise<SeenHost[]> {
  const read = async (): Promise<SeenHost[]> => (await client.http('GET', '/api/hosts')).json().items ?? [];
  return eventually(`${count} hosts are online`, read, { holds: (hosts) => hosts.length === count && hosts.every(({ online }) => online) });
}

/** @returns the state in which each host's run ended. @throws when one was not taken. */
async function runOnAll(client: Client, hosts: readonly SeenHost[]): Promise<string[]> {
  return Promise.all(
    hosts.map(async ({ id, name }) => {
      const answer = await client.http('POST', `/api/hosts/${id}/runs`, { script: 'backup.sh' });
      if (answer.status !== 202) throw new Error(`${name}: ${answer.text}`);
      const { task_id } = answer.json();
      return eventually(`it ended on ${name}`, async () => (await client.http('GET', `/api/hosts/${id}/runs/${task_id}`)).json().state, {
        holds: (state) => state === 'exited',
      });
    }),
  );
}
