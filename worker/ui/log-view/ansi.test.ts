import { describe, expect, it } from 'vitest';
import { AnsiReader, type Token } from './ansi.ts';
import { paletteColor } from './style.ts';

function read(...frames: string[]): Token[] {
  const reader = new AnsiReader();
  return frames.flatMap((frame) => reader.read(frame));
}
function text(tokens: Token[]): string {
  return tokens.map((token) => (token.kind === 'text' ? token.text : token.kind === 'newline' ? '\n' : '')).join('');
}
function styles(tokens: Token[]) {
  return tokens.flatMap((token) => (token.kind === 'text' ? [[token.text, token.style]] : []));
}

describe('AnsiReader', () => {
  it('turns colours into styles and carries them over lines and frames', () => {
    const tokens = read('\x1b[1;31mred\nstill', '\x1b[0m plain');
    const red = expect.objectContaining({ fg: 1, bold: true });
    expect(styles(tokens)).toEqual([
      ['red', red],
      ['still', red],
      [' plain', null],
    ]);
  });

  it('knows bright, 256 and true colours, in both spellings', () => {
    expect(styles(read('\x1b[92ma\x1b[38;5;208mb\x1b[48;2;1;2;3mc\x1b[m\x1b[38:5:196md'))).toEqual([
      ['a', expect.objectContaining({ fg: 10 })],
      ['b', expect.objectContaining({ fg: 'rgb(255, 135, 0)' })],
      ['c', expect.objectContaining({ fg: 'rgb(255, 135, 0)', bg: 'rgb(1, 2, 3)' })],
      ['d', expect.objectContaining({ fg: 'rgb(255, 0, 0)', bg: null })],
    ]);
    expect(paletteColor(244)).toBe('rgb(128, 128, 128)');
    expect(paletteColor(16)).toBe('rgb(0, 0, 0)');
  });

  it('gives equal styles as one object, however often they are set', () => {
    const tokens = read('\x1b[1m\x1b[1m\x1b[1ma', '\x1b[0m\x1b[1mb');
    const [a, b] = tokens.flatMap((token) => (token.kind === 'text' ? [token.style] : []));
    expect(a).not.toBeNull();
    expect(a).toBe(b);
  });

  it('leaves out what only a terminal understands, and shows no part of it', () => {
    expect(
      text(read('a\x1b[2J\x1b[10;20Hb\x1b]0;title\x07c\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\d\x1b(B\x1b=e\x07\x00f')),
    ).toBe('abclinkdef');
    expect(text(read('\x1bPsecret\x1b\\x\x1b[?25ly'))).toBe('xy');
  });

  it('joins a sequence that was cut anywhere', () => {
    const whole = 'a\x1b[1;32mgreen\x1b[0m\x1b]0;t\x1b\\z';
    const expected = styles(read(whole));
    for (let cut = 1; cut < whole.length; cut += 1) {
      const tokens = styles(read(whole.slice(0, cut), whole.slice(cut)));
      const joined = tokens.reduce<typeof tokens>((all, [piece, style]) => {
        const last = all.at(-1);
        if (last !== undefined && last[1] === style) last[0] = `${String(last[0])}${String(piece)}`;
        else all.push([piece ?? '', style ?? null]);
        return all;
      }, []);
      expect(joined).toEqual(expected);
    }
  });

  it('does not wait for ever for the end of a sequence', () => {
    expect(text(read(`\x1b]0;${'x'.repeat(10_000)}`, 'tail'))).toContain('tail');
  });

  it('never makes markup: brackets are text', () => {
    expect(text(read('<b>&amp;</b>'))).toBe('<b>&amp;</b>');
  });
});
