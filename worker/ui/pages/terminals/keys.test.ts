import { expect, it } from 'vitest';
import { bytesOfKey, tapped, withHeld } from './keys.ts';
import { partsOf, pasteOf } from './paste.ts';

const none = { ctrl: false, alt: false };
const ctrl = { ctrl: true, alt: false };
const alt = { ctrl: false, alt: true };

it.each([
  ['Escape', none, '\x1b'],
  ['Tab', alt, '\x1b\t'],
  ['ArrowUp', none, '\x1b[A'],
  ['ArrowLeft', ctrl, '\x1b[1;5D'],
  ['ArrowRight', { ctrl: true, alt: true }, '\x1b[1;7C'],
  ['/', ctrl, '\x1f'],
  ['-', alt, '\x1b-'],
  ['~', none, '~'],
] as const)('%s with %j', (key, held, bytes) => {
  expect(bytesOfKey(key, held, false)).toBe(bytes);
});

it('calls arrows as the program wants, but not with a modifier', () => {
  expect(bytesOfKey('ArrowDown', none, true)).toBe('\x1bOB');
  expect(bytesOfKey('ArrowDown', alt, true)).toBe('\x1b[1;3B');
});

it.each([
  ['c', ctrl, '\x03'],
  ['[', ctrl, '\x1b'],
  [' ', ctrl, '\0'],
  ['?', ctrl, '\x7f'],
  ['é', ctrl, 'é'],
  ['x', alt, '\x1bx'],
  ['c', { ctrl: true, alt: true }, '\x1b\x03'],
  ['\x1b[A', ctrl, '\x1b[A'],
  ['cd', ctrl, '\x03d'],
  ['😀', alt, '\x1b😀'],
  ['', ctrl, ''],
] as const)('%j with %j', (data, held, bytes) => {
  expect(withHeld(data, held)).toBe(bytes);
});

it('holds a modifier for one key, and locks it by a double tap', () => {
  expect([tapped('off', 9999), tapped('once', 100), tapped('once', 1000), tapped('locked', 100)]).toEqual(['once', 'locked', 'off', 'off']);
});

it('pastes a text so that nothing in it ends the paste', () => {
  expect(pasteOf('a\nb\r\nc\t', true)).toBe('\x1b[200~a\rb\rc\t\x1b[201~');
  expect(pasteOf('x\x1b[201~rm\x03\x9b', true)).toBe('\x1b[200~x[201~rm\x1b[201~');
  expect(pasteOf('a\nb', false)).toBe('a\rb');
});

it('cuts a long input into frames, and no character in two', () => {
  const long = `a${'😀'.repeat(20_000)}`;
  const parts = partsOf(long);
  expect(parts.join('')).toBe(long);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(part.isWellFormed(), part.slice(-4)).toBe(true);
  expect(partsOf('')).toEqual([]);
});
