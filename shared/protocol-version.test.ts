import { describe, expect, it } from 'vitest';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from './limits.ts';
import type { ProtocolRange } from './protocol-version.ts';
import { agreeOn } from './protocol-version.ts';

const ranges = Array.from({ length: 6 }, (_, oldest) =>
  Array.from({ length: 6 - oldest }, (_, more): ProtocolRange => ({ oldest, newest: oldest + more })),
).flat();
const pairs = ranges.flatMap((one) => ranges.map((other) => [one, other] as const));

describe('agreeOn', () => {
  it('agrees on one number at both ends whenever there is one in common, and then on the newest', () => {
    for (const [one, other] of pairs) {
      const common = Array.from({ length: 12 }, (_, n) => n).filter(
        (n) => n >= Math.max(one.oldest, other.oldest) && n <= Math.min(one.newest, other.newest),
      );
      if (common.length > 0) {
        expect([agreeOn(other.newest, one), agreeOn(one.newest, other)]).toEqual([common.at(-1), common.at(-1)]);
      } else {
        // Only the newer of the two refuses, and it knows whom to update.
        expect(agreeOn(other.newest, one) === null).toBe(one.oldest > other.newest);
        expect(agreeOn(one.newest, other) === null).toBe(other.oldest > one.newest);
      }
    }
  });

  it('takes this build’s own range', () => {
    expect(agreeOn(PROTOCOL_VERSION + 5)).toBe(PROTOCOL_VERSION);
    expect(agreeOn(OLDEST_PROTOCOL)).toBe(OLDEST_PROTOCOL);
    expect(agreeOn(OLDEST_PROTOCOL - 1)).toBeNull();
  });
});
