import { expect, test } from 'vitest';
import { LoopTurns } from './loop-turns.ts';

/** A loop whose time passes only by work and by being told to. */
function pretend(share = 1) {
  let now = 0;
  let due: (() => void)[] = [];
  const later: { at: number; callback: () => void }[] = [];
  const turns = new LoopTurns({
    now: () => now,
    soon: (callback) => void due.push(callback),
    later: (callback, ms) => void later.push({ at: now + ms, callback }),
    share: () => share,
  });
  return {
    turns,
    work: (ms: number): void => {
      now += ms;
    },
    /** One turn of the loop. @returns how long it took. */
    turn: (): number => {
      const began = now;
      const callbacks = [...due, ...later.filter(({ at }) => at <= now).map(({ callback }) => callback)];
      due = [];
      later.splice(0, later.length, ...later.filter(({ at }) => at > now));
      for (const callback of callbacks) callback();
      return now - began;
    },
    /** Nothing happens until a timer is due. @returns false when there is none. */
    sleep: (): boolean => {
      if (due.length > 0) return true;
      if (later.length === 0) return false;
      now = Math.max(now, Math.min(...later.map(({ at }) => at)));
      return true;
    },
    get now() {
      return now;
    },
  };
}

test('what comes while nothing waits is done at once; a turn has 4 ms, and what is left its order', () => {
  const loop = pretend();
  const done: number[] = [];
  const lane = loop.turns.lane('eve');
  for (let n = 0; n < 30; n += 1)
    lane.do(() => {
      loop.work(1.2);
      done.push(n);
    });
  expect(done).toEqual([0, 1, 2, 3]);
  const took: number[] = [];
  while (lane.waiting > 0) took.push(loop.turn());
  expect(done).toEqual(Array.from({ length: 30 }, (_, n) => n));
  expect(Math.max(...took)).toBeLessThanOrEqual(5);
});

test('a user’s flood on a hundred lanes delays another’s work by one piece of it', () => {
  const loop = pretend();
  let flood = 0;
  for (let n = 0; n < 1000; n += 1)
    loop.turns.lane(n % 2 === 0 ? 'eve' : 'mallory').do(() => {
      loop.work(2);
      flood += 1;
    });
  let cancelled = -1;
  const before = flood;
  loop.turns.lane('ada').do(() => {
    cancelled = flood;
  });
  loop.turn();
  // One of each of the two who came before.
  expect(cancelled - before).toBeLessThanOrEqual(2);
});

test('a user who worked the loop for too long rests, in all lanes; nothing is lost, and nobody else rests', () => {
  const loop = pretend();
  let done = 0;
  for (let n = 0; n < 500; n += 1)
    loop.turns.lane('eve').do(() => {
      loop.work(4);
      done += 1;
    });
  for (let n = 0; n < 200; n += 1) loop.turn();
  // 400 ms at once, and 400 of each second while it was used up.
  expect(done).toBeGreaterThan(100);
  expect(done * 4).toBeLessThan(400 + 300);
  expect(
    loop.turns.lane('eve').try(() => undefined),
    'a turn for her',
  ).toBe(false);
  const others: string[] = [];
  loop.turns.lane('ada').do(() => others.push('ada'));
  loop.turns.lane(null).do(() => others.push('a plugin'));
  expect(others).toEqual(['ada', 'a plugin']);
  while (loop.sleep() && done < 500) loop.turn();
  expect(done).toBe(500);
  expect(loop.now).toBeGreaterThan(((500 * 4 - 400) / 400) * 1000 * 0.9);
});

test('a turn that was used up is over with it', () => {
  const loop = pretend();
  const lane = loop.turns.lane('eve');
  for (let n = 0; n < 2; n += 1) lane.do(() => loop.work(20));
  loop.turn();
  expect(lane.waiting).toBe(0);
  loop.turn();
  expect(
    lane.try(() => undefined),
    'a turn',
  ).toBe(true);
});

test('on a machine that gives the loop a quarter of its time, a user pays for a quarter', () => {
  const loop = pretend(1 / 4);
  let done = 0;
  for (let n = 0; n < 400; n += 1)
    loop.turns.lane('eve').do(() => {
      loop.work(4);
      done += 1;
    });
  for (let n = 0; n < 1000 && done < 400; n += 1) loop.turn();
  expect(done).toBe(400);
});

test('a plugin has no budget, and its lane is its own: two take turns', () => {
  const loop = pretend();
  const order: string[] = [];
  const [a, b] = [loop.turns.lane(null), loop.turns.lane(null)];
  const say = (name: string) => (): void => {
    loop.work(2.5);
    order.push(name);
  };
  for (let n = 0; n < 4; n += 1) a.do(say('a'));
  for (let n = 0; n < 4; n += 1) b.do(say('b'));
  for (let n = 0; n < 300; n += 1) a.do(say('a'));
  while (a.waiting > 0) loop.turn();
  expect(order.slice(0, 10)).toEqual(['a', 'a', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  expect(order).toHaveLength(308);
});

test('nobody’s lanes of one group are one owner: however many they are, all together have their part of a turn, and others the rest', () => {
  const loop = pretend();
  const order: string[] = [];
  const say =
    (name: string, ms = 0.6) =>
    (): void => {
      loop.work(ms);
      order.push(name);
    };
  const searches = Array.from({ length: 16 }, () => loop.turns.lane(null, { kind: 'searches', turnMs: 1 }));
  for (let n = 0; n < 3; n += 1) for (const [i, lane] of searches.entries()) lane.do(say(`${i}`));
  // Two pieces are more than their part.
  expect(order).toEqual(['0', '1']);
  expect(loop.turn()).toBeCloseTo(1.2);
  const eve = loop.turns.lane('eve');
  for (let n = 0; n < 3; n += 1) eve.do(say('eve', 2));
  // In what is left of this turn at once, and then in order with them.
  expect(order.slice(4)).toEqual(['eve', 'eve']);
  expect(loop.turn()).toBeCloseTo(3.2);
  expect(order.slice(6)).toEqual(['4', 'eve', '5']);
  while (searches.some(({ waiting }) => waiting > 0)) expect(loop.turn()).toBeLessThan(4);
  expect(order.filter((name) => name !== 'eve')).toHaveLength(48);
});

test('what is dropped is not done', () => {
  const loop = pretend();
  const lane = loop.turns.lane('eve');
  const done: number[] = [];
  for (let n = 0; n < 5; n += 1)
    lane.do(() => {
      loop.work(11);
      done.push(n);
    });
  lane.clear();
  loop.turn();
  lane.do(() => done.push(9));
  expect(done).toEqual([0, 9]);
});

test('work that throws stops nothing else', () => {
  const loop = pretend();
  const lane = loop.turns.lane('eve');
  const done: number[] = [];
  lane.do(() => loop.work(20));
  lane.do(() => {
    throw new Error('broken');
  });
  lane.do(() => done.push(1));
  expect(() => loop.turn()).toThrow('broken');
  loop.turn();
  expect(done).toEqual([1]);
});
