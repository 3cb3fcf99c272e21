import { randomBytes, randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer } from '../../shared/handover.ts';
import { MAX_LINK_FRAME } from '../../shared/limits.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import { MAX_MEMBERS, MAX_USERS } from '../../shared/members.ts';
import type { ApiHarness } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { codeOf, INSTALLATION, installation, newMember, newsFor, restarted, session } from './hosts-harness.ts';

/** A home host that hands over to a member. Between them an edge that is the test, and carries everything unless a test says otherwise. */

const LOCAL = { via: 'local' } as const;

/** What an edge carried, by name. */
interface Carried {
  offers: HandoverOffer[];
  said: Extract<AgentControl, { type: 'members' }>[];
  stop: () => void;
}

/** Carries what the home host asks of the member. @param change what the edge makes of the member's answers. */
function carry(home: ApiHarness, member: ApiHarness, change: (answer: unknown) => unknown = (answer) => answer): Carried {
  const carried: Omit<Carried, 'stop'> = { offers: [], said: [] };
  const stop = home.services.hosts.onSay((message) => {
    if (message.type === 'members') carried.said.push(message);
    if (message.type !== 'handover') return;
    if (message.offer !== null) carried.offers.push(message.offer);
    // As over a network: the answer comes later.
    setImmediate(() => home.services.hosts.memberAnswered({ type: 'handover', id: message.id, answer: answered(member, message, change) }));
  });
  onTestFinished(stop);
  return { ...carried, stop };
}

function answered(member: ApiHarness, { offer }: { offer: HandoverOffer | null }, change: (answer: unknown) => unknown) {
  try {
    return { ok: true as const, value: change(member.services.hosts.handover(offer)) };
  } catch (error) {
    if (!(error instanceof ToruError)) throw error;
    return { ok: false as const, code: error.code, message: error.message };
  }
}

/** The step at the home host. An edge that does not say that it heard is waited for: that wait is left behind. */
async function moved(home: ApiHarness, member: ApiHarness): Promise<void> {
  const { hosts, membership } = home.services;
  const ended = hosts.moveHome({ ...home.admin, ...LOCAL }, idOf(member));
  const failed = ended.then(
    () => null,
    (error: unknown) => error,
  );
  await Promise.race([expect.poll(() => membership.home).not.toBeNull(), failed]);
  if (membership.home === null) throw await failed;
  // The edge heard: it brings the new home host's word.
  const [parting] = hosts.atLink();
  if (parting?.type !== 'members') throw new Error('nothing is said of the move');
  hosts.takeDirectory(newsFor([parting], idOf(home)));
  expect(await ended).toMatchObject({ heard: true });
}

function idOf({ services }: ApiHarness): string {
  return services.settings.instance_id;
}

