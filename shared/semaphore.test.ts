import { describe, expect, it } from 'vitest';
import { ToruError } from './errors.ts';
import type { SemaphoreLimits, SlotRequest } from './semaphore.ts';
import { Semaphore } from './semaphore.ts';

const LARGE: SlotRequest = { small: false, admin: false };
const SMALL: SlotRequest = { small: true, admin: false };
const ADMIN: SlotRequest = { small: true, admin: true };

const semaphoreOf = (limits: Partial<SemaphoreLimits>) =>
  new Semaphore({ slots: 1, perKey: 1, share: 100, small: 0, reserved: 0, queueLimit: 10, waitMs: null, ...limits });

/** Notes who was let in, in which order. */
function callers(semaphore: Semaphore) {
  const entered: string[] = [];
  const refused: string[] = [];
  return {
    entered,
    refused,
    come: async (key: string, name = key, request = LARGE): Promise<void> => {
      try {
        await semaphore.acquire(key, null, request);
        entered.push(name);
      } catch {
        refused.push(name);
      }
    },
  };
}

describe('Semaphore', () => {
  it('lets so many in, the others in order as slots come free', async () => {
    const semaphore = semaphoreOf({ queueLimit: 2 });
    const { entered, come } = callers(semaphore);
    await come('me', 'first');
    void come('me', 'second');
    void come('me', 'third');
    await expect(semaphore.acquire('me', null, LARGE)).rejects.toMatchObject({ code: 'busy' });
    await sleep(1);
    expect(entered).toEqual(['first']);
    semaphore.release('me', LARGE);
    await sleep(1);
    expect(entered).toEqual(['first', 'second']);
    semaphore.release('me', LARGE);
    await sleep(1);
    expect(entered).toEqual(['first', 'second', 'third']);
  });

  it('keeps room for the others: one key has its share and no more', async () => {
    const semaphore = semaphoreOf({ slots: 4, perKey: 2 });
    const { entered, come } = callers(semaphore);
    for (const name of ['a1', 'a2', 'a3', 'a4']) void come('a', name);
    void come('b');
    await sleep(1);
    expect(entered).toEqual(['a1', 'a2', 'b']);
    semaphore.release('a', LARGE);
    await sleep(1);
    expect(entered).toEqual(['a1', 'a2', 'b', 'a3']);
  });

  it('lets in whoever has least, in turns, however often one of them asks', async () => {
    const semaphore = semaphoreOf({ slots: 2, perKey: 2 });
    const { entered, come } = callers(semaphore);
    for (let n = 0; n < 5; n += 1) void come('a');
    for (const key of ['b', 'c', 'b']) void come(key);
    for (const key of ['a', 'a', 'b', 'c', 'a', 'b', 'a']) {
      await sleep(1);
      semaphore.release(key, LARGE);
    }
    await sleep(1);
    expect(entered.join('')).toBe('aabacbaa');
  });

  it('takes a waiting request of the key that waits most, for a key that waits less', async () => {
    const semaphore = semaphoreOf({ queueLimit: 3 });
    const { refused, come } = callers(semaphore);
    for (const name of ['in', 'a1', 'a2', 'a3']) void come('a', name);
    void come('b', 'b1');
    await sleep(1);
    expect(refused).toEqual(['a3']);
    void come('a', 'a4');
    void come('b', 'b2');
    await sleep(1);
    expect(refused).toEqual(['a3', 'a4', 'b2']);
  });

  it('lets a client go that left while it waited, and keeps no slot for it', async () => {
    const semaphore = semaphoreOf({});
    await semaphore.acquire('a', null, LARGE);
    const client = new AbortController();
    const waiting = semaphore.acquire('b', client.signal, LARGE);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'bad_request' });
    await expect(semaphore.acquire('b', client.signal, LARGE)).rejects.toMatchObject({ code: 'bad_request' });
    semaphore.release('a', LARGE);
    await semaphore.acquire('c', null, LARGE);
  });

  it('tells whoever waited for too long to come back', async () => {
    const semaphore = semaphoreOf({ waitMs: 5 });
    await semaphore.acquire('a', null, LARGE);
    await expect(semaphore.acquire('b', null, LARGE)).rejects.toMatchObject({ code: 'busy' });
    semaphore.release('a', LARGE);
    await semaphore.acquire('b', null, LARGE);
  });

  it('sends everybody home when the link is gone', async () => {
    const semaphore = semaphoreOf({});
    await semaphore.acquire('a', null, LARGE);
    const waiting = [semaphore.acquire('a', null, LARGE), semaphore.acquire('b', null, LARGE), semaphore.acquire('b', null, LARGE)];
    semaphore.refuseAll(new ToruError('host_offline', 'gone'));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'host_offline' });
  });

  it('lets nobody have more than its share of what is free: four have all they may, and many more find a slot', async () => {
    const semaphore = semaphoreOf({ slots: 144, perKey: 16, share: 1 / 4, reserved: 8, queueLimit: 10_000 });
    const { entered, come } = callers(semaphore);
    for (let key = 0; key < 16; key += 1) {
      for (let n = 0; n < 40; n += 1) void come(`key ${key}`);
      await sleep(1);
      const slots = entered.filter((name) => name === `key ${key}`).length;
      expect(slots).toBeGreaterThanOrEqual(key < 4 ? 16 : 1);
      expect(slots).toBeLessThanOrEqual(16);
    }
  });

  it('keeps a key’s small visits from waiting behind its large ones', async () => {
    const semaphore = semaphoreOf({ slots: 144, perKey: 16, small: 4 });
    const { entered, come } = callers(semaphore);
    for (let n = 0; n < 20; n += 1) void come('a', 'large');
    void come('a', 'small', SMALL);
    await sleep(1);
    expect(entered.filter((name) => name === 'large')).toHaveLength(16);
    expect(entered.at(-1)).toBe('small');
  });

  it('keeps the last slots for admins', async () => {
    const semaphore = semaphoreOf({ slots: 24, perKey: 16, small: 4, reserved: 8, queueLimit: 1000 });
    const { entered, come } = callers(semaphore);
    for (let key = 0; key < 100; key += 1) void come(`key ${key}`, 'client', SMALL);
    await sleep(1);
    expect(entered).toHaveLength(16);
    void come('admin', 'admin', ADMIN);
    await sleep(1);
    expect(entered.at(-1)).toBe('admin');
  });

  it('refuses at once where nothing may wait, and says whose slots are held', async () => {
    const refusal = (full: 'key' | 'all') => new ToruError('busy', full);
    const semaphore = new Semaphore({ slots: 3, perKey: 2, refusal });
    semaphore.take('a');
    semaphore.take('a');
    expect(() => semaphore.take('a')).toThrow('key');
    await expect(semaphore.acquire('a', null)).rejects.toThrow('key');
    semaphore.take('b');
    expect(() => semaphore.take('b')).toThrow('all');
    expect(() => semaphore.take('c')).toThrow('all');
    semaphore.release('a');
    semaphore.take('c');
    expect(() => semaphore.take('a')).toThrow('all');
  });

  it('gives the slot back when the work is done, and when it fails', async () => {
    const semaphore = new Semaphore({ slots: 1, perKey: 1 });
    for (const end of [() => Promise.resolve(1), () => Promise.reject(new Error('no')), () => Promise.resolve(2)]) {
      let begun = false;
      const work = semaphore.run('a', null, () => {
        begun = true;
        return end();
      });
      expect(begun).toBe(true);
      await expect(semaphore.run('a', null, end)).rejects.toMatchObject({ code: 'busy' });
      await work.catch(() => undefined);
    }
    semaphore.take('a');
  });

  it('ends in no deadlock: in every order of some visits, everybody who came gets in and leaves', async () => {
    const visits: [string, SlotRequest][] = [
      ['a', LARGE],
      ['a', SMALL],
      ['a', LARGE],
      ['b', LARGE],
      ['b', ADMIN],
      ['c', SMALL],
    ];
    for (const order of permutations(visits)) {
      const semaphore = semaphoreOf({ slots: 4, perKey: 2, small: 1, reserved: 1 });
      let held = 0;
      let done = 0;
      await Promise.all(
        order.map(async ([key, request]) => {
          await semaphore.acquire(key, null, request);
          held += 1;
          expect(held).toBeLessThanOrEqual(4);
          await Promise.resolve();
          held -= 1;
          done += 1;
          semaphore.release(key, request);
        }),
      );
      expect(done).toBe(visits.length);
    }
  });
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function permutations<T>(of: readonly T[]): T[][] {
  return of.length < 2 ? [[...of]] : of.flatMap((one, at) => permutations(of.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}
