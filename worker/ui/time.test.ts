import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bytes, duration } from './amounts.ts';
import { clockTime, relativeTime } from './time.ts';
import { plural, shown } from './translate.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('relativeTime', () => {
  it('says how long ago in the largest whole unit', () => {
    expect(relativeTime(now - 2000, now, 'short', 'en')).toBe('just now');
    expect(relativeTime(now - 59_000, now, 'short', 'en')).toBe('59 sec. ago');
    expect(relativeTime(now - 119_000, now, 'short', 'en')).toBe('1 min. ago');
    expect(relativeTime(now - 3 * 3_600_000, now, 'short', 'en')).toBe('3 hr. ago');
    expect(relativeTime(now - 86_400_000, now, 'short', 'en')).toBe('yesterday');
    expect(relativeTime(now + 120_000, now, 'short', 'en')).toBe('in 2 min.');
  });

  it('gives the date beyond a week, with the year when it is another', () => {
    expect(relativeTime(now - 20 * 86_400_000, now, 'short', 'en')).toBe('Nov 1');
    expect(relativeTime(now - 400 * 86_400_000, now, 'short', 'en')).toBe('Oct 17, 2025');
  });

  it('is brief where there is little room', () => {
    const ago = [59_000, 119_000, 3 * 3_600_000, 86_400_000, 3 * 86_400_000].map((ms) => relativeTime(now - ms, now, 'narrow'));
    expect(ago).toEqual(['59s ago', '1m ago', '3h ago', 'yesterday', '3d ago']);
  });

  it('speaks the page’s language, and makes no formatter for it', () => {
    const formatters = [
      vi.spyOn(Intl, 'RelativeTimeFormat'),
      vi.spyOn(Intl, 'NumberFormat'),
      vi.spyOn(Intl, 'DateTimeFormat'),
      vi.spyOn(Intl, 'PluralRules'),
    ];
    const english = shown.value;
    shown.value = {
      locale: 'de',
      texts: {
        '{n} sec. ago': 'vor {n} Sek.',
        '{n} days ago': 'vor {n} Tagen',
        'in {n} min.': 'in {n} Min.',
        yesterday: 'gestern',
        '{count} runs': { one: '{count} Lauf', other: '{count} Läufe' },
      },
    };
    onTestFinished(() => {
      shown.value = english;
      vi.restoreAllMocks();
    });
    const ago = [10_000, 86_400_000, 3 * 86_400_000, -119_000].map((ms) => relativeTime(now - ms, now));
    expect(ago).toEqual(['vor 10 Sek.', 'gestern', 'vor 3 Tagen', 'in 1 Min.']);
    expect(plural(3, '1 run', '{count} runs')).toBe('3 Läufe');
    expect(formatters.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 1]);
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
