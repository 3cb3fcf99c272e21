import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { purposed } from '../../shared/grant.ts';
import type { LinkPair } from '../../shared/pairing.ts';
import { PAIR_LIFE_S, pairStatement } from '../../shared/pairing.ts';
import { Pairings } from './pairings.ts';

const origin = 'https://toru.example';

/** A machine that asks, as `toru up` does. */
function asker(host = randomUUID()) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const public_key = publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');
  return (user_code: string): { asked: LinkPair; secret: string } => {
    const secret = randomBytes(32).toString('hex');
    const nonce = createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');
    const said = { host, public_key, name: 'nas', os_user: 'pi', platform: 'linux x64', version: '1.0.0', nonce };
    const signature = sign(null, purposed('pair', pairStatement(said, origin)), privateKey).toString('base64url');
    return { asked: { user_code, address: '192.0.2.1', origin, request: { ...said, signature } }, secret };
  };
}

function home() {
  let now = Date.UTC(2026, 0, 1);
  const { publicKey } = generateKeyPairSync('ed25519');
  const pairings = new Pairings({
    identity: { publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(12) },
    settings: { instance_id: randomUUID(), host_name: 'home' },
    members: { get: () => null },
    invites: {
      check: () => {
        throw new Error('no invite came');
      },
      use: () => undefined,
    },
    now: () => now,
  });
  return { pairings, later: (s: number) => (now += s * 1000) };
}

it('says of each code what became of it', () => {
  const { pairings, later } = home();
  const ask = asker('6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e');
  const outcome = (code: string) => pairings.outcome(code);
  pairings.begin(ask('BBBB-BBBB').asked);
  expect(outcome('BBBB-BBBB')).toEqual({ outcome: 'waiting', name: 'nas', host: null });
  // The same host asks again.
  const { asked, secret } = ask('CCCC-CCCC');
  pairings.begin(asked);
  expect(outcome('BBBB-BBBB')).toEqual({ outcome: 'replaced', name: 'nas', host: null });
  pairings.reveal('CCCC-CCCC', secret, () => undefined);
  const words = pairings.list()[0]?.words ?? [];
  pairings.approve('CCCC-CCCC', { words, name: 'attic' }, () => undefined);
  expect(outcome('CCCC-CCCC')).toEqual({ outcome: 'approved', name: 'attic', host: '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e' });
  pairings.begin(asker()('DDDD-DDDD').asked);
  pairings.deny('DDDD-DDDD');
  expect(outcome('DDDD-DDDD')).toMatchObject({ outcome: 'denied' });
  pairings.begin(asker()('FFFF-FFFF').asked);
  later(PAIR_LIFE_S);
  expect(outcome('FFFF-FFFF')).toMatchObject({ outcome: 'expired' });
  pairings.begin(asker()('GGGG-GGGG').asked);
  expect(outcome('FFFF-FFFF')).toMatchObject({ outcome: 'expired' });
  expect(outcome('HHHH-HHHH')).toEqual({ outcome: 'unknown', name: null, host: null });
});

it('lets nobody in by other words, before there are any, or for a host that does not keep to its number', () => {
  const { pairings } = home();
  const ask = asker();
  const { asked, secret } = ask('BBBB-BBBB');
  pairings.begin(asked);
  const admitted: unknown[] = [];
  const approve = (words: string[]) => pairings.approve('BBBB-BBBB', { words }, (host) => admitted.push(host));
  expect(() => approve(['', '', '', ''])).toThrow('has not shown its words yet');
  pairings.reveal('BBBB-BBBB', secret, (host) => admitted.push(host));
  const [{ words = null } = {}] = pairings.list();
  const [first = '', ...rest] = words ?? [];
  for (const other of [[...rest, first], [first, ...rest].slice(0, 3), [first, ...rest, 'abandon'], []])
    expect(() => approve(other)).toThrow('not the words of this request');
  expect(admitted).toEqual([]);
  approve([first.toUpperCase(), ...rest]);
  expect(admitted).toHaveLength(1);

  // It looked for another number once it knew the home host's.
  pairings.begin(ask('CCCC-CCCC').asked);
  expect(() => pairings.reveal('CCCC-CCCC', 'ab'.repeat(32), (host) => admitted.push(host))).toThrow('did not keep to the number');
  expect([pairings.list(), pairings.outcome('CCCC-CCCC').outcome, admitted.length]).toEqual([[], 'denied', 1]);
});

it('a request that somebody read and sends again takes nothing from the host that waits; its own try again does', () => {
  const { pairings } = home();
  const ask = asker();
  const { asked, secret } = ask('BBBB-BBBB');
  pairings.begin(asked);
  expect(() => pairings.begin({ ...asked, user_code: 'CCCC-CCCC', address: '198.51.100.1' })).toThrow('came before, from another address');
  pairings.reveal('BBBB-BBBB', secret, () => undefined);
  expect(pairings.list()).toMatchObject([{ user_code: 'BBBB-BBBB', address: '192.0.2.1' }]);
  // Its answer was lost on the way.
  pairings.begin({ ...asked, user_code: 'DDDD-DDDD' });
  // With a new number it may come from anywhere: it signed that.
  pairings.begin({ ...ask('FFFF-FFFF').asked, address: '198.51.100.1' });
  expect(pairings.list().map(({ user_code }) => user_code)).toEqual(['FFFF-FFFF']);
});
