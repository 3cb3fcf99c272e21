import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import type { TurnstileSizes, Visit } from './turnstile.ts';
import { Turnstile } from './turnstile.ts';

const LARGE: Visit = { small: false, admin: false };
const SMALL: Visit = { small: true, admin: false };
const ADMIN: Visit = { small: true, admin: true };

const turnstileOf = (sizes: Partial<TurnstileSizes>) =>
  new Turnstile({ places: 1, perGuest: 1, share: 100, small: 0, reserved: 0, bench: 10, patienceMs: null, ...sizes });

/** Notes who was let in, in which order. */
function visitors(turnstile: Turnstile) {
  const entered: string[] = [];
  const refused: string[] = [];
  return {
    entered,
    refused,
    come: async (guest: string, name = guest, visit = LARGE): Promise<void> => {
      try {
        await turnstile.enter(guest, null, visit);
        entered.push(name);
      } catch {
        refused.push(name);
      }
    },
  };
}

describe('Turnstile', () => {
  it('lets so many in, the others in order as places come free', async () => {
    const turnstile = turnstileOf({ bench: 2 });
    const { entered, come } = visitors(turnstile);
    await come('me', 'first');
    void come('me', 'second');
    void come('me', 'third');
    await expect(turnstile.enter('me', null, LARGE)).rejects.toMatchObject({ code: 'busy' });
    await sleep(1);
    expect(entered).toEqual(['first']);
    turnstile.leave('me', LARGE);
    await sleep(1);
    expect(entered).toEqual(['first', 'second']);
    turnstile.leave('me', LARGE);
    await sleep(1);
    expect(entered).toEqual(['first', 'second', 'third']);
  });

  it('keeps room for the others: one guest has its share and no more', async () => {
    const turnstile = turnstileOf({ places: 4, perGuest: 2 });
    const { entered, come } = visitors(turnstile);
    for (const name of ['a1', 'a2', 'a3', 'a4']) void come('a', name);
    void come('b');
    await sleep(1);
    expect(entered).toEqual(['a1', 'a2', 'b']);
    turnstile.leave('a', LARGE);
    await sleep(1);
    expect(entered).toEqual(['a1', 'a2', 'b', 'a3']);
  });

  it('lets in whoever has least, in turns, however often one of them asks', async () => {
    const turnstile = turnstileOf({ places: 2, perGuest: 2 });
    const { entered, come } = visitors(turnstile);
    for (let n = 0; n < 5; n += 1) void come('a');
    for (const guest of ['b', 'c', 'b']) void come(guest);
    for (const guest of ['a', 'a', 'b', 'c', 'a', 'b', 'a']) {
      await sleep(1);
      turnstile.leave(guest, LARGE);
    }
    await sleep(1);
    expect(entered.join('')).toBe('aabacbaa');
  });

  it('gives a seat of whoever waits most to whoever waits less', async () => {
    const turnstile = turnstileOf({ bench: 3 });
    const { refused, come } = visitors(turnstile);
    for (const name of ['in', 'a1', 'a2', 'a3']) void come('a', name);
    void come('b', 'b1');
    await sleep(1);
    expect(refused).toEqual(['a3']);
    void come('a', 'a4');
    void come('b', 'b2');
    await sleep(1);
    expect(refused).toEqual(['a3', 'a4', 'b2']);
  });

  it('lets a client go that left while it waited, and keeps no place for it', async () => {
    const turnstile = turnstileOf({});
    await turnstile.enter('a', null, LARGE);
    const client = new AbortController();
    const waiting = turnstile.enter('b', client.signal, LARGE);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'bad_request' });
    await expect(turnstile.enter('b', client.signal, LARGE)).rejects.toMatchObject({ code: 'bad_request' });
    turnstile.leave('a', LARGE);
    await turnstile.enter('c', null, LARGE);
  });

  it('tells whoever waited for too long to come back', async () => {
    const turnstile = turnstileOf({ patienceMs: 5 });
    await turnstile.enter('a', null, LARGE);
    await expect(turnstile.enter('b', null, LARGE)).rejects.toMatchObject({ code: 'busy' });
    turnstile.leave('a', LARGE);
    await turnstile.enter('b', null, LARGE);
  });

  it('sends everybody home when the link is gone', async () => {
    const turnstile = turnstileOf({});
    await turnstile.enter('a', null, LARGE);
    const waiting = [turnstile.enter('a', null, LARGE), turnstile.enter('b', null, LARGE), turnstile.enter('b', null, LARGE)];
    turnstile.refuseAll(new ToruError('host_offline', 'gone'));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'host_offline' });
  });

  it('lets nobody have more than its share of what is free: four have all they may, and many more find a place', async () => {
    const turnstile = turnstileOf({ places: 144, perGuest: 16, share: 1 / 4, reserved: 8, bench: 10_000 });
    const { entered, come } = visitors(turnstile);
    for (let guest = 0; guest < 16; guest += 1) {
      for (let n = 0; n < 40; n += 1) void come(`guest ${guest}`);
      await sleep(1);
      const places = entered.filter((name) => name === `guest ${guest}`).length;
      expect(places).toBeGreaterThanOrEqual(guest < 4 ? 16 : 1);
      expect(places).toBeLessThanOrEqual(16);
    }
  });

  it('keeps a guest’s small visits from waiting behind its large ones', async () => {
    const turnstile = turnstileOf({ places: 144, perGuest: 16, small: 4 });
    const { entered, come } = visitors(turnstile);
    for (let n = 0; n < 20; n += 1) void come('a', 'large');
    void come('a', 'small', SMALL);
    await sleep(1);
    expect(entered.filter((name) => name === 'large')).toHaveLength(16);
    expect(entered.at(-1)).toBe('small');
  });

  it('keeps the last places for admins', async () => {
    const turnstile = turnstileOf({ places: 24, perGuest: 16, small: 4, reserved: 8, bench: 1000 });
    const { entered, come } = visitors(turnstile);
    for (let guest = 0; guest < 100; guest += 1) void come(`guest ${guest}`, 'client', SMALL);
    await sleep(1);
    expect(entered).toHaveLength(16);
    void come('admin', 'admin', ADMIN);
    await sleep(1);
    expect(entered.at(-1)).toBe('admin');
  });

  it('ends in no deadlock: in every order of some visits, everybody who came gets in and leaves', async () => {
    const visits: [string, Visit][] = [
      ['a', LARGE],
      ['a', SMALL],
      ['a', LARGE],
      ['b', LARGE],
      ['b', ADMIN],
      ['c', SMALL],
    ];
    for (const order of permutations(visits)) {
      const turnstile = turnstileOf({ places: 4, perGuest: 2, small: 1, reserved: 1 });
      let inside = 0;
      let done = 0;
      await Promise.all(
        order.map(async ([guest, visit]) => {
          await turnstile.enter(guest, null, visit);
          inside += 1;
          expect(inside).toBeLessThanOrEqual(4);
          await Promise.resolve();
          inside -= 1;
          done += 1;
          turnstile.leave(guest, visit);
        }),
      );
      expect(done).toBe(visits.length);
    }
  });
});

function permutations<T>(of: readonly T[]): T[][] {
  return of.length < 2 ? [[...of]] : of.flatMap((one, at) => permutations(of.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}