test('the member is the home host: with users, passwords, roles and members; the old home host is its member', async () => {
  const { home, member } = await installation();
  const attic = await newMember(home, 'attic');
  const kim = await home.users.insert({ username: 'kim', password: 'a password of kim', role: 'client' });
  home.services.hosts.change(home.admin, idOf(attic), { roles: { [kim.id]: 'admin' } });
  home.services.settings.set({ grant_minutes: 90, host_name: 'vault' });
  member.services.hosts.takeDirectory(newsFor(home.services.hosts.atLink(), idOf(member)));
  const before = session(home);
  const there = home.services.hosts.memberGrant(before.grant, idOf(attic)).grant;
  attic.services.grants.verify(there, { sid: before.sid });

  const carried = carry(home, member);
  await moved(home, member);
  const [said] = carried.said.slice(-1);
  if (said === undefined) throw new Error('the edge heard nothing');
  // Nothing that an edge carried tells a password's hash.
  expect(JSON.stringify(carried)).not.toContain('argon2');
  member.services.hosts.takeHome(said.moves);

  const { hosts, users, settings } = member.services;
  expect(hosts.membership).toEqual({ kind: 'home', members: 2 });
  expect((await users.verify('kim', 'a password of kim'))?.id).toBe(kim.id);
  expect(users.list()).toEqual(expect.arrayContaining([expect.objectContaining({ username: 'admin', role: 'admin' })]));
  expect(hosts.members()).toMatchObject([
    { id: idOf(attic), name: 'attic', roles: { [kim.id]: 'admin' } },
    { id: idOf(home), name: 'vault', roles: {} },
  ]);
  expect([settings.grant_minutes, settings.internal.installation]).toEqual([90, home.services.settings.internal.installation]);

  // The old one: a member, which knows no password and answers no login.
  expect(home.services.hosts.membership).toMatchObject({ kind: 'member', name: 'vault', home: { host: idOf(member), name: 'garage' } });
  expect(home.db.prepare('SELECT DISTINCT password_hash FROM users').pluck().all()).toEqual(['!']);
  expect(codeOf(() => home.services.users.mustDecide())).toBe('not_home');

  // Everybody follows the step, and who is logged in at the new one is served by all.
  attic.services.hosts.takeDirectory(newsFor([said], idOf(attic)));
  home.services.hosts.takeDirectory(newsFor(hosts.atLink(), idOf(home)));
  attic.services.hosts.takeDirectory(newsFor(hosts.atLink(), idOf(attic)));
  const after = session(member);
  for (const one of [attic, home]) {
    const token = hosts.memberGrant(after.grant, idOf(one)).grant;
    expect(one.services.grants.verify(token, { sid: after.sid }).username).toBe('admin');
  }
  // And nobody by what was signed before.
  expect(codeOf(() => attic.services.grants.verify(there, { sid: before.sid }))).toBe('unauthenticated');
  expect(codeOf(() => home.services.grants.renew(before.grant))).toBe('unauthenticated');
});

test('killed before the step, the old one is the home host; typed again, it goes on', async () => {
  let { home, member } = await installation();
  // The member keeps what it was given, and its answer is lost.
  const carried = carry(home, member, (answer) => (Object.hasOwn(Object(answer), 'directory') ? null : answer));
  expect(await refusal(home, member)).toMatchObject({ code: 'access_denied' });
  expect(carried.offers).toHaveLength(1);
  [home, member] = [await restarted(home), await restarted(member)];
  expect([home.services.hosts.membership.kind, member.services.hosts.membership.kind]).toEqual(['home', 'member']);
  // Nor does the member become one by what it kept, or by an older word of the home host.
  member.services.hosts.takeHome(newsFor(home.services.hosts.atLink(), idOf(member)).moves);
  expect(member.services.hosts.membership.kind).toBe('member');
  expect(codeOf(() => home.services.grants.verify(session(home).grant))).toBeNull();

  const again = carry(home, member);
  await moved(home, member);
  member.services.hosts.takeHome(again.said.at(-1)?.moves ?? []);
  expect([home.services.hosts.membership.kind, member.services.hosts.membership.kind]).toEqual(['member', 'home']);
});

test('killed after the step, the new one is the home host, whoever was killed', async () => {
  let { home, member } = await installation();
  carry(home, member);
  void home.services.hosts.moveHome({ ...home.admin, ...LOCAL }, idOf(member)).catch(() => undefined);
  await expect.poll(() => home.services.membership.home).not.toBeNull();
  [home, member] = [await restarted(home), await restarted(member)];
  expect(home.services.hosts.membership).toMatchObject({ kind: 'member', home: { host: idOf(member) } });
  const said = (): string[] => {
    const [message] = home.services.hosts.atLink();
    return message?.type === 'members' ? message.moves : [];
  };
  expect(said()).toHaveLength(1);

  // In the middle of it: all of it is undone, and done the next time.
  const { leave } = member.services.membership;
  member.services.membership.leave = () => {
    throw new Error('killed');
  };
  expect(() => member.services.hosts.takeHome(said())).toThrow('killed');
  member.services.membership.leave = leave;
  expect([member.services.hosts.membership.kind, member.services.settings.internal.installation]).toEqual(['member', INSTALLATION]);
  member = await restarted(member);
  member.services.hosts.takeHome(said());
  member = await restarted(member);
  expect(member.services.hosts.membership).toEqual({ kind: 'home', members: 1 });

  // The edge says it at every link; the old home host says its last word until the edge brings the new one's.
  member.services.hosts.takeHome(said());
  expect(member.services.hosts.membership.kind).toBe('home');
  home.services.hosts.takeDirectory(newsFor(member.services.hosts.atLink(), idOf(home)));
  expect(said()).toEqual([]);
  expect(await home.services.hosts.moveHome({ ...home.admin, ...LOCAL }, idOf(member))).toMatchObject({ host: idOf(member), heard: true });
});

