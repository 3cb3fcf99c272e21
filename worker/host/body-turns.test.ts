import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MAX_JSON_BODY, TUNNEL_FRAME, USER_BODIES_BURST, USER_BODIES_PER_S } from '../../shared/limits.ts';
import { BodyTurns } from './body-turns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A way to the host that takes a frame a tick, and bodies that never end. */
function build() {
  const frames: { user: string; request: string }[] = [];
  const turns = new BodyTurns((_user, callback) => void setTimeout(callback, 1, TUNNEL_FRAME));
  return {
    frames,
    turns,
    upload: (user: string, request: string, bytes = Number.POSITIVE_INFINITY): void => {
      const next = (left: number): void =>
        turns.turn(user, request, (size) => {
          frames.push({ user, request });
          turns.sent(user, size);
          // The next piece is there a moment later, as it is read.
          if (left > size) queueMicrotask(() => next(left - size));
        });
      next(bytes);
    },
  };
}

it('sends the bodies of a user at one pace, however many there are, and nobody else pays for it', async () => {
  const { frames, upload } = build();
  for (let n = 0; n < 16; n += 1) upload('eve', `eve ${n}`);
  await vi.advanceTimersByTimeAsync(5000);
  const most = USER_BODIES_BURST + 5 * USER_BODIES_PER_S;
  const bytes = frames.length * TUNNEL_FRAME;
  expect(bytes).toBeLessThanOrEqual(most + TUNNEL_FRAME);
  expect(bytes).toBeGreaterThan(most * 0.9);
  upload('ada', 'ada', MAX_JSON_BODY);
  await vi.advanceTimersByTimeAsync(100);
  expect(frames.filter(({ user }) => user === 'ada').length).toBe(MAX_JSON_BODY / TUNNEL_FRAME);
});

it('sends one body after another, so that the host holds no parts of sixteen', async () => {
  const { frames, upload } = build();
  const each = MAX_JSON_BODY / TUNNEL_FRAME;
  for (let n = 0; n < 16; n += 1) upload('eve', `eve ${n}`, MAX_JSON_BODY);
  await vi.advanceTimersByTimeAsync(5000);
  expect(frames.map(({ request }) => request)).toEqual(Array.from({ length: 16 * each }, (_, at) => `eve ${Math.floor(at / each)}`));
});

it('lets a body that is larger go on when all others had as much, and keeps nobody waiting for one that has nothing to send', async () => {
  const { frames, turns, upload } = build();
  upload('eve', 'long');
  upload('eve', 'other');
  let late = (): void => undefined;
  turns.turn('eve', 'slow', (size) => {
    frames.push({ user: 'eve', request: 'slow' });
    turns.sent('eve', size);
    late = () => upload('eve', 'slow', TUNNEL_FRAME);
  });
  await vi.advanceTimersByTimeAsync(3000);
  const count = (request: string): number => frames.filter((frame) => frame.request === request).length;
  expect(count('slow')).toBe(1);
  expect(Math.abs(count('long') - count('other'))).toBeLessThanOrEqual(MAX_JSON_BODY / TUNNEL_FRAME);
  late();
  await vi.advanceTimersByTimeAsync(1000);
  expect(count('slow')).toBe(2);
});
