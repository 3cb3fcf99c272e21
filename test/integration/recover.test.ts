import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../shared/encoding.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import { Client } from '../harness/client.ts';
import { startCloud } from '../harness/cloud.ts';
import { eventually } from '../harness/eventually.ts';
import { claimed, hostsOf, newMachine, pair, runOnAll, withBackup } from '../harness/installation.ts';
import type { Machine } from '../harness/member.ts';

/** The home host is lost, and recovered on another machine from its snapshot, by its commands. workerd stands for Cloudflare. */

const CODE = /(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}/;

test('a snapshot and the recovery code make another machine the home host; members follow by their words', {
  timeout: 300_000,
}, async () => {
  const setupCode = newCode();
  const cloud = await startCloud({ SETUP_CODE_HASH: await sha256Hex(readCode(setupCode) ?? '') });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [home, garage, attic, fresh, thief] = [newMachine(), newMachine(), newMachine(), newMachine(), newMachine()];
  const { password, recovery } = await claimed(cloud, home, 'vault', setupCode);
  await pair(cloud, home, garage, 'garage');
  await pair(cloud, home, attic, 'attic');
  for (const at of [garage, attic, fresh]) withBackup(at);
  const admin = new Client(cloud.url);
  expect((await admin.login('admin', password)).status).toBe(200);
  const file = join(tmpdir(), `toru-recover-${process.pid}.tar.gz`);
  onTestFinished(() => rmSync(file, { force: true }));
  expect(await home.run(['snapshot', file])).toMatchObject({ code: 0 });

  // While the home host is there, nobody needs one: it runs on, and is asked for nothing.
  const running = await home.run(['up', cloud.url, '--recover', '--recovery-code-file', codeFile(home, recovery)]);
  expect(running).toMatchObject({ code: 125, printed: expect.stringContaining('An agent runs with') });

  // Another machine. A wrong code, a slip of the hand and none at all change nothing.
  rmSync(join(fresh.home, 'scripts'), { recursive: true, force: true });
  expect(await fresh.run(['restore', file])).toMatchObject({ code: 0, printed: expect.stringContaining('toru up URL --recover') });
  const up = ['up', cloud.url, '--recover', '--no-start'];
  for (const [code, words] of [
    [newCode(), /not the recovery code/],
    ['XXXX', /no recovery code/],
    [null, /--recovery-code-file/],
  ] as const)
    expect(await fresh.run(code === null ? up : [...up, '--recovery-code-file', codeFile(fresh, code)])).toMatchObject({
      code: 125,
      printed: expect.stringMatching(words),
    });

  const took = await fresh.run([...up, '--recovery-code-file', codeFile(fresh, recovery)]);
  expect(took, took.printed).toMatchObject({ code: 0 });
  const [next = ''] = CODE.exec(took.printed) ?? [];
  expect([next === '', next === recovery]).toEqual([false, false]);
  const words = wordsIn(took.printed);
  expect(Object.keys(words).sort()).toEqual(['attic', 'garage']);
  // It is used up, and the lost home host, if it was only away, is one no longer.
  expect(await fresh.run([...up, '--recovery-code-file', codeFile(fresh, recovery)])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('the home host of this edge already'),
  });
  const again = await thief.run(['up', cloud.url, '--recover', '--yes', '--no-start', '--recovery-code-file', codeFile(thief, recovery)]);
  expect(again).toMatchObject({ code: 125, printed: expect.stringMatching(/not the recovery code/) });
  await eventually('the lost home host is not linked', async () => (await home.run(['status'])).printed, {
    holds: (printed) => /edge +not linked/.test(printed),
  });
  await eventually('everybody is out', async () => (await admin.http('GET', '/api/me')).status, { holds: (status) => status === 401 });

  fresh.toru(['agent']);
  await eventually('the new home host answers logins', async () => (await admin.login('admin', password)).status, {
    holds: (status) => status === 200,
  });
  withBackup(fresh);
  expect(wordsIn((await fresh.run(['hosts'])).printed)).toEqual(words);

  // The members wait for a word on their own consoles.
  const hosts = await hostsOf(admin, 3);
  const garageId = hosts.find(({ name }) => name === 'garage')?.id ?? '';
  await eventually('the member says what it waits for', async () => (await garage.run(['status'])).printed, {
    holds: (printed) => /says that it is the home host now.*toru trust/.test(printed),
  });
  const refused = await admin.http('POST', `/api/hosts/${garageId}/runs`, { script: 'backup.sh' });
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('toru trust')]);
  expect(await garage.run(['trust', ...(words['attic'] ?? [])])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('not the words'),
  });
  expect(await fresh.run(['trust', ...(words['garage'] ?? [])])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('a home host itself'),
  });
  expect(await garage.run(['trust', ...(words['garage'] ?? [])])).toMatchObject({ code: 0 });
  expect(await garage.run(['trust', ...(words['garage'] ?? [])])).toMatchObject({
    code: 125,
    printed: expect.stringContaining('nothing to decide'),
  });
  expect(await attic.run(['trust', (words['attic'] ?? []).join(' ')])).toMatchObject({ code: 0 });
  await eventually('all three are served', async () => runOnAll(admin, await hostsOf(admin, 3)).catch(String), {
    holds: (states) => String(states) === 'exited,exited,exited',
  });
});

test('one that was saved before its first link is recovered as well; nothing restored is said before the code is used', {
  timeout: 300_000,
}, async () => {
  const setupCode = newCode();
  const cloud = await startCloud({ SETUP_CODE_HASH: await sha256Hex(readCode(setupCode) ?? '') });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [home, fresh, empty] = [newMachine(), newMachine(), newMachine()];
  const claim = await home.run(['up', cloud.url, '--no-start', '--setup-code-file', codeFile(home, setupCode)]);
  const [recovery = ''] = CODE.exec(claim.printed) ?? [];
  const file = join(tmpdir(), `toru-unlinked-${process.pid}.tar.gz`);
  onTestFinished(() => rmSync(file, { force: true }));
  expect(await home.run(['snapshot', file])).toMatchObject({ code: 0 });
  const up = (at: Machine): string[] => ['up', cloud.url, '--recover', '--no-start', '--recovery-code-file', codeFile(at, recovery)];
  expect(await empty.run(up(empty))).toMatchObject({ code: 125, printed: expect.stringMatching(/Nothing was restored.*--yes/) });
  expect(await fresh.run(['restore', file])).toMatchObject({ code: 0 });
  expect(await fresh.run(up(fresh))).toMatchObject({ code: 0, printed: expect.stringMatching(CODE) });
});

function codeFile({ home }: Machine, code: string): string {
  const file = join(home, `${home.length}.code`);
  writeFileSync(file, `${code}\n`, { mode: 0o600 });
  return file;
}

/** By member. */
function wordsIn(printed: string): Record<string, string[]> {
  const lines = [...printed.matchAll(/^ {2}(\S+) +toru trust (.+)$/gm)];
  return Object.fromEntries(lines.map(([, name = '', words = '']) => [name, words.trim().split(' ')]));
}
