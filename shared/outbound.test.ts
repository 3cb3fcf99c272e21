import { expect, test } from 'vitest';
import { LINK_HIGH_WATER, MAX_OUTPUT_FRAME } from './limits.ts';
import { Outbound } from './outbound.ts';
import { SendWindow } from './send-window.ts';

test('output waits while the socket or the way is full, takes turns in order, and never delays what is sent at once', async () => {
  const written: string[] = [];
  const done: (() => void)[] = [];
  let [buffered, marks] = [0, 0];
  // A clock of its own: a machine that stands still for a moment would look like a slow line.
  let now = 0;
  const outbound = new Outbound(
    {
      get bufferedAmount() {
        return buffered;
      },
      send: (message, _binary, sent) => {
        written.push(String(message).slice(0, 2));
        buffered += message.length;
        done.push(() => {
          buffered -= message.length;
          sent();
        });
      },
      mark: () => {
        marks += 1;
      },
    },
    { window: new SendWindow({ now: () => now }), soon: (callback) => void setTimeout(callback) },
  );
  const sizes: number[] = [];
  const stream = (name: string): void =>
    outbound.turn((size) => {
      sizes.push(size);
      outbound.send(`${name}${'x'.repeat(size)}`);
      stream(name);
    });
  const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  stream('a:');
  stream('b:');
  await expect.poll(() => written.length).toBeGreaterThanOrEqual(3);
  await tick();
  expect(written.slice(0, 3)).toEqual(['a:', 'b:', 'a:']);
  // Of a peer that has answered nothing yet, it is not known how fast the line is.
  expect(buffered).toBeLessThan(32 * 1024);
  for (const sent of done.splice(0)) sent();
  await tick();
  expect(buffered).toBe(0);
  /** The peer takes and answers all there is. */
  const arrive = (): void => {
    now += 1;
    for (const sent of done.splice(0)) sent();
    for (; marks > 0; marks -= 1) outbound.arrived();
  };
  await expect
    .poll(() => {
      arrive();
      return sizes.at(-1);
    })
    .toBe(MAX_OUTPUT_FRAME);
  await expect.poll(() => buffered).toBeGreaterThanOrEqual(LINK_HIGH_WATER);
  expect(buffered).toBeLessThanOrEqual(LINK_HIGH_WATER + MAX_OUTPUT_FRAME + 100);
  const before = written.length;
  outbound.send('c:cancel');
  expect(written[before]).toBe('c:');
  await tick();
  expect(written.length).toBe(before + 1);
  arrive();
  await expect.poll(() => written.length).toBeGreaterThan(before + 1);
  outbound.close();
});

test('owners have turns one after another, however many streams each of them has', async () => {
  const sink = { bufferedAmount: 0, send: () => undefined, mark: () => outbound.arrived() };
  const outbound: Outbound = new Outbound(sink, { soon: (callback) => void setTimeout(callback) });
  const order: string[] = [];
  for (let n = 0; n < 16; n += 1) outbound.turn(() => order.push('eve'), 'eve');
  outbound.turn(() => order.push('admin'), 'admin');
  await expect.poll(() => order.length).toBe(17);
  expect(order.indexOf('admin')).toBe(1);
  outbound.close();
});

/** An outbound that sends at once, whose marks are answered when the test says so. */
function byHand(): { outbound: Outbound; clock: { now: number }; marks(): number; answer(): void } {
  const clock = { now: 0 };
  let marks = 0;
  const mark = (): void => {
    marks += 1;
  };
  const outbound = new Outbound(
    { bufferedAmount: 0, send: () => undefined, mark },
    { window: new SendWindow({ now: () => clock.now }), soon: (callback) => callback() },
  );
  const answer = (): void => {
    for (; marks > 0; marks -= 1) outbound.arrived();
  };
  return { outbound, clock, marks: () => marks, answer };
}

test('a way that became slow while nothing marked was on it is asked again, and opens', () => {
  const { outbound, clock, marks, answer } = byHand();
  const send = (bytes: number): void => outbound.turn(() => outbound.send('x'.repeat(bytes)));
  // Fast: the window becomes large.
  for (let n = 0; n < 100; n += 1) {
    send(16 * 1024);
    clock.now += 1;
    answer();
  }
  send(64 * 1024);
  expect(marks()).toBe(1);
  // Less than is worth a mark, and more than a slow line may have on its way.
  send(20 * 1024);
  expect(marks()).toBe(1);
  clock.now += 10_000;
  outbound.arrived();
  let turns = 0;
  outbound.turn(() => {
    turns += 1;
  });
  expect([turns, marks()]).toEqual([0, 2]);
  answer();
  expect(turns).toBe(1);
  outbound.close();
});

test('what is sent at once is seldom marked while nobody waits for a turn, and leaves the way open', () => {
  const { outbound, clock, marks, answer } = byHand();
  let asked = 0;
  for (let n = 0; n < 10_000; n += 1) {
    outbound.send('x'.repeat(100));
    clock.now += 1;
    asked += marks();
    answer();
  }
  expect(asked).toBeLessThan(130);
  let turns = 0;
  outbound.turn(() => {
    turns += 1;
  });
  expect(turns).toBe(1);
  outbound.close();
});
