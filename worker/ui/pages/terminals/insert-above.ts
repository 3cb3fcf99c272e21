import type { Terminal } from '@xterm/xterm';
import { Terminal as Emulator } from '@xterm/xterm';
import { call, inside } from '../../../../shared/terminal/emulator-internals.ts';
import { takeWidths } from '../../../../shared/terminal/emulator-widths.ts';

/** More lines than are given at once, however often they wrap. */
const ROWS_OF_A_LINE = 20;
/**
 * Puts lines above all that an emulator has, where no program can write any more; what is looked at stays where it is. It has no
 * interface for that: its lists are known by name, as @xterm/xterm 6 has them (test/browser/terminal-page.test.ts looks at the outcome).
 * @param drop so many of its rows go before. @returns how many rows were put there; null where it can't be done now.
 */
export async function insertAbove(term: Terminal, lines: readonly string[], drop = 0): Promise<number | null> {
  const { cols } = term;
  const drawing = new Emulator({ cols, rows: 2, scrollback: lines.length * ROWS_OF_A_LINE, allowProposedApi: true });
  takeWidths(drawing);
  try {
    const text = lines.map((line) => `${line}\u001b]8;;\u001b\\\u001b[m\r\n`).join('');
    await new Promise<void>((resolve) => drawing.write(text, resolve));
    // The window got another width meanwhile.
    if (term.cols !== cols) return null;
    const { baseY, cursorY } = drawing.buffer.normal;
    const from = inside(drawing, '_core', '_bufferService', 'buffers', 'normal', 'lines');
    const rows = Array.from({ length: baseY + cursorY }, (_, y) => call(from, 'get', y));
    const buffer = inside(term, '_core', '_bufferService', 'buffers', 'normal');
    const to = inside(buffer, 'lines');
    if (rows.includes(undefined) || typeof inside(to, 'splice') !== 'function') return null;
    term.options.scrollback = Math.max(term.options.scrollback ?? 0, term.buffer.normal.baseY + rows.length + SPARE);
    takeAddresses(term, drawing, rows);
    call(to, 'splice', 0, drop, ...rows);
    for (const name of ['ybase', 'ydisp', 'savedY']) {
      const value = inside(buffer, name);
      if (typeof value === 'number' && typeof buffer === 'object' && buffer !== null) Reflect.set(buffer, name, value + rows.length - drop);
    }
    call(inside(term, '_core', '_viewport'), '_sync');
    term.refresh(0, term.rows - 1);
    return rows.length;
  } finally {
    drawing.dispose();
  }
}

/** The address of a link is known by a number of the emulator that read it: rows that move to another one get its numbers. */
function takeAddresses(to: Terminal, from: Terminal, rows: readonly unknown[]): void {
  const numbers = new Map<number, unknown>();
  const seen = new Set<object>();
  for (const row of rows) {
    const looks = inside(row, '_extendedAttrs');
    for (const look of typeof looks === 'object' && looks !== null ? Object.values(looks) : []) {
      const number = inside(look, 'urlId');
      if (typeof look !== 'object' || look === null || typeof number !== 'number' || number === 0 || seen.has(look)) continue;
      // Cells beside each other may share it.
      seen.add(look);
      if (!numbers.has(number)) {
        const link = call(inside(from, '_core', '_oscLinkService'), 'getLinkData', number);
        numbers.set(number, link === undefined ? 0 : call(inside(to, '_core', '_oscLinkService'), 'registerLink', link));
      }
      Reflect.set(look, 'urlId', numbers.get(number) ?? 0);
    }
  }
}

/** Lines that may still be printed before the oldest go. */
const SPARE = 5000;
