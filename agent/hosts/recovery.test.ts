import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { HostFacts } from './facts.ts';
import { codeOf, host, INSTALLATION, installation, newsFor, restarted, session } from './hosts-harness.ts';
import type { SignedNews } from './membership.ts';
import { Recovery } from './recovery.ts';
import { trustWords } from './words.ts';

/** A home host that was lost and recovered, its member, and an edge that is the test: it says of a recovery what it likes. */

/** Another machine with what was known at the home host, and a key of its own. */
async function recovered(home: ApiHarness): Promise<ApiHarness> {
  await home.close(true);
  rmSync(join(home.home, 'agent.key'));
  const again = await host(home.home);
  const { identity, settings } = again.services;
  new Recovery({ db: again.db, facts: new HostFacts(again.db), identity, settings }).begin(INSTALLATION);
  return again;
}

/** As an honest edge brings it. */
function newsOf(home: ApiHarness, member: ApiHarness): SignedNews {
  return { ...newsFor(home.services.hosts.atLink(), idOf(member)), key: keyOf(home) };
}

async function wordsShown(home: ApiHarness, member: ApiHarness): Promise<string[]> {
  const found = (await home.services.hosts.memberWords(local(home))).find((one) => one.host === idOf(member));
  if (found === undefined) throw new Error('no words for this member');
  return found.words;
}

function keyOf({ services }: ApiHarness): string {
  return toBase64Url(services.identity.publicKey);
}

function idOf({ services }: ApiHarness): string {
  return services.settings.instance_id;
}

function local({ admin }: ApiHarness) {
  return { ...admin, via: 'local' } as const;
}

function trusting(member: ApiHarness, words: readonly string[]): Promise<unknown> {
  return member.services.hosts.trust(local(member), words).catch((error: unknown) => error);
}

const WRONG = ['abandon', 'ability', 'able', 'about'];

test('a member serves nobody of a home host that was recovered before its console says so, and then as before', async () => {
  const { home: lost, member, id } = await installation();
  const before = session(lost);
  const there = lost.services.hosts.memberGrant(before.grant, id).grant;
  const kim = await lost.users.insert({ username: 'kim', password: 'a password of kim', role: 'client' });
  const home = await recovered(lost);
  member.services.hosts.takeDirectory(newsOf(home, member));

  // As while its home host is away: who was there goes on, and nobody comes.
  expect(member.services.hosts.membership).toMatchObject({ home: { public_key: keyOf(lost) }, candidate: { public_key: keyOf(home) } });
  expect(member.services.grants.verify(there, { sid: before.sid }).username).toBe('admin');
  const after = session(home);
  const token = home.services.hosts.memberGrant(after.grant, id).grant;
  expect(codeOf(() => member.services.grants.verify(token, { sid: after.sid }))).toBe('membership_over');
  expect(() => member.services.grants.verify(token, { sid: after.sid })).toThrow(/toru trust/);
  expect(member.users.byName('kim')).toBeNull();
  expect(member.logged).toContainEqual(expect.objectContaining({ key: keyOf(home), message: expect.stringContaining('toru trust') }));

  const words = await wordsShown(home, member);
  expect(await trusting(member, WRONG)).toMatchObject({ code: 'conflict', message: expect.stringContaining('not the words') });
  expect(member.services.hosts.membership).toMatchObject({ home: { public_key: keyOf(lost) } });
  expect(await member.services.hosts.trust(member.admin, words).catch((error: unknown) => error)).toMatchObject({ code: 'forbidden' });
  expect(
    await trusting(
      member,
      words.map((word) => word.toUpperCase()),
    ),
  ).toMatchObject({
    kind: 'member',
    home: { public_key: keyOf(home) },
    candidate: null,
  });
  expect(member.services.grants.verify(token, { sid: after.sid }).username).toBe('admin');
  expect(codeOf(() => member.services.grants.verify(there, { sid: before.sid }))).toBe('unauthenticated');
  expect(member.users.get(kim.id)?.username).toBe('kim');
  // It is kept, and the next word of the new home host is taken without asking.
  const again = await restarted(member);
  expect(again.services.membership.home).toMatchObject({ public_key: keyOf(home) });
  home.users.remove(kim.id, local(home));
  again.services.hosts.takeDirectory(newsOf(home, again));
  expect(again.users.byName('kim')).toBeNull();
});

