import { expect, test } from 'vitest';
import { USER_BYTES_BURST, USER_BYTES_PER_S } from '../shared/limits.ts';
import { BytePaces } from './byte-paces.ts';

const SECONDS = 10;
const PIECE = 4096;

/** Reads from each socket whenever it may. @returns bytes in all, over SECONDS. */
function read(sockets: { pay(bytes: number): number }[], clock: { now: number }): number {
  const free = sockets.map(() => 0);
  let bytes = 0;
  for (; clock.now < SECONDS * 1000; clock.now += 1)
    for (const [at, socket] of sockets.entries())
      for (let pieces = 0; pieces < 64 && (free[at] ?? 0) <= clock.now; pieces += 1) {
        bytes += PIECE;
        free[at] = clock.now + socket.pay(PIECE);
        if ((free[at] ?? 0) > clock.now) break;
      }
  return bytes;
}

test('all sockets of a user have one pace together, also those that come later; others have their own', () => {
  const clock = { now: 0 };
  const paces = new BytePaces(() => clock.now);
  const most = USER_BYTES_BURST + SECONDS * USER_BYTES_PER_S;
  const mine = Array.from({ length: 20 }, () => paces.open('eve'));
  const bytes = read(mine, clock);
  expect(bytes).toBeGreaterThan(most * 0.9);
  expect(bytes).toBeLessThan(most * 1.1);
  for (const socket of mine) socket.close();
  expect(paces.open('eve').pay(USER_BYTES_BURST)).toBeGreaterThan(500);
  expect(paces.open('ada').pay(USER_BYTES_BURST)).toBe(0);
});

test('what somebody types, pastes and acknowledges waits for nothing', () => {
  const clock = { now: 0 };
  const socket = new BytePaces(() => clock.now).open('ada');
  for (; clock.now < 60_000; clock.now += 100) expect(socket.pay(400 * 90)).toBe(0);
  for (let paste = 0; paste < 16; paste += 1) expect(socket.pay(64 * 1024)).toBe(0);
});
