import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../shared/encoding.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import { Client } from '../harness/client.ts';
import { startCloud } from '../harness/cloud.ts';
import { eventually } from '../harness/eventually.ts';
import { claimed, hostsOf, newMachine, pair, runOnAll, withBackup } from '../harness/installation.ts';

/** The home host moves to a member, by its command, with workerd in Cloudflare's place. */

test('a member becomes the home host: people log in there and run on all three, and the old one is a member', {
  timeout: 300_000,
}, async () => {
  const setupCode = newCode();
  const cloud = await startCloud({ SETUP_CODE_HASH: await sha256Hex(readCode(setupCode) ?? '') });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [home, garage, attic] = [newMachine(), newMachine(), newMachine()];
  const { password } = await claimed(cloud, home, 'vault', setupCode);
  await pair(cloud, home, garage, 'garage');
  const atticRuns = await pair(cloud, home, attic, 'attic');
  for (const at of [home, garage, attic]) withBackup(at);
  const admin = new Client(cloud.url);
  expect((await admin.login('admin', password)).status).toBe(200);
  expect(await runOnAll(admin, await hostsOf(admin, 3))).toEqual(['exited', 'exited', 'exited']);

  // What can't be is said, and changes nothing.
  for (const [args, code, words] of [
    [['home', 'move', 'cellar', '--yes'], 125, /no member “cellar”/],
    [['home', 'move', 'vault', '--yes'], 125, /this host, and the home host already/],
    [['home', 'move', 'garage'], 125, /--yes/],
  ] as const)
    expect(await home.run([...args])).toMatchObject({ code, printed: expect.stringMatching(words) });
  expect(await garage.run(['home', 'move', 'attic', '--yes'])).toMatchObject({ code: 125, printed: expect.stringContaining('vault') });
  atticRuns.child.kill('SIGINT');
  await atticRuns.ended;
  await eventually('attic is away', async () => (await home.run(['home', 'move', 'attic', '--yes'])).printed, {
    holds: (printed) => /“attic” is away/.test(printed),
  });
  attic.toru(['up', cloud.url]);

  expect(await home.run(['home', 'move', 'gar', '--yes'])).toMatchObject({
    code: 0,
    printed: expect.stringMatching(/garage is the home host now, and this host a member/),
  });
  // Typed again, it is so.
  expect(await home.run(['home', 'move', 'garage', '--yes'])).toMatchObject({ code: 0 });
  await eventually('everybody is out', async () => (await admin.http('GET', '/api/me')).status, { holds: (status) => status === 401 });
  await eventually('the new home host answers logins', async () => (await admin.login('admin', password)).status, {
    holds: (status) => status === 200,
  });
  const hosts = await hostsOf(admin, 3);
  expect(hosts[0]?.name).toBe('garage');
  expect(hosts.map(({ name }) => name).sort()).toEqual(['attic', 'garage', 'vault']);
  await eventually('all three are served', async () => runOnAll(admin, await hostsOf(admin, 3)).catch(String), {
    holds: (states) => String(states) === 'exited,exited,exited',
  });
  expect((await home.run(['status'])).printed).toMatch(/a member of the installation of garage/);
  expect((await garage.run(['hosts'])).printed).toMatch(/garage +\S+ +home host/);

  // What the new one decides counts: a user, and a member that goes.
  expect((await admin.http('POST', '/api/users', { username: 'kim', password: 'a password of kim', role: 'client' })).status).toBe(201);
  expect((await new Client(cloud.url).login('kim', 'a password of kim')).status).toBe(200);
  expect(await garage.run(['hosts', 'revoke', 'vault', '--yes'])).toMatchObject({ code: 0 });
  await hostsOf(admin, 2);
});