test('an edge that makes up a recovery gets nothing without the words, and not with those of another', async () => {
  const { home, member, id, news } = await installation();
  const honest = news();
  // It has an installation of its own, with this very member among its hosts: it can sign all but what the home host signs.
  const thief = await host();
  const secretWords = await trustWords(keyOf(thief), keyOf(member), INSTALLATION);
  thief.services.hosts.memberWords(local(thief)).catch(() => undefined);
  const forged = forge(thief, member);
  member.services.hosts.takeDirectory(forged);
  const { grant, sid } = session(thief);
  expect(codeOf(() => member.services.grants.verify(thief.services.hosts.memberGrant(grant, id).grant, { sid }))).toBe('membership_over');
  expect(member.services.membership.home).toMatchObject({ public_key: keyOf(home) });
  expect(member.users.byName('thief')).toBeNull();
  // A real recovery shows other words than those which the edge's key has here.
  const real = await trustWords('A'.repeat(43), keyOf(member), INSTALLATION);
  expect(real).not.toEqual(secretWords);
  expect(await trusting(member, real)).toBeInstanceOf(ToruError);
  // Not signed by the key that it names, another's certificate, none for this host, older than what is known: nothing is asked at all.
  const fresh = await restarted(member);
  for (const bad of [
    { ...forged, key: keyOf(home) },
    { ...forged, key: 'A'.repeat(43) },
    { ...forged, certificate: honest.certificate },
    { ...forged, directory: honest.directory },
    { directory: forged.directory, certificate: forged.certificate, moves: [] },
    forge(thief, member, 'another'),
  ]) {
    fresh.services.hosts.takeDirectory(bad);
    expect(fresh.services.membership.candidate).toBeNull();
  }
  // The home host speaks again: what was made up is gone.
  fresh.services.hosts.takeDirectory(forged);
  expect(fresh.services.membership.candidate).toMatchObject({ public_key: keyOf(thief) });
  await home.users.insert({ username: 'lee', password: 'a password of lee', role: 'client' });
  fresh.services.hosts.takeDirectory(news());
  expect([fresh.services.membership.candidate, fresh.users.byName('lee')?.username]).toEqual([null, 'lee']);
  expect(await trusting(fresh, secretWords)).toMatchObject({ code: 'conflict', message: expect.stringContaining('nothing to decide') });
});

/** What a home host that nobody paired says to that member. @param id another one's, to whom its certificate is. */
function forge(thief: ApiHarness, member: ApiHarness, id?: string): SignedNews {
  const { db, services } = thief;
  db.prepare('DELETE FROM hosts_members').run();
  const hostId = id === undefined ? idOf(member) : '00000000-0000-4000-8000-000000000000';
  db.prepare("INSERT INTO hosts_members VALUES (?, 'garage', ?, 'x.y', 1, '{}')").run(hostId, keyOf(member));
  const { identity, settings } = services;
  new Recovery({ db, facts: new HostFacts(db), identity, settings }).begin(INSTALLATION);
  return { ...newsFor(services.hosts.atLink(), hostId), key: keyOf(thief) };
}

test('on a home host there is nothing to trust, and a member whose home host is well is not asked', async () => {
  const { home, member } = await installation();
  expect(await trusting(home, WRONG)).toMatchObject({ code: 'conflict', message: expect.stringContaining('a home host itself') });
  expect(await trusting(member, WRONG)).toMatchObject({ code: 'conflict', message: expect.stringContaining('nothing to decide') });
  expect(await home.services.hosts.memberWords(local(home))).toEqual([]);
  expect(codeOf(() => home.services.hosts.memberWords(home.admin))).toBe('forbidden');
  expect(codeOf(() => member.services.hosts.memberWords(local(member)))).toBe('not_home');
});

test('a recovery code that was not shown yet is the same one at the next try', async () => {
  const home = await host();
  const { identity, settings } = home.services;
  const recovery = new Recovery({ db: home.db, facts: new HostFacts(home.db), identity, settings });
  const { code, hash } = recovery.nextCode();
  expect(recovery.nextCode()).toEqual({ code, hash });
  recovery.shown();
  expect(recovery.nextCode().code).not.toBe(code);
});
