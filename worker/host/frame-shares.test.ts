import { expect, it } from 'vitest';
import { MAX_CLIENT_FRAME, OBJECT_FRAMES_WINDOW, SMALL_FRAMES_WINDOW, USER_FRAMES_WINDOW } from '../../shared/limits.ts';
import { FrameShares } from './frame-shares.ts';

/** Sends as many as fit, up to so many. @returns how many. */
function fill(shares: FrameShares, sub: string, conn: string, size: number, most = 1_000_000): number {
  let count = 0;
  for (; count < most && shares.fits(sub, size); count += 1) shares.sent(sub, conn, size);
  return count;
}

it('gives a user one share over all connections, and room in it as it is read', () => {
  const shares = new FrameShares();
  const half = USER_FRAMES_WINDOW / MAX_CLIENT_FRAME / 2;
  expect(fill(shares, 'eve', 'a', MAX_CLIENT_FRAME, half)).toBe(half);
  expect(fill(shares, 'eve', 'b', MAX_CLIENT_FRAME)).toBe(half);
  expect(fill(shares, 'eve', 'c', MAX_CLIENT_FRAME)).toBe(0);
  shares.read('a', MAX_CLIENT_FRAME);
  expect(fill(shares, 'eve', 'c', MAX_CLIENT_FRAME)).toBe(1);
  // Said twice, or of a connection that this object never saw: nobody gets more than a share by it.
  for (let n = 0; n < 100; n += 1) for (const conn of ['a', 'b', 'c', 'unheard of']) shares.read(conn, MAX_CLIENT_FRAME);
  expect(shares.unread()).toBe(0);
  expect(fill(shares, 'eve', 'a', MAX_CLIENT_FRAME)).toBe(2 * half);
});

it('takes what was read of a user by any one of the connections, over or not', () => {
  const shares = new FrameShares();
  for (let n = 0; n < 60; n += 1) shares.sent('eve', `conn ${n}`, 1000);
  shares.sent('ada', 'hers', 1000);
  shares.read('conn 7', 50_000);
  expect([shares.unread('eve'), shares.unread('ada')]).toEqual([10_000, 1000]);
  shares.read('conn 0', 10_000);
  expect([shares.unread('eve'), shares.unread()]).toEqual([0, 1000]);
});

it('does not grow with the connections that a user opens and leaves', () => {
  const shares = new FrameShares();
  shares.sent('eve', 'stays', 100);
  for (let n = 0; n < 5000; n += 1) {
    shares.sent('eve', `left ${n}`, 1);
    shares.read(`left ${n}`, 1);
  }
  expect(shares.unread('eve')).toBe(100);
  expect(shares.connections).toBeLessThanOrEqual(1000);
});

it('lets a cancel pass beside large frames that fill the share, and bounds those too', () => {
  const shares = new FrameShares();
  fill(shares, 'eve', 'a', MAX_CLIENT_FRAME);
  expect(fill(shares, 'eve', 'a', 100)).toBe(Math.floor(SMALL_FRAMES_WINDOW / 100));
  expect(shares.unread('eve')).toBeLessThanOrEqual(USER_FRAMES_WINDOW + SMALL_FRAMES_WINDOW);
});

it('bounds all users together, and leaves every user one frame', () => {
  const shares = new FrameShares();
  for (let n = 0; n < 40; n += 1) fill(shares, `user ${n}`, `conn ${n}`, MAX_CLIENT_FRAME);
  expect(shares.unread()).toBeLessThanOrEqual(OBJECT_FRAMES_WINDOW + 40 * MAX_CLIENT_FRAME);
  expect(fill(shares, 'ada', 'z', 100_000)).toBe(2);
});

it('never stands still, whenever and however late the agent says what it read', () => {
  // The agent says so from an eighth of a window on (agent/transports/frame-credit.ts); here as late as it may.
  const step = USER_FRAMES_WINDOW / 8;
  // Three times round the window: what is forgotten at one reading would be missing by then.
  const far = 3 * USER_FRAMES_WINDOW;
  for (const size of [1, 66, 4096, 100_000, MAX_CLIENT_FRAME]) {
    const shares = new FrameShares();
    let [onWay, unsaid, through] = [0, 0, 0];
    for (let turn = 0; turn < 50_000 && through < far; turn += 1) {
      const sent = fill(shares, 'eve', 'a', size, 1000) * size;
      onWay += sent;
      unsaid += onWay;
      through += onWay;
      onWay = 0;
      if (unsaid < step) continue;
      shares.read('a', unsaid);
      unsaid = 0;
    }
    expect([size, through]).toEqual([size, Math.max(through, Math.min(far, 50_000 * size))]);
  }
});
