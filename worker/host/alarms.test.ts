import { describe, expect, it } from 'vitest';
import { Alarms } from './alarms.ts';

/** What an object's storage does with one key, and the alarms that were set. */
function storage() {
  const values = new Map<string, string>();
  const set: number[] = [];
  return {
    set,
    kv: {
      get: (key: string) => JSON.parse(values.get(key) ?? 'null') ?? undefined,
      put: (key: string, value: unknown) => void values.set(key, JSON.stringify(value)),
    },
    setAlarm: async (at: number) => void set.push(at),
  };
}

function noted(ran: string[], name: string): () => null {
  return () => {
    ran.push(name);
    return null;
  };
}

describe('Alarms', () => {
  it('keeps one alarm at the earliest of its names', () => {
    const store = storage();
    const alarms = new Alarms(store, { a: () => null, b: () => null });
    alarms.schedule('a', 500);
    alarms.schedule('b', 300);
    expect(store.set.at(-1)).toBe(300);
  });

  it('does not write when the name is due earlier anyway', () => {
    const store = storage();
    const alarms = new Alarms(store, { a: () => null });
    alarms.schedule('a', 300);
    alarms.schedule('a', 400);
    expect(store.set).toEqual([300]);
  });

  it('runs what is due and nothing else, and arms the alarm for the rest', async () => {
    const store = storage();
    const ran: string[] = [];
    const alarms = new Alarms(store, { a: noted(ran, 'a'), b: noted(ran, 'b') });
    alarms.schedule('a', 100);
    alarms.schedule('b', 900);
    await alarms.run(100);
    expect(ran).toEqual(['a']);
    expect(store.set.at(-1)).toBe(900);
  });

  it('comes again when a task says so', async () => {
    const store = storage();
    const alarms = new Alarms(store, { a: (now) => now + 50 });
    alarms.schedule('a', 100);
    await alarms.run(100);
    expect(store.set.at(-1)).toBe(150);
  });

  it('takes the earlier one when a task schedules itself too', async () => {
    const store = storage();
    const alarms: Alarms<'a'> = new Alarms(store, {
      a: (now) => {
        alarms.schedule('a', now + 10);
        return now + 50;
      },
    });
    alarms.schedule('a', 100);
    await alarms.run(100);
    expect(store.set.at(-1)).toBe(110);
  });

  it('tries a task that failed again, and still runs the others', async () => {
    const store = storage();
    let ran = false;
    const alarms = new Alarms(store, {
      a: () => {
        throw new Error('storage is away');
      },
      b: () => {
        ran = true;
        return null;
      },
    });
    alarms.schedule('a', 100);
    alarms.schedule('b', 100);
    await alarms.run(100);
    expect(ran).toBe(true);
    expect(store.set.at(-1)).toBe(10_100);
  });

  it('survives the object: what was due is read from storage', async () => {
    const store = storage();
    new Alarms(store, { a: () => null }).schedule('a', 100);
    const ran: string[] = [];
    await new Alarms(store, { a: noted(ran, 'a') }).run(200);
    expect(ran).toEqual(['a']);
  });

  it('forgets names of another version', async () => {
    const store = storage();
    new Alarms(store, { old: () => null }).schedule('old', 100);
    const alarms = new Alarms(store, { a: () => null });
    await alarms.run(100);
    alarms.schedule('a', 700);
    expect(store.set.at(-1)).toBe(700);
  });
});
