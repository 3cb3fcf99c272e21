import { describe, expect, test } from 'vitest';
import { ToruError } from '../errors.ts';
import { LinearRegex } from './linear-regex.ts';

function all(source: string, text: string, exact = false): string[] {
  const regex = new LinearRegex(source, exact);
  const found: string[] = [];
  for (let next = regex.find(text, 0); next !== null; next = regex.find(text, next.end)) found.push(text.slice(next.at, next.end));
  return found;
}

/** The same, over the bytes of UTF-8. */
function inBytes(source: string, text: string): string[] {
  const regex = new LinearRegex(source);
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  const found: string[] = [];
  for (let next = regex.find(bytes, 0, true); next !== null; next = regex.find(bytes, next.end, true))
    found.push(new TextDecoder().decode(Uint8Array.from(bytes.slice(next.at, next.end), (unit) => unit.charCodeAt(0))));
  return found;
}

test.each<[source: string, text: string, found: string[]]>([
  ['err(or)?', 'an error, an err', ['error', 'err']],
  ['a|ab|abc', 'xabcx', ['abc']],
  ['^line \\d+$', 'line 1\nline 22\nno line 3\nline 4x\r\nline 5', ['line 1', 'line 22', 'line 5']],
  ['[a-c]+', 'xxabcabd', ['abcab']],
  ['[^\\s]+', 'two words', ['two', 'words']],
  ['\\bcat\\b', 'cat concat cats cat', ['cat', 'cat']],
  ['\\Bcat', 'cat concat', ['cat']],
  ['a{2,3}', 'a aa aaaa', ['aa', 'aaa']],
  ['a{2}', 'aaaaa', ['aa', 'aa']],
  ['x*', 'axxb', ['xx']],
  ['(?:ab)+c?', 'ababc ab', ['ababc', 'ab']],
  ['(?<year>\\d{4})-(\\d\\d)', 'on 2026-11-29', ['2026-11']],
  ['a.c', 'abc a\nc aäc a😀c', ['abc', 'aäc', 'a😀c']],
  ['ERROR', 'Error error', ['Error', 'error']],
  ['straße|ÄPFEL', 'Straße, äpfel', ['Straße', 'äpfel']],
  ['[à-ü]+', 'ÄÖ é', ['ÄÖ', 'é']],
  ['\\x41\\u0042\\u{43}\\.', 'abc. abcd', ['abc.']],
  ['a{,2}', 'a{,2}', ['a{,2}']],
  ['.*?x', 'axbx', ['axbx']],
  ['[]]', ']', []],
  ['(a+)+$', 'aaa', ['aaa']],
])('%s in %j', (source, text, found) => {
  if (source === '[]]') expect(() => new LinearRegex(source)).toThrow(ToruError);
  else {
    expect(all(source, text)).toEqual(found);
    expect(inBytes(source, text)).toEqual(found);
  }
});

test('case matters where it is asked for', () => {
  expect(all('Error', 'Error error', true)).toEqual(['Error']);
  expect(all('[^a]', 'aA', true)).toEqual(['A']);
});

test('bytes that are no UTF-8 are a character each', () => {
  const regex = new LinearRegex('a.b');
  expect(regex.find('\xffa\xe2b', 0, true)).toEqual({ at: 1, end: 4 });
});

test.each([
  ['(', 'without its “)”'],
  ['a)', 'without its “(”'],
  ['[a', 'without its “]”'],
  ['*a', 'to repeat'],
  ['(a)\\1', 'reference'],
  ['a(?=b)', 'ahead'],
  ['(?i)a', 'switches'],
  ['\\q', 'means nothing'],
  ['a\\nb', 'line break'],
  ['[z-a]', 'ends before'],
  ['a{3,2}', 'ends before'],
  ['(a{900}){900}', 'too large'],
  ['a\\', 'at the end'],
])('%s is refused, and says why', (source, why) => {
  expect(() => new LinearRegex(source)).toThrow(why);
});

/** Random patterns and texts, against what a backtracking engine finds: where something begins is the same, and whether. */
test('finds what JavaScript finds', () => {
  let seed = 1;
  const random = (most: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * most);
  };
  const pick = (of: readonly string[]): string => of[random(of.length)] ?? '';
  const pattern = (depth: number): string => {
    const one =
      depth > 2
        ? pick(['a', 'b', '[ab]', '.', '\\w', '\\b', '^', '$'])
        : pick([`(?:${pattern(depth + 1)})`, `(?:${pattern(depth + 1)}|${pattern(depth + 1)})`, 'a', 'b', '[^a]', '\\W']);
    return (
      one +
      (/^(?:\\b|\^|\$)$/.test(one) ? '' : pick(['', '', '*', '+', '?', '{1,2}'])) +
      (random(2) === 0 ? '' : depth > 3 ? 'b' : pattern(depth + 1))
    );
  };
  for (let n = 0; n < 3000; n += 1) {
    const source = pattern(0);
    const text = Array.from({ length: random(12) }, () => pick(['a', 'b', ' ', '\n', 'c'])).join('');
    const lines = text.split('\n');
    let expected = -1;
    for (let at = 0, line = 0; line < lines.length && expected < 0; at += (lines[line] ?? '').length + 1, line += 1) {
      // The first place with a match that is not empty.
      for (let i = 0; i < (lines[line] ?? '').length && expected < 0; i += 1) {
        for (let end = i + 1; end <= (lines[line] ?? '').length && expected < 0; end += 1) {
          const whole = new RegExp(`(?<=^[^]{${i}})(?:${source})(?=[^]{${(lines[line] ?? '').length - end}}$)`, 'i');
          const found = whole.exec(lines[line] ?? '');
          if (found !== null && found.index === i && found[0].length === end - i) expected = at + i;
        }
      }
    }
    expect([source, text, new LinearRegex(source).find(text, 0)?.at ?? -1]).toEqual([source, text, expected]);
  }
});

test('a pattern has some 500 steps at most, whichever way it repeats', () => {
  for (const source of ['a{495}', '(ab){247}', '(a|b){160}']) expect(() => new LinearRegex(source)).not.toThrow();
  for (const source of ['a{500}', '(ab){250}', '(a|b){170}', '(a?){250}', '((a{10}){10}){10}', 'a'.repeat(500)])
    expect(() => new LinearRegex(source), source).toThrow('too large');
});

describe('no pattern takes long', () => {
  test.each(['(a*)*z', '(a|a)*z', '(a+)+\\W', '(.*)*x', '(?:a?){90}a{90}z', '(a|b)*a(a|b){100}c', '(.{1,200})*y', '[ab]*a[ab]{90}c'])(
    '%s',
    (source) => {
      const regex = new LinearRegex(source);
      const text = `${'ab'.repeat(40_000)}${'a'.repeat(40_000)}`;
      // Counted in steps, not in time: it finds nothing, or says that it gives up.
      try {
        expect(regex.find(text, 0)).toBeNull();
      } catch (error) {
        expect(error).toMatchObject({ code: 'input_invalid', message: expect.stringContaining('takes too long') });
      }
    },
  );
});
