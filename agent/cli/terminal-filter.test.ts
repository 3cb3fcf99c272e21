import { describe, expect, it } from 'vitest';
import { plain, TerminalFilter } from './terminal-filter.ts';

const ESC = '\x1b';

function filtered(...chunks: string[]): string {
  const filter = new TerminalFilter();
  return chunks.map((chunk) => filter.write(chunk)).join('');
}

describe('what passes', () => {
  it.each([
    ['text', 'plain ünï 漢字 🎉\r\n\tx\b'],
    ['a colour', `${ESC}[1;38;2;10;20;30mred${ESC}[0m`],
    ['a colour with colons', `${ESC}[38:2::1:2:3mx${ESC}[m`],
    ['progress', `${ESC}]9;4;1;50\x07`],
    ['a link', `${ESC}]8;id=a;https://example.org/x?y=1${ESC}\\here${ESC}]8;;${ESC}\\`],
    ['underlines of all kinds', `${ESC}[4:3;58:2::1:2:3mx${ESC}[58;5;8;38;5;28my${ESC}[59m`],
  ])('%s', (_, text) => expect(filtered(text)).toBe(text));
});

describe('what does not', () => {
  it.each([
    ['cursor movement', `a${ESC}[2Jb${ESC}[10;10Hc`, 'abc'],
    ['a question that the terminal answers as if typed', `a${ESC}[6n${ESC}[cb${ESC}Zc`, 'abc'],
    ['private modes', `a${ESC}[?1049hb${ESC}[?25lc`, 'abc'],
    ['SGR with a private marker', `a${ESC}[>4;2mb`, 'ab'],
    ['the title', `a${ESC}]0;owned\x07b${ESC}]2;owned${ESC}\\c`, 'abc'],
    ['the clipboard', `a${ESC}]52;c;ZXZpbA==\x07b`, 'ab'],
    ['a notification', `a${ESC}]9;hello\x07b${ESC}]777;notify;x;y\x07c`, 'abc'],
    ['a link to a file, or to a script', `${ESC}]8;;file:///etc/passwd\x07a${ESC}]8;;javascript:alert(1)\x07b`, 'ab'],
    ['a link with a control character in it', `${ESC}]8;;https://a\tb\x07x`, 'x'],
    ['DCS, APC, PM, SOS', `a${ESC}P$qm${ESC}\\b${ESC}_x${ESC}\\c${ESC}^y${ESC}\\d${ESC}Xz${ESC}\\e`, 'abcde'],
    ['C1 forms', 'a\x9b2Jb\x9d0;t\x9cc\x90q\x9cd\x85e', 'abcde'],
    ['what conceals', `a${ESC}[8mb${ESC}[28mc${ESC}[1;8;31md${ESC}[08me${ESC}[0m`, `abc${ESC}[1;31mde${ESC}[0m`],
    ['what turns the direction of text', 'a\u202eb\u2066c\u200fd\u061ce', 'a<U+202E>b<U+2066>c<U+200F>d<U+061C>e'],
    ['character sets and resets', `a${ESC}(0b${ESC}cc${ESC}7d${ESC}#8e`, 'abcde'],
    ['other control characters', 'a\x00\x05\x07\x0b\x0c\x0e\x7fb', 'ab'],
    ['a sequence that is broken off', `a${ESC}]0;x\x18b${ESC}[12\x1ac${ESC}[3${ESC}[31md`, `abc${ESC}[31md`],
  ])('%s', (_, text, expected) => expect(filtered(text)).toBe(expected));

  it('goes on after a string that never ends, at the next line', () => {
    expect(filtered(`a${ESC}]0;never ends\nb`)).toBe('a\nb');
    expect(filtered(`a${ESC}Pnever ends\nb`)).toBe('a\nb');
  });

  it('keeps no more than a bound of a long sequence, and does not pass its beginning', () => {
    expect(filtered(`${ESC}]8;;https://${'x'.repeat(100_000)}\x07a`)).toBe('a');
    expect(filtered(`${ESC}[${'1;'.repeat(100_000)}ma`)).toBe('a');
  });
});

it('gives the same whatever the cuts between chunks', () => {
  const text = `é${ESC}[1;31mred${ESC}[2J${ESC}]9;4;1;5\x07${ESC}]52;c;eA==${ESC}\\x${ESC}]8;;https://a.b${ESC}\\l${ESC}]8;;\x07\x9b31m!${ESC}Pq${ESC}\\🎉`;
  const whole = filtered(text);
  for (let i = 0; i <= text.length; i += 1) {
    for (let j = i; j <= text.length; j += 1) expect(filtered(text.slice(0, i), text.slice(i, j), text.slice(j))).toBe(whole);
  }
  expect(filtered(...Array.from(text))).toBe(whole);
});

it('shows what was held, and leaves the terminal as it was', () => {
  const filter = new TerminalFilter();
  filter.write(`${ESC}[31m${ESC}]8;;https://a.b\x07x${ESC}]9;4;1;20\x07${ESC}]0;unfinished`);
  expect(filter.end()).toBe(`unfinished${ESC}]8;;${ESC}\\${ESC}]9;4;0\x07${ESC}[0m`);
  filter.write(`${ESC}[31mx${ESC}[0m`);
  expect(filter.end()).toBe('');
});

it('makes one plain line of a name', () => expect(plain(`a${ESC}[31mb\nc\x9b`)).toBe('a [31mb c '));

it('names what would turn the direction of a name', () => expect(plain('a\u202eb')).toBe('a<U+202E>b'));
