import argon2 from 'argon2';
import { expect, test } from 'vitest';
import { refusal } from './fixture.ts';
import type { Argon2 } from './passwords.ts';
import { Passwords } from './passwords.ts';

/** The real thing, and a record of what it was asked. */
function counted(): { engine: Argon2; digests: string[]; most: () => number } {
  const digests: string[] = [];
  let now = 0;
  let most = 0;
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    now += 1;
    most = Math.max(most, now);
    try {
      return await work();
    } finally {
      now -= 1;
    }
  }
  const engine = {
    ...argon2,
    verify: (digest: string, password: Buffer | string) => {
      digests.push(digest);
      return alone(() => argon2.verify(digest, password));
    },
  };
  return { engine, digests, most: () => most };
}

test('Argon2id, 19 MiB, twice, one lane; a salt of its own each time', async () => {
  const passwords = new Passwords();
  const [one, two] = [await passwords.hash('same'), await passwords.hash('same')];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
  expect(one).not.toBe(two);
  expect(await passwords.verify(one, 'same')).toBe(true);
  expect(await passwords.verify(one, 'Same')).toBe(false);
  expect(passwords.needsRehash(one)).toBe(false);
  expect(passwords.needsRehash(await argon2.hash('same', { memoryCost: 8192, timeCost: 2, parallelism: 1 }))).toBe(true);
});

test('the same letter from a phone and from a Mac is the same password', async () => {
  const passwords = new Passwords();
  expect(await passwords.verify(await passwords.hash('caf\u00e9 au lait'), 'cafe\u0301 au lait')).toBe(true);
});

test('without a hash the same work is done, and nothing matches', async () => {
  const { engine, digests } = counted();
  const passwords = new Passwords(engine);
  const hash = await passwords.hash('right');
  expect(await passwords.verify(hash, 'wrong')).toBe(false);
  expect(await passwords.verify(null, 'wrong')).toBe(false);
  const [real, dummy] = digests;
  expect(dummy).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  // Same strength, same lengths: same time.
  expect(dummy?.length).toBe(real?.length);
  expect(dummy).not.toBe(real);
});

test('one at a time, eight wait, the tenth is told to come back', async () => {
  const { engine, most } = counted();
  const passwords = new Passwords(engine);
  const all = await Promise.all(Array.from({ length: 12 }, () => refusal(() => passwords.verify(null, 'x'))));
  expect(all).toEqual([...Array(9).fill(null), ...Array(3).fill('busy')]);
  expect(most()).toBe(1);
  expect(await refusal(() => passwords.verify(null, 'x'))).toBe(null);
});

test('a failed hash does not stop the queue', async () => {
  const passwords = new Passwords({
    ...argon2,
    verify: (digest, password) => (password.length === 3 ? Promise.reject(new Error('torn')) : argon2.verify(digest, password)),
  });
  const [bad, good] = await Promise.allSettled([passwords.verify(null, 'bad'), passwords.verify(null, 'good')]);
  expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
});

test('1,024 bytes at most: more costs no hash', async () => {
  const { engine, digests } = counted();
  const passwords = new Passwords(engine);
  expect(await passwords.verify(null, 'é'.repeat(513))).toBe(false);
  expect(digests).toEqual([]);
  expect(await refusal(() => passwords.hash('x'.repeat(1025)))).toBe('bad_request');
  expect(await passwords.verify(await passwords.hash('é'.repeat(512)), 'é'.repeat(512))).toBe(true);
});
