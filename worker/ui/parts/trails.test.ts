import { describe, expect, test, vi } from 'vitest';
import { KeyTrail, PointerTrail, Standing } from './trails.ts';

const BOX = { left: 0, right: 100, top: 0, bottom: 40 };

describe('where the pointer was', () => {
  test('it rested in a control when it was there before, and never left', () => {
    const trail = new PointerTrail();
    trail.note({ x: 50, y: 20 }, 0);
    expect(trail.restedIn(BOX, 60_000)).toBe(true);
    trail.note({ x: 52, y: 21 }, 60_100);
    expect(trail.restedIn(BOX, 60_000)).toBe(true);
    trail.note({ x: 52, y: 80 }, 60_200);
    trail.note({ x: 52, y: 21 }, 60_300);
    expect(trail.restedIn(BOX, 60_000)).toBe(false);
    expect(trail.restedIn(BOX, 60_300)).toBe(true);
  });

  test('one that came from elsewhere, or was never seen before, did not rest', () => {
    const trail = new PointerTrail();
    expect(trail.restedIn(BOX, 0)).toBe(false);
    trail.note({ x: 300, y: 300 }, 10);
    trail.note({ x: 50, y: 20 }, 40);
    expect(trail.restedIn(BOX, 20)).toBe(false);
    const measured = vi.fn(() => BOX);
    expect(new PointerTrail().isIn(measured)).toBe(false);
    expect(measured).not.toHaveBeenCalled();
  });

  test('what is long ago is forgotten, but for where it rested', () => {
    const trail = new PointerTrail();
    for (let at = 0; at < 10_000; at += 10) trail.note({ x: at < 5000 ? 500 : 50, y: 20 }, at);
    expect(trail.restedIn(BOX, 9000)).toBe(false);
    expect(trail.restedIn(BOX, 9900)).toBe(true);
  });
});

describe('what a control does', () => {
  test('is new since it does something else, or can be pressed again', () => {
    const standing = new Standing();
    standing.becomes('cancel', 1000);
    expect(standing.since).toBe(1000);
    standing.becomes('cancel', 1500);
    expect(standing.since).toBe(1000);
    standing.becomes('again', 5000);
    expect(standing.since).toBe(5000);
    standing.becomes(null, 6000);
    standing.becomes('again', 8000);
    expect(standing.since).toBe(8000);
  });

  test('is what it was, when it was otherwise for too short a time to be read', () => {
    const standing = new Standing();
    standing.becomes('run', 0);
    standing.becomes('open', 1000);
    standing.becomes('run', 1300);
    expect(standing.since).toBe(Number.NEGATIVE_INFINITY);
    standing.becomes('open', 3000);
    standing.becomes('run', 9000);
    expect(standing.since).toBe(9000);
  });
});

describe('keys', () => {
  const press = (key: string, repeat = false) => ({ key, repeat });

  test('a held key, and a second press at once, repeat the first', () => {
    const keys = new KeyTrail();
    keys.down(press('Enter'), 1000);
    expect(keys.repeats(1000)).toBe(false);
    keys.down(press('Enter', true), 2500);
    expect(keys.repeats(2500)).toBe(true);
    keys.down(press('Enter'), 2900);
    expect(keys.repeats(2900)).toBe(true);
    keys.down(press('Enter'), 4000);
    expect(keys.repeats(4000)).toBe(false);
  });

  test('whatever is typed between makes it a press of its own; a modifier does not', () => {
    const keys = new KeyTrail();
    keys.down(press('Enter'), 1000);
    keys.down(press('Shift'), 1100);
    keys.down(press(' '), 1200);
    expect(keys.repeats(1200)).toBe(true);
    keys.down(press('Tab'), 1300);
    keys.down(press('Enter'), 1400);
    expect(keys.repeats(1400)).toBe(false);
  });
});
