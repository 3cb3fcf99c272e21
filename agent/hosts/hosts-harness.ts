import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { toBase64Url } from '../../shared/encoding.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import type { PairRequest } from '../../shared/pairing.ts';
import { pairStatement } from '../../shared/pairing.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { SignedNews } from './membership.ts';
import { commitmentOf, words } from './words.ts';

/** For tests: a home host and its members, and between them an edge that is the test: it carries what it likes, and makes up the rest. */

export const INSTALLATION = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
export const ORIGIN = 'https://edge.test';

/** @param home of one that was closed: it is started again. */
export async function host(home?: string): Promise<ApiHarness> {
  const made = await makeApi({ linked: () => true, ...(home === undefined ? {} : { home }) });
  let closed = false;
  const close = made.close;
  onTestFinished(async () => {
    if (!closed) await close();
  });
  made.services.grants.setInstallation(INSTALLATION);
  return {
    ...made,
    close: async (keep) => {
      closed = true;
      await close(keep);
    },
  };
}

/** It is killed, and started again. */
export async function restarted(machine: ApiHarness): Promise<ApiHarness> {
  await machine.close(true);
  const again = await host(machine.home);
  again.services.membership.requireWhole();
  again.services.hosts.follow();
  return again;
}

/** What a host says of itself when it asks. @param change what differs from an honest one. */
export function asking({ services }: ApiHarness, name: string, secret: string, change: Partial<PairRequest> = {}): PairRequest {
  const said = {
    host: services.settings.instance_id,
    public_key: toBase64Url(services.identity.publicKey),
    name,
    os_user: 'tester',
    platform: 'linux x64',
    version: '0.0.0',
    nonce: commitmentOf(secret),
    ...change,
  };
  return { signature: toBase64Url(services.identity.sign(purposed('pair', pairStatement(said, ORIGIN)))), ...said };
}

/** A home host, a member of it, and what the edge has of the home host's word. */
export async function installation(): Promise<{ home: ApiHarness; member: ApiHarness; id: string; news: () => SignedNews }> {
  const home = await host();
  const member = await newMember(home, 'garage');
  const id = member.services.settings.instance_id;
  return { home, member, id, news: () => newsFor(home.services.hosts.atLink(), id) };
}

/** One more member of that home host, paired by its words. */
export async function newMember(home: ApiHarness, name: string): Promise<ApiHarness> {
  const member = await host();
  const { hosts } = home.services;
  const secret = randomBytes(32).toString('hex');
  const facts = hosts.pair({ user_code: 'BCDF-GHJK', address: '203.0.113.9', origin: ORIGIN, request: asking(member, name, secret) });
  hosts.pairSecret('BCDF-GHJK', secret);
  const seen = words(facts.public_key, toBase64Url(member.services.identity.publicKey), secret, facts.nonce);
  hosts.approve(home.admin, 'BCDF-GHJK', { words: seen });
  const { directory, certificate } = newsFor(hosts.atLink(), member.services.settings.instance_id);
  member.services.membership.join({ home: { host: facts.host, name: facts.name, public_key: facts.public_key }, directory, certificate });
  member.services.hosts.follow();
  return member;
}

export function newsFor(messages: readonly AgentControl[], id: string): SignedNews {
  const [message] = messages;
  if (message?.type !== 'members') throw new Error('the home host says nothing of its members');
  const certificate = message.members.find((one) => one.id === id)?.certificate ?? '';
  return { directory: message.directory, certificate, moves: message.moves };
}

/** A session at the home host. */
export function session(home: ApiHarness, username = 'admin'): { sid: string; grant: string } {
  const user = home.users.byName(username);
  if (user === null) throw new Error(`no user ${username}`);
  const sid = randomBytes(32).toString('hex');
  return { sid, grant: home.services.grants.mint({ user, sid, auth_time: Date.now() }) };
}

export function codeOf(act: () => unknown): ErrorCode | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ToruError) return error.code;
    throw error;
  }
}
