import { expect, it } from 'vitest';
import { Predictions, type Shown } from './predictions.ts';

/** A line that a program echoes to. */
class Line implements Shown {
  x = 0;
  y = 0;
  cols = 20;
  drawsItself = false;
  text = '';
  readonly character = (x: number, y: number): string => (y === 0 ? (this.text[x] ?? ' ') : ' ');

  print(text: string): void {
    this.text = this.text.slice(0, this.x) + text;
    this.x += text.length;
  }
}

const drawn = (predictions: Predictions): string => predictions.drawn.map(({ character }) => character).join('');

/** Types and echoes `a` with a round trip of so many ms, so that the predictions know how long one takes. */
function after(ms: number): { line: Line; guess: Predictions; now: number } {
  const line = new Line();
  const guess = new Predictions();
  guess.typed('a', line, 0);
  expect(drawn(guess)).toBe('');
  line.print('a');
  guess.compare(line, ms);
  return { line, guess, now: ms };
}

it('draws what is typed until its echo comes, above 30 ms, underlined above 80', () => {
  const { line, guess, now } = after(50);
  guess.typed('b', line, now);
  guess.typed('c', line, now + 1);
  expect([drawn(guess), guess.underlined]).toEqual(['bc', false]);
  expect(guess.drawn.map(({ x }) => x)).toEqual([1, 2]);
  line.print('b');
  guess.compare(line, now + 50);
  expect(drawn(guess)).toBe('c');
  line.print('c');
  guess.compare(line, now + 51);
  expect(drawn(guess)).toBe('');
  const slow = after(200);
  slow.guess.typed('b', slow.line, slow.now);
  expect([drawn(slow.guess), slow.guess.underlined]).toEqual(['b', true]);
});

it('draws nothing where the echo comes soon', () => {
  const { line, guess, now } = after(20);
  guess.typed('b', line, now);
  expect(drawn(guess)).toBe('');
});

it('takes all back when the echo is another', () => {
  const { line, guess, now } = after(100);
  guess.typed('b', line, now);
  guess.typed('c', line, now);
  line.print('*');
  guess.compare(line, now + 100);
  expect(drawn(guess)).toBe('');
  // Nothing is drawn before an echo was seen again.
  guess.typed('d', line, now + 101);
  expect(drawn(guess)).toBe('');
});

it('takes back what is not echoed, and draws no password', () => {
  const { line, guess, now } = after(100);
  guess.typed('b', line, now);
  expect(guess.expire(now + 5000)).toBe(true);
  expect(drawn(guess)).toBe('');
  const other = after(100);
  other.guess.typed('\r', other.line, 200);
  other.line.y = 1;
  other.line.x = 0;
  other.guess.compare(other.line, 300);
  for (let n = 0; n < 8; n += 1) other.guess.typed('s', other.line, 1000 + n);
  expect(drawn(other.guess)).toBe('');
});

it('is off on the alternate screen and with the mouse', () => {
  const { line, guess, now } = after(100);
  guess.typed('b', line, now);
  line.drawsItself = true;
  guess.compare(line, now + 1);
  expect(drawn(guess)).toBe('');
  guess.typed('c', line, now + 2);
  expect(drawn(guess)).toBe('');
});

it('predicts nothing within a line, and nothing beyond its end', () => {
  const { line, guess, now } = after(100);
  line.text = 'a and more';
  guess.typed('b', line, now);
  expect(drawn(guess)).toBe('');
  const edge = after(100);
  edge.line.cols = 4;
  for (const letter of 'bcde') edge.guess.typed(letter, edge.line, edge.now);
  expect(drawn(edge.guess)).toBe('bc');
});

it('holds back after a key of which it knows nothing, until an echo is seen', () => {
  const { line, guess, now } = after(100);
  guess.typed('\x1b[D', line, now);
  guess.typed('b', line, now + 1);
  expect(drawn(guess)).toBe('');
  guess.typed('c', line, now + 1000);
  line.print('c');
  guess.compare(line, now + 1100);
  guess.typed('d', line, now + 1101);
  expect(drawn(guess)).toBe('d');
});

it('takes the echo of a command that comes after Enter for no echo of the password that is asked for', () => {
  const { line, guess, now } = after(100);
  guess.typed('b', line, now);
  guess.typed('\r', line, now + 1);
  line.print('b');
  guess.compare(line, now + 100);
  line.x = 0;
  line.y = 1;
  guess.compare(line, now + 101);
  guess.typed('s', line, now + 2000);
  expect(drawn(guess)).toBe('');
});
