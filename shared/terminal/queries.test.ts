import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answering } from './answering.ts';
import { QueryFilter } from './queries.ts';

const ESC = '\u001b';
/** What terminals answer. */
const QUERIES = [
  ...[
    '[c',
    '[0c',
    '[>c',
    '[>0c',
    '[=c',
    '[5n',
    '[6n',
    '[?6n',
    '[?15n',
    '[?2026$p',
    '[4$p',
    '[>q',
    '[>0q',
    '[18t',
    '[14t',
    '[21t',
    '[?u',
    '[?1;1S',
    '[x',
    'Z',
  ],
  ...[']10;?\u0007', ']11;?\u001b\\', ']4;1;?\u0007', ']12;?\u009c', ']52;c;?\u0007', 'P$qm\u001b\\', 'P+q544e\u001b\\', '[6\nn'],
].map((query) => ESC + query);
/** What they don’t. */
const OTHERS = [
  ...['[31m', '[2J', '[?25l', '[4;10H', '[2 q', '[22;0;0t', '[8;24;80t', '[?1049h', '[!p', '[61"p', '[u', '[3S', '7', '(0', 'M', '[1;2$y'],
  ...[
    ']0;a ? title\u0007',
    ']8;;http://a.b/?q\u001b\\',
    ']10;#fff\u0007',
    ']4;1;rgb:11/22/33\u0007',
    ']133;A\u001b\\',
    'Pq#0;2;0;0;0~\u001b\\',
    '_G;x\u001b\\',
  ],
].map((other) => ESC + other);

const bytesOf = (shown: string): number => new TextEncoder().encode(shown).length;
const text = (pieces: readonly string[], pass: boolean): string => {
  const filter = new QueryFilter();
  return pieces.map((piece) => filter.push(piece, pass)).join('');
};
const cut = (whole: string, places: readonly number[]): string[] => {
  const at = [...new Set([0, ...places.map((place) => Math.min(place, whole.length)), whole.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => whole.slice(at[i], end));
};

describe('what a program asks of its terminal', () => {
  it.each(QUERIES)('%j is taken out, and passed on where it is answered', (query) => {
    for (let place = 0; place <= query.length; place += 1) {
      const pieces = cut(`a${query}b`, [place + 1]);
      expect(text(pieces, false).replaceAll(/\n|\u001b\\/g, '')).toBe('ab');
      expect(text(pieces, true)).toBe(`a${query}b`);
    }
  });

  it.each(OTHERS)('%j is left', (other) => {
    for (let place = 0; place <= other.length; place += 1) expect(text(cut(`a${other}b`, [place + 1]), false)).toBe(`a${other}b`);
  });

  it('an emulator that gets the rest answers nothing, whatever the cuts, and shows the same', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...QUERIES, ...OTHERS),
      fc.string({ maxLength: 5 }),
      fc.constantFrom(ESC, '[', ']', '?', '6n', '\r\n', '漢'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(200), { maxLength: 10 }), async (pieces, places) => {
        const whole = pieces.join('');
        const [all, rest] = await Promise.all([shown(whole), shown(text(cut(whole, places), false))]);
        expect(rest.answers).toEqual([]);
        expect(rest.screen).toEqual(all.screen);
      }),
      { numRuns: 300 },
    );
  });

  it('what is long is not held back', () => {
    const filter = new QueryFilter();
    expect(filter.push(`${ESC}]52;c;${'x'.repeat(300)}`, false)).toContain('xxx');
    expect(new QueryFilter().push(`${ESC}Pq~~~`, false)).toBe(`${ESC}Pq~~~`);
  });
});

async function shown(data: string): Promise<{ screen: string[]; answers: string[] }> {
  const term = new xterm.Terminal({ cols: 40, rows: 10, allowProposedApi: true, logLevel: 'off' });
  const answers: string[] = [];
  term.onData((answer) => answers.push(answer));
  // The end of what has begun: a query that is not complete is held back.
  await new Promise<void>((resolve) => term.write(`${data}\u0018`, resolve));
  const { active } = term.buffer;
  const screen = Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
  term.dispose();
  return { screen, answers };
}

describe('a query belongs to who answers where it begins', () => {
  it('whatever its frames, one of two viewers answers it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('é', 'a', `${ESC}[6n`, `${ESC}[c`), { maxLength: 20 }),
        fc.nat(60),
        fc.array(fc.nat(80)),
        fc.array(fc.nat(80)),
        (pieces, at, first, second) => {
          const whole = pieces.join('');
          // As the host: between two characters.
          const change = bytesOf(whole.slice(0, Math.min(at, whole.length)));
          const view = (before: boolean, places: number[]): number => {
            const answering = new Answering();
            answering.changed(0, before);
            answering.changed(change, !before);
            let cursor = 0;
            const got = cut(whole, places).map((piece) => {
              cursor += bytesOf(piece);
              return answering.output(piece, cursor);
            });
            return got.join('').replaceAll(`${ESC}\\`, '').split(ESC).length - 1;
          };
          expect(view(true, first) + view(false, second)).toBe(whole.split(ESC).length - 1);
        },
      ),
    );
  });

  it('not to who sees it on the screen that it comes to', () => {
    const answering = new Answering();
    answering.attached();
    expect(answering.screen(`shown${ESC}[6n${ESC}[`)).toBe(`shown${ESC}\\`);
    answering.changed(100, true);
    expect(answering.output('6n', 102)).toBe(`${ESC}\\`);
    expect(answering.output(`${ESC}[6n`, 106)).toBe(`${ESC}[6n`);
    answering.attached();
    expect(answering.output(`${ESC}[6n`, 110)).toBe(`${ESC}\\`);
  });
});
