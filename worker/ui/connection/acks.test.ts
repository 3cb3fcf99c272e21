import { describe, expect, it } from 'vitest';
import { Acks } from './acks.ts';

describe('Acks', () => {
  it('acknowledges once for every quarter of the window, cumulatively', () => {
    const acks = new Acks(1000, 400);
    expect(acks.taken(1050)).toBeNull();
    expect(acks.taken(1099)).toBeNull();
    expect(acks.taken(1100)).toBe(1100);
    expect(acks.taken(1150)).toBeNull();
    expect(acks.taken(1600)).toBe(1600);
  });

  it('never leaves a whole window unacknowledged', () => {
    const acks = new Acks(0, 1000);
    let acked = 0;
    for (let cursor = 7; cursor < 10_000; cursor += 7) {
      acked = acks.taken(cursor) ?? acked;
      expect(cursor - acked).toBeLessThan(1000);
    }
  });

  it('begins again after an attach, and follows a window that shrinks', () => {
    const acks = new Acks(0, 1000);
    acks.reset(5000, 1000);
    expect(acks.taken(5100)).toBeNull();
    acks.window = 100;
    expect(acks.taken(5101)).toBe(5101);
  });
});
