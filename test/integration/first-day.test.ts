import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../shared/encoding.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import { Client } from '../harness/client.ts';
import { startCloud } from '../harness/cloud.ts';
import { eventually } from '../harness/eventually.ts';
import { claimed, hostsOf, newMachine, pair, runOnAll, withBackup } from '../harness/installation.ts';

/**
 * The first day of an installation, by its commands: a fresh edge with a setup code, as `toru deploy` leaves it; its home host, two
 * members, a run on all three, and what is done with hosts after that. workerd stands for Cloudflare.
 */

test('from a fresh edge to three hosts, a name, a role, new keys, and out again', { timeout: 300_000 }, async () => {
  const setupCode = newCode();
  const cloud = await startCloud({ SETUP_CODE_HASH: await sha256Hex(readCode(setupCode) ?? '') });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [home, garage, attic] = [newMachine(), newMachine(), newMachine()];

  // The first host claims the edge by the code that was printed.
  const { password, recovery } = await claimed(cloud, home, 'vault', setupCode);
  expect(recovery).toMatch(/^(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);

  // Two more, by their words.
  const admin = new Client(cloud.url);
  expect((await admin.login('admin', password)).status).toBe(200);
  const up = await pair(cloud, home, garage, 'garage');
  await pair(cloud, home, attic, 'attic');
  const hosts = await hostsOf(admin, 3);
  expect(hosts.map(({ name }) => name)).toEqual(['vault', 'garage', 'attic']);

  // One script on all three.
  for (const at of [home, garage, attic]) withBackup(at);
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
