import { describe, expect, it } from 'vitest';
import type { Turn } from '../../shared/outbound.ts';
import { News } from './news.ts';

/** A line that gives a turn when the test says so. */
function line() {
  const turns: Turn[] = [];
  const sent: string[] = [];
  const news = new News((callback) => turns.push(callback));
  return {
    sent,
    turns,
    tell: (topic: string, text: string, { about = null, bytes = 100 }: { about?: string | null; bytes?: number } = {}) =>
      news.tell(topic, { about, bytes, send: () => sent.push(text) }),
    turn: (size = 250) => turns.shift()?.(size),
  };
}

describe('News', () => {
  it('waits for turns, a topic beside another, in order', () => {
    const { tell, turn, turns, sent } = line();
    for (const n of [1, 2, 3, 4]) tell('a', `a${n}`);
    tell('b', 'b1');
    expect([sent, turns.length]).toEqual([[], 2]);
    turn();
    turn();
    turn();
    expect(sent).toEqual(['a1', 'a2', 'a3', 'b1', 'a4']);
    expect(turns).toHaveLength(0);
    tell('a', 'a5');
    turn();
    expect(sent.at(-1)).toBe('a5');
  });

  it('tells the newest of a state that changed while it waited', () => {
    const { tell, turn, sent } = line();
    tell('runs', 'one starts', { about: 'one' });
    tell('runs', 'two starts', { about: 'two' });
    tell('runs', 'one ends', { about: 'one' });
    turn();
    expect(sent).toEqual(['one ends', 'two starts']);
  });

  it('keeps a bounded part of what a line can’t carry: the newest', () => {
    const { tell, turn, turns, sent } = line();
    for (let n = 0; n < 10_000; n += 1) tell('plugin', String(n), { bytes: 64 * 1024 });
    while (turns.length > 0) turn();
    expect(sent).toEqual(['9996', '9997', '9998', '9999']);
  });
});
