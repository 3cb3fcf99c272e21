import type { Terminal } from '@xterm/xterm';
import { Terminal as Emulator } from '@xterm/xterm';
import { call, inside } from '../../../../shared/terminal/emulator-internals.ts';
import { takeWidths } from '../../../../shared/terminal/emulator-widths.ts';

/** More lines than are given at once, however often they wrap. */
const ROWS_OF_A_LINE = 20;
/** Addresses of links are known by a number of the emulator that they were read in. */
const LINKS = /\u001b\]8;[^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/**
 * Puts lines above all that an emulator has, where no program can write any more; what is looked at stays where it is. It has no
 * interface for that: its lists are known by name, as @xterm/xterm 6 has them (test/browser/terminal-page.test.ts looks at the outcome).
 * @returns how many rows that were; null where it can't be done now.
 */
export async function insertAbove(term: Terminal, lines: readonly string[]): Promise<number | null> {
  const { cols } = term;
  const drawing = new Emulator({ cols, rows: 2, scrollback: lines.length * ROWS_OF_A_LINE, allowProposedApi: true });
  takeWidths(drawing);
  try {
    const text = lines.map((line) => `${line.replaceAll(LINKS, '')}\u001b[m\r\n`).join('');
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
    call(to, 'splice', 0, 0, ...rows);
    for (const name of ['ybase', 'ydisp', 'savedY']) {
      const value = inside(buffer, name);
      if (typeof value === 'number' && typeof buffer === 'object' && buffer !== null) Reflect.set(buffer, name, value + rows.length);
    }
    call(inside(term, '_core', '_viewport'), '_sync');
    term.refresh(0, term.rows - 1);
    return rows.length;
  } finally {
    drawing.dispose();
  }
}

/** Lines that may still be printed before the oldest go. */
const SPARE = 5000;
