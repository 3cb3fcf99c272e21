import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import * as z from 'zod';
import { pairing } from '../../shared/pairing.ts';
import type { Client } from './client.ts';
import type { Cloud } from './cloud.ts';
import { eventually } from './eventually.ts';
import type { Command, Machine } from './member.ts';
import { machine } from './member.ts';

/** An installation of several machines, by its commands: how tests get one, and use it. */

const BACKUP = '#!/bin/sh\necho "saved on $(cat "$TORU_HOME/who" 2>/dev/null || echo here)"\n';

/** A script by which a run can be had there. */
export function withBackup({ home }: Machine): void {
  mkdirSync(join(home, 'scripts'), { recursive: true });
  writeFileSync(join(home, 'scripts', 'backup.sh'), BACKUP, { mode: 0o755 });
}

/** `toru up` at a fresh edge, which this machine claims. @returns when it is linked. */
export async function claimed(
  cloud: Cloud,
  home: Machine,
  name: string,
  setupCode: string,
): Promise<{ password: string; recovery: string }> {
  const code = join(home.home, 'code');
  mkdirSync(home.home, { recursive: true });
  writeFileSync(code, `${setupCode}\n`, { mode: 0o600 });
  const started = home.toru(['up', cloud.url, '--name', name, '--setup-code-file', code]);
  const [, password = ''] = await eventually(
    'the password is shown',
    () => /Password +(\S+)/.exec(started.printed()) ?? started.printed(),
    {
      holds: Array.isArray,
    },
  );
  const [, recovery = ''] = /Recovery code +(\S+)/.exec(started.printed()) ?? [];
  await eventually('the edge has its home host', async () => (await fetch(`${cloud.url}/api/health`)).json(), {
    holds: (health) => Object(health).host_online === true,
  });
  return { password, recovery };
}

export function newMachine(): Machine {
  const made = machine();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** `toru up` there, and `toru hosts approve` on the home host with the words that the terminal shows. */
export async function pair(cloud: Cloud, home: Machine, member: Machine, name: string): Promise<Command> {
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

export interface SeenHost {
  id: string;
  name: string;
  online: boolean;
}

/** When so many are there, and all of them online. */
export async function hostsOf(client: Client, count: number): Promise<SeenHost[]> {
  const read = async (): Promise<SeenHost[]> => (await client.http('GET', '/api/hosts')).json().items ?? [];
  return eventually(`${count} hosts are online`, read, { holds: (hosts) => hosts.length === count && hosts.every(({ online }) => online) });
}

/** @returns the state in which each host's run ended. @throws when one was not taken. */
export async function runOnAll(client: Client, hosts: readonly SeenHost[]): Promise<string[]> {
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
