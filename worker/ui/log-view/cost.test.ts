import { describe, expect, it } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

/**
 * What output costs is bounded by its size, whatever it does to a terminal. Compared in the same run, in processor time of
 * this thread, with the dearest of simple outputs, line feeds alone: how busy the machine is does not count.
 */

const CHUNK = 64 * 1024;
/** The dearest kinds cost four times as much as line feeds; what costs as much as a line or a log is long, a hundred times. */
const TIMES = 20;

const line = 'x'.repeat(16_000);
const coloured = Array.from({ length: 8000 }, (_, i) => `\x1b[3${i % 8}mx`).join('');
const wide = '漢'.repeat(8000);
const log = 'x\n'.repeat(50_000);
const screen = Array.from({ length: 199 }, (_, i) => `line ${i} ${'y'.repeat(60)}\n`).join('');

/** Processor time for a chunk of nothing but `piece`, after `before`: the least of three, or the first that is `enough`. */
function costOf(before: string, piece: string, enough = 0): number {
  const chunk = piece.repeat(Math.ceil(CHUNK / piece.length));
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3 && least >= enough; n += 1) {
    const buffer = new LineBuffer();
    const take = (text: string): void => {
      buffer.append('stdout', text, buffer.end, buffer.end + new TextEncoder().encode(text).length);
      buffer.trim();
    };
    take(before);
    const began = process.threadCpuUsage();
    take(chunk);
    // What a view reads of it.
    for (const { spans } of buffer.lines.slice(-60)) void spans.length;
    least = Math.min(least, process.threadCpuUsage(began).user);
  }
  return least;
}

describe('what output costs', () => {
  // As vertical tabs, which are read at once.
  const lineFeeds = Math.max(1000, costOf('', '\v'));

  it.each([
    ['a colour for each character', '', '\x1b[38;2;1;2;3mx\x1b[38;2;1;2;4mx'],
    ['blanks put in', `${line}\r`, '\x1b[@'],
    ['blanks put in, in the middle', `${line}\r\x1b[8000C`, '\x1b[@'],
    ['blanks put in, many', `${line}\r`, '\x1b[9999@'],
    ['blanks put in, here and there', `${line}\r`, '\x1b[9G\x1b[@\x1b[15999G\x1b[@'],
    ['blanks put in between colours', `${coloured}\r`, '\x1b[@'],
    ['blanks put in between halves', `${wide}\r\x1b[C`, '\x1b[@\x1b[2C'],
    ['blanks put in before tabs', `${'\t'.repeat(2000)}\r\x1b[C`, '\x1b[@'],
    ['blanks of many grounds', `${line}\r`, '\x1b[41m\x1b[40@\x1b[42m\x1b[50@\x1b[9C'],
    ['characters put in', `${line}\r`, '\x1b[@x'],
    ['characters taken out', `${line}\r`, '\x1b[P'],
    ['characters taken out and put in', `${line}\r`, '\x1b[P\x1b[@'],
    ['characters erased', `${line}\r\x1b[41m`, '\x1b[9999X'],
    ['characters erased here and there', `${line}\r`, '\x1b[41m\x1b[X\x1b[2C\x1b[42m\x1b[40X\x1b[C'],
    ['a line erased to the cursor', `${line}\x1b[41m`, '\x1b[1K'],
    ['a line erased to the cursor, and written', `${line}\x1b[9D`, '\x1b[1Kx'],
    ['a line erased', '', 'x\x1b[2K'],
    ['a screen erased above', screen, '\x1b[1J'],
    ['a screen erased below', `${screen}\x1b[H`, '\x1b[J'],
    ['a high screen cleared', '', '\x1b[200Bx\x1b[2J'],
    ['lines put in', `${screen}\x1b[H`, '\x1b[L'],
    ['lines put in, many', `${screen}\x1b[H`, '\x1b[9999L'],
    ['lines put in, a new screen each', '', 'x\r\x1b[199L\x1b[2J'],
    ['lines taken out', `${screen}\x1b[H`, '\x1b[M'],
    ['lines taken out and put in', `${screen}\x1b[H`, '\x1b[L\x1b[M'],
    ['repetitions', '', 'x\x1b[99999b'],
    ['repetitions of a wide character', '', '漢\x1b[99999b'],
    ['repetitions of half a flag', '', '\u{1f1e6}\x1b[99999b'],
    ['a block of 200 lines', screen, `\x1b[199A${screen}`],
    ['full-screen programs', log, '\x1b[?1049h\x1b[?1049l'],
    ['full-screen programs that draw', log, '\x1b[?1049hx\x1b[?1049l'],
    ['full-screen programs that draw below', log, '\x1b[?1049h\x1b[200Bx\x1b[?1049l'],
    ['saved places', line, '\x1b7\x1b8'],
    ['marks without end', 'e', '\u0301'],
    ['joiners without end', '', '👩\u200d'],
    ['wide characters over halves', `${wide}\r`, '漢\b'],
    ['steps to the right', '', '\x1b[99999Cx\n'],
    ['tabs back', line, '\x1b[Z'],
    ['a string that never ends', '', '\x1b]0;'],
    ['strings that are too long', '', `\x1b]0;${'x'.repeat(9000)}`],
    ['parameters without end', '', `\x1b[${'1;'.repeat(500)}m`],
    ['long parameters', '', `\x1b[${'38;5;9;'.repeat(30)}m`],
    ['sequences that never end', '', '\x1b['],
  ])('is bounded: %s', (_, before, piece) => {
    expect(costOf(before, piece, TIMES * lineFeeds) / lineFeeds).toBeLessThan(TIMES);
  });
});
