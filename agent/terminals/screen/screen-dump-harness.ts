import type { IBuffer } from '@xterm/headless';
import xterm from '@xterm/headless';
import { takeWidths } from '../../../shared/terminal/emulator-widths.ts';
import { styleOf } from './draw-cells.ts';
import type { DrawnScreen } from './emulated-terminal.ts';
import { EmulatedTerminal } from './emulated-terminal.ts';
import { hiddenState, linkOf } from './internals.ts';

type Emulator = InstanceType<typeof xterm.Terminal>;

export function emulator(cols: number, rows: number): Emulator {
  const term = new xterm.Terminal({ cols, rows, scrollback: 0, allowProposedApi: true, logLevel: 'off' });
  takeWidths(term);
  return term;
}

export function written(term: Emulator, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => term.write(data, resolve));
}

/** All that can be seen of it, and all that decides what it will show. */
export function dump(term: Emulator) {
  const { active, normal } = term.buffer;
  const { active: own, attributes, ...hidden } = hiddenState(term);
  const { saved, ...region } = own;
  return {
    screen: rows(term, active),
    below: active === normal ? null : rows(term, normal),
    cursor: [active.cursorX, active.cursorY],
    saved: { ...saved, attributes: saved.attributes === null ? '' : styleOf(saved.attributes) },
    region,
    attributes: attributes === null ? '' : styleOf(attributes),
    hidden,
    modes: { ...term.modes },
  };
}

function rows(term: Emulator, buffer: IBuffer): string[] {
  return Array.from({ length: term.rows }, (_, y) => {
    const line = buffer.getLine(buffer.baseY + y);
    const cells: string[] = [];
    for (let x = 0; x < term.cols; x += 1) {
      const cell = line?.getCell(x);
      if (cell === undefined) continue;
      const chars = cell.getChars();
      const link = linkOf(term, cell).replace(/^id=[^;]*/, '');
      // Of a cell without a character its ground can be seen, and nothing else.
      const style = chars === '' ? styleOf(cell).replace(/^.*?((?:48;[25];[\d;]+|4\d|10\d)?)$/, '$1') : styleOf(cell);
      cells.push(
        chars === '' && style === '' && cell.getWidth() === 1
          ? ''
          : `${chars}${cell.getWidth() === 1 ? '' : `/${cell.getWidth()}`}|${style}|${link}`,
      );
    }
    return cells.join('·').replace(/·+$/, '');
  });
}

/** The screen of a program that printed `bytes`, as a worker draws it. */
export async function drawnAfter(bytes: Buffer, cols: number, rows: number): Promise<DrawnScreen> {
  const terminal = new EmulatedTerminal({ cursor: 0, cols, rows, scrollback: 100 });
  await terminal.feed(bytes);
  const screen = terminal.draw();
  terminal.close();
  return screen;
}
