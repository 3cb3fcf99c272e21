import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import type { TurnstileSizes } from './turnstile.ts';
import { Turnstile } from './turnstile.ts';

const turnstileOf = (sizes: Partial<TurnstileSizes>) => new Turnstile({ places: 1, perGuest: 1, bench: 10, patienceMs: null, ...sizes });

/** Notes who was let in, in which order. */
function visitors(turnstile: Turnstile) {
  const entered: string[] = [];
  const refused: string[] = [];
  return {
    entered,
    refused,
    come: async (guest: string, name = guest, places = 1): Promise<void> => {
      try {
        await turnstile.enter(guest, null, places);
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
    await expect(turnstile.enter('me', null)).rejects.toMatchObject({ code: 'busy' });
    await sleep(1);
    expect(entered).toEqual(['first']);
    turnstile.leave('me');
    await sleep(1);
    expect(entered).toEqual(['first', 'second']);
    turnstile.leave('me');
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
    turnstile.leave('a');
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
      turnstile.leave(guest);
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

  it('counts places by size, and lets nobody pass a large one that waits for room', async () => {
    const turnstile = turnstileOf({ places: 10, perGuest: 8 });
    const { entered, come } = visitors(turnstile);
    void come('a', 'a8', 8);
    void come('b', 'b5', 5);
    void come('b', 'b1', 1);
    await sleep(1);
    turnstile.leave('a', 1);
    await sleep(1);
    expect(entered).toEqual(['a8']);
    turnstile.leave('a', 2);
    await sleep(1);
    expect(entered).toEqual(['a8', 'b5']);
    turnstile.leave('a', 5);
    await sleep(1);
    expect(entered).toEqual(['a8', 'b5', 'b1']);
  });

  it('lets a client go that left while it waited, and keeps no place for it', async () => {
    const turnstile = turnstileOf({});
    await turnstile.enter('a', null);
    const client = new AbortController();
    const waiting = turnstile.enter('b', client.signal);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'bad_request' });
    await expect(turnstile.enter('b', client.signal)).rejects.toMatchObject({ code: 'bad_request' });
    turnstile.leave('a');
    await turnstile.enter('c', null);
  });

  it('tells whoever waited for too long to come back', async () => {
    const turnstile = turnstileOf({ patienceMs: 5 });
    await turnstile.enter('a', null);
    await expect(turnstile.enter('b', null)).rejects.toMatchObject({ code: 'busy' });
    turnstile.leave('a');
    await turnstile.enter('b', null);
  });

  it('sends everybody home when the link is gone', async () => {
    const turnstile = turnstileOf({});
    await turnstile.enter('a', null);
    const waiting = [turnstile.enter('a', null), turnstile.enter('b', null), turnstile.enter('b', null)];
    turnstile.refuseAll(new ToruError('host_offline', 'gone'));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'host_offline' });
  });
});
