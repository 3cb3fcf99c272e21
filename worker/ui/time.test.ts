import { describe, expect, it } from 'vitest';
import { bytes, clockTime, duration, relativeTime } from './time.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('relativeTime', () => {
  it('says how long ago in the largest whole unit', () => {
    expect(relativeTime(now - 2000, now, 'en')).toBe('just now');
    expect(relativeTime(now - 59_000, now, 'en')).toBe('59 sec. ago');
    expect(relativeTime(now - 119_000, now, 'en')).toBe('1 min. ago');
    expect(relativeTime(now - 3 * 3_600_000, now, 'en')).toBe('3 hr. ago');
    expect(relativeTime(now - 86_400_000, now, 'en')).toBe('yesterday');
    expect(relativeTime(now + 120_000, now, 'en')).toBe('in 2 min.');
  });

  it('gives the date beyond a week, with the year when it is another', () => {
    expect(relativeTime(now - 20 * 86_400_000, now, 'en')).toBe('Nov 1');
    expect(relativeTime(now - 400 * 86_400_000, now, 'en')).toBe('Oct 17, 2025');
  });

  it('speaks the reader’s language', () => {
    expect(relativeTime(now - 86_400_000, now, 'de')).toBe('gestern');
  });
});

describe('duration, clockTime, bytes', () => {
  it('fits its precision to its size', () => {
    expect([420, 9949, 12_400, 185_000, 7_440_000, 277_200_000].map(duration)).toEqual([
      '0.4 s',
      '9.9 s',
      '12 s',
      '3 min 05 s',
      '2 h 04 min',
      '3 d 5 h',
    ]);
    expect([7000, 765_000, 3_765_000, -5].map(clockTime)).toEqual(['0:07', '12:45', '1:02:45', '0:00']);
    expect([0, 812, 999, 1400, 999_600, 1_400_000].map(bytes)).toEqual(['0 B', '812 B', '999 B', '1.4 kB', '1.0 MB', '1.4 MB']);
  });
});
