import { expect, test } from 'vitest';
import { DelayBound } from './delay-bound.ts';

const KIB = 1024;
const SMALLEST = 8 * KIB;
const LARGEST = 1024 * KIB;

interface Way {
  /** Bytes a ms. */
  rate: number;
  /** What it takes without bytes, in ms. */
  own: number;
  /** How much later both ends are, in ms: a busy machine. */
  late: (at: number) => number;
}

/** Keeps a way as full as its bound lets it, by a clock of its own. @returns the bound at the end of each second. */
function limitsOn({ rate, own, late }: Way, seconds: number): number[] {
  const bound = new DelayBound({ targetMs: 300, initial: SMALLEST, smallest: SMALLEST, largest: LARGEST });
  let sent: { sentAt: number; at: number; underWay: number; bytes: number; limit: number }[] = [];
  let [underWay, busyUntil, since] = [0, 0, 0];
  const limits: number[] = [];
  for (let now = 0; now < seconds * 1000; now += 1) {
    const arrived = sent.filter(({ at }) => at <= now);
    sent = sent.filter(({ at }) => at > now);
    for (const { sentAt, bytes, limit, underWay: before } of arrived) {
      underWay -= bytes;
      if (sentAt >= since) bound.arrived({ took: Math.max(1, now - sentAt), underWay: before, limit }, now);
      if (bound.aged(now) && bound.limit < LARGEST) {
        bound.restart();
        since = now;
      }
    }
    while (underWay < bound.limit) {
      const bytes = Math.max(2 * KIB, bound.limit / 4);
      busyUntil = Math.max(busyUntil, now) + bytes / rate;
      underWay += bytes;
      sent.push({ sentAt: now, at: busyUntil + own + late(now), underWay, bytes, limit: bound.limit });
    }
    if (now % 1000 === 999) limits.push(bound.limit);
  }
  return limits;
}

/** From 400 to 600, in an order that is always the same. */
const busy = (at: number): number => 400 + ((at * 7919) % 200);

test('a busy machine at one end of a fast way does not make its window small', () => {
  const limits = limitsOn({ rate: 50_000, own: 2, late: (at) => (at > 3000 ? busy(at) : 0) }, 15);
  expect(Math.min(...limits.slice(3))).toBeGreaterThan(128 * KIB);
});

test.each([
  ['128 kbit/s', { rate: 16, own: 20, late: () => 0 }],
  ['256 kbit/s, far away', { rate: 32, own: 600, late: () => 0 }],
  ['2 Mbit/s, losing some', { rate: 250, own: 40, late: (at: number) => ((at * 7919) % 20 === 0 ? 300 : 0) }],
])('a slow way carries what it can in its own time and a moment: %s', (_name, way: Way) => {
  const limits = limitsOn(way, 20).slice(5);
  const most = Math.max(SMALLEST, way.rate * (way.own + 300));
  // What looked like a busy machine, and was none, is forgotten after some seconds.
  expect(limits.filter((limit) => limit > most * 1.7).length).toBeLessThanOrEqual(5);
  expect(limits.filter((limit) => limit < most / 2).length).toBeLessThanOrEqual(5);
});

test('a slow way stays one when the machine is busy too', () => {
  const limits = limitsOn({ rate: 32, own: 20, late: (at) => (at > 3000 ? busy(at) : 0) }, 20);
  expect(Math.max(...limits.slice(3))).toBeLessThan(64 * KIB);
});