test('an edge that changes what is carried, keeps it, or makes it up, moves nothing', async () => {
  const { home, member } = await installation();
  const thief = await newMember(home, 'thief');
  // Another member's answers, or a stranger's, under this one's name.
  const stranger = await installation();
  for (const other of [thief, stranger.member]) {
    const swapped = carry(home, other);
    expect(await refusal(home, member)).toMatchObject({ code: 'access_denied' });
    expect(swapped.offers).toEqual([]);
    swapped.stop();
  }
  // The right key, and then another one's word.
  const late = carry(home, member, (answer) => (Object.hasOwn(Object(answer), 'directory') ? { ...Object(answer), members: [] } : answer));
  expect(await refusal(home, member)).toMatchObject({ code: 'access_denied' });
  late.stop();
  expect(home.services.hosts.membership).toEqual({ kind: 'home', members: 2 });
  // An offer again, to the one whom it was for, and to another member.
  const [offer] = late.offers;
  if (offer === undefined) throw new Error('no offer');
  for (const one of [member, thief]) {
    expect(codeOf(() => one.services.hosts.handover(offer))).toBe('access_denied');
    one.services.hosts.handover(null);
    expect(codeOf(() => one.services.hosts.handover(offer))).toBe('access_denied');
  }
  // A step of another installation’s home host, or to another host, makes nobody the home host.
  carry(stranger.home, stranger.member);
  await moved(stranger.home, stranger.member);
  const [foreign] = stranger.home.services.hosts.atLink();
  member.services.hosts.takeHome(foreign?.type === 'members' ? foreign.moves : []);
  expect(member.services.hosts.membership.kind).toBe('member');
});

test('there and back again: a step that is old leads nobody astray', async () => {
  const { home, member } = await installation();
  const attic = await newMember(home, 'attic');
  const there = carry(home, member);
  await moved(home, member);
  const first = there.said.at(-1)?.moves ?? [];
  member.services.hosts.takeHome(first);
  home.services.hosts.takeDirectory(newsFor(member.services.hosts.atLink(), idOf(home)));
  const back = carry(member, home);
  await moved(member, home);
  home.services.hosts.takeHome(back.said.at(-1)?.moves ?? []);
  expect([home.services.hosts.membership.kind, member.services.hosts.membership.kind]).toEqual(['home', 'member']);
  expect(await home.services.users.verify('admin', 'admin-password')).not.toBeNull();

  // Attic was away all the time: it follows both.
  const now = newsFor(home.services.hosts.atLink(), idOf(attic));
  expect(now.moves).toHaveLength(2);
  attic.services.hosts.takeDirectory(now);
  expect(attic.services.membership.home).toMatchObject({ host: idOf(home) });
  expect(attic.services.membership.directory?.seq).toBeGreaterThan(0);
  // The first step alone would lead to the other host, which signs for nobody now: with its key, a thief would.
  expect(attic.services.membership.successor(first)).toBeNull();
});

