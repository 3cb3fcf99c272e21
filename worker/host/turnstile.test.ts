import { describe, expect, it } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import { Turnstile } from './turnstile.ts';

describe('Turnstile', () => {
  it('lets so many in, the others in order as places come free', async () => {
    const turnstile = new Turnstile(1, 2);
    const entered: string[] = [];
    const leave = await turnstile.enter(null);
    const waiting = ['a', 'b'].map(async (name) => {
      const out = await turnstile.enter(null);
      entered.push(name);
      out();
    });
    await expect(turnstile.enter(null)).rejects.toMatchObject({ code: 'busy' });
    expect(entered).toEqual([]);
    leave();
    leave();
    await Promise.all(waiting);
    expect(entered).toEqual(['a', 'b']);
  });

  it('lets a client go that left while it waited, and keeps no place for it', async () => {
    const turnstile = new Turnstile(1, 1);
    const leave = await turnstile.enter(null);
    const client = new AbortController();
    const waiting = turnstile.enter(client.signal);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'bad_request' });
    leave();
    (await turnstile.enter(null))();
  });

  it('sends everybody home when the link is gone', async () => {
    const turnstile = new Turnstile(1, 5);
    await turnstile.enter(null);
    const waiting = [turnstile.enter(null), turnstile.enter(null)];
    turnstile.refuseAll(new ToruError('host_offline', 'gone'));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'host_offline' });
  });
});