test('the most that an installation has is handed over', async () => {
  const { home, member } = await installation();
  const { db } = home;
  const hash = (): string => `$argon2id$v=19$m=65536,t=3,p=4$${randomBytes(16).toString('base64')}$${randomBytes(32).toString('base64')}`;
  const user = db.prepare(
    "INSERT INTO users (id, username, password_hash, role, disabled, epoch, created_at, updated_at) VALUES (?, ?, ?, 'client', 0, 9, 1, 1)",
  );
  const join = db.prepare("INSERT INTO hosts_members VALUES (?, ?, ?, 'x.y', ?, ?)");
  const ids = Array.from({ length: MAX_USERS - 1 }, () => randomUUID());
  const roles = JSON.stringify(Object.fromEntries(ids.slice(0, 15).map((id) => [id, 'admin'])));
  db.transaction(() => {
    for (const [at, id] of ids.entries()) user.run(id, `${at}-${randomBytes(40).toString('hex')}`.slice(0, 64), hash());
    for (let at = 1; at < MAX_MEMBERS; at += 1)
      join.run(randomUUID(), `${at}`.padEnd(80, '屋'), randomBytes(32).toString('base64url'), Date.now() + at, roles);
  })();
  member.services.hosts.takeDirectory(newsFor(home.services.hosts.atLink(), idOf(member)));
  const lengths: number[] = [];
  const carried = carry(home, member, (answer) => {
    lengths.push(JSON.stringify({ type: 'handover', id: randomUUID(), answer }).length);
    return answer;
  });
  await moved(home, member);
  lengths.push(...carried.offers.map((offer) => JSON.stringify(offer).length));
  expect(Math.max(...lengths)).toBeLessThan(MAX_LINK_FRAME);
  member.services.hosts.takeHome(carried.said.at(-1)?.moves ?? []);
  expect(member.services.hosts.membership).toEqual({ kind: 'home', members: MAX_MEMBERS });
  expect(member.users.list()).toHaveLength(MAX_USERS);
});

test('what can’t be moved is refused with the next step', async () => {
  const { home, member } = await installation();
  const carried = carry(home, member);
  const kim = await home.users.insert({ username: 'kim', password: 'a password of kim', role: 'client' });
  const move = async (host: string, caller: Caller = { ...home.admin, ...LOCAL }): Promise<unknown> =>
    home.services.hosts.moveHome(caller, host).catch((error: unknown) => error);
  expect(await move(idOf(home))).toMatchObject({ code: 'conflict', message: expect.stringContaining('already') });
  expect(await move(randomUUID())).toMatchObject({ code: 'unknown_host' });
  expect(await move(idOf(member), home.admin)).toMatchObject({ code: 'forbidden' });
  home.services.hosts.change(home.admin, idOf(member), { roles: { [kim.id]: 'admin' } });
  expect(await move(idOf(member))).toMatchObject({ code: 'conflict', message: expect.stringContaining('toru hosts role garage') });
  home.services.hosts.change(home.admin, idOf(member), { roles: {} });
  home.services.settings.set({ host_name: 'Garage' });
  expect(await move(idOf(member))).toMatchObject({ code: 'conflict', message: expect.stringContaining('toru hosts rename') });
  expect(await member.services.hosts.moveHome({ ...home.admin, ...LOCAL }, idOf(home)).catch((error: unknown) => error)).toMatchObject({
    heard: true,
    host: idOf(home),
  });
  expect(carried.offers).toEqual([]);
  carried.stop();
  home.services.settings.set({ host_name: 'vault' });
  for (const [code, words] of [
    ['host_offline', /“garage” is away/],
    ['not_found', /too old.*toru update/],
  ] as const) {
    const refusing = home.services.hosts.onSay((message) => {
      if (message.type === 'handover')
        setImmediate(() =>
          home.services.hosts.memberAnswered({ type: 'handover', id: message.id, answer: { ok: false, code, message: '' } }),
        );
    });
    expect(await move(idOf(member))).toMatchObject({ code, message: expect.stringMatching(words) });
    refusing();
  }
});

async function refusal(home: ApiHarness, member: ApiHarness): Promise<unknown> {
  return home.services.hosts.moveHome({ ...home.admin, ...LOCAL }, idOf(member)).catch((error: unknown) => error);
}
