import type { IBuffer, IBufferCell, Terminal } from '@xterm/headless';
import { CellDrawing, linkTo, styleOf } from './draw-cells.ts';
import type { Attributes, BufferState, HiddenState } from './internals.ts';
import { hiddenState, linkOf, normalState } from './internals.ts';

/** What a program set that an emulator does not keep where it can be read. */
export interface NotedState {
  title: string;
  /** The mode that opened the alternate screen: 47, 1047 or 1049. */
  alternate: number;
  /** Colours that it set, by what they are (`10`, `4;7`). */
  colors: ReadonlyMap<string, string>;
}

const ESC = '\u001b';
const CSI = `${ESC}[`;

/**
 * What makes an emulator that was reset, and has the same size, show what `term` shows, and go on as `term` would: both screens, the
 * cursor, the modes, what was saved for later, and the last character, where something may still combine with it.
 */
export function drawScreen(term: Terminal, noted: NotedState): string {
  const state = hiddenState(term);
  const { normal, alternate, active } = term.buffer;
  const isAlternate = active.type === 'alternate';
  let data = colors(noted) + (noted.title === '' ? '' : `${ESC}]0;${noted.title}\u0007`);
  if (isAlternate) {
    const below = normalState(term);
    const { x, y, attributes, lines } = below.saved;
    data += screen(term, normal);
    // 1049 saves the cursor by itself.
    if (noted.alternate === 1049) data += region(below, term.rows) + (lines ? `${ESC}(0` : '') + place(x, y, attributes);
    else data += saved(below) + region(below, term.rows) + place(normal.cursorX, normal.cursorY, null);
    data += `${CSI}?${noted.alternate}h${lines ? `${ESC}(B` : ''}${CSI}m${CSI}H`;
  }
  data += screen(term, isAlternate ? alternate : normal);
  return (
    data + tabs(state.active, term.cols) + saved(state.active) + region(state.active, term.rows) + modes(term, state) + cursor(term, state)
  );
}

function screen(term: Terminal, buffer: IBuffer): string {
  let end = term.rows;
  while (end > 0 && isBlank(buffer, buffer.baseY + end - 1)) end -= 1;
  return new CellDrawing(term, buffer).rows(buffer.baseY, buffer.baseY + end);
}

function isBlank(buffer: IBuffer, y: number): boolean {
  const line = buffer.getLine(y);
  const cell = buffer.getNullCell();
  for (let x = 0; line !== undefined && x < line.length; x += 1)
    if (line.getCell(x, cell)?.getChars() !== '' || !cell.isBgDefault()) return false;
  return true;
}

function region({ top, bottom }: BufferState, rows: number): string {
  return top === 0 && bottom === rows - 1 ? '' : `${CSI}${top + 1};${bottom + 1}r`;
}

function tabs({ tabs: columns }: BufferState, cols: number): string {
  const usual = columns.length === Math.ceil(cols / 8) && columns.every((column) => column % 8 === 0);
  return usual ? '' : `${CSI}3g${columns.map((column) => `${CSI}${column + 1}G${ESC}H`).join('')}`;
}

/** What DECSC saved. */
function saved({ saved: { x, y, attributes, lines } }: BufferState): string {
  if (x === 0 && y === 0 && (attributes === null || styleOf(attributes) === '') && !lines) return '';
  return `${lines ? `${ESC}(0` : ''}${place(x, y, attributes)}${ESC}7${lines ? `${ESC}(B` : ''}${CSI}m`;
}

function place(x: number, y: number, attributes: Attributes | null): string {
  const style = attributes === null ? '' : styleOf(attributes);
  return `${CSI}${y + 1};${x + 1}H${style === '' ? '' : `${CSI}0;${style}m`}`;
}

function modes(term: Terminal, state: HiddenState): string {
  const { modes: known, options } = term;
  const on: [boolean, string][] = [
    [known.applicationCursorKeysMode, '?1h'],
    [known.reverseWraparoundMode, '?45h'],
    [known.bracketedPasteMode, '?2004h'],
    [known.sendFocusMode, '?1004h'],
    [known.synchronizedOutputMode, '?2026h'],
    [known.mouseTrackingMode === 'x10', '?9h'],
    [known.mouseTrackingMode === 'vt200', '?1000h'],
    [known.mouseTrackingMode === 'drag', '?1002h'],
    [known.mouseTrackingMode === 'any', '?1003h'],
    [state.mouseEncoding === 'SGR', '?1006h'],
    [state.mouseEncoding === 'SGR_PIXELS', '?1016h'],
    [options.convertEol === true, '20h'],
    [state.cursorHidden, '?25l'],
    [state.cursorStyle !== null, `${shapeOf(state)} q`],
    [state.cursorStyle === null && state.cursorBlink !== null, `?12${state.cursorBlink === true ? 'h' : 'l'}`],
    [known.applicationKeypadMode, '?66h'],
    // It moves the cursor, which is placed after it.
    [known.originMode, '?6h'],
  ];
  const drawing = state.lineDrawing.map((lines, g) => (lines ? `${ESC}${['(', ')', '*', '+'][g] ?? '('}0` : '')).join('');
  const shift = ['', '\u000e', `${ESC}n`, `${ESC}o`][state.charset] ?? '';
  return on.map(([isOn, mode]) => (isOn ? CSI + mode : '')).join('') + drawing + shift;
}

function shapeOf({ cursorStyle, cursorBlink }: HiddenState): number {
  const shape = { block: 1, underline: 3, bar: 5 }[cursorStyle ?? ''] ?? 1;
  return cursorBlink === false ? shape + 1 : shape;
}

/**
 * Last of all. The character before the cursor is printed once more where it was the last thing: REP repeats it, accents join it, and
 * a full line waits to wrap.
 */
function cursor(term: Terminal, state: HiddenState): string {
  const { active } = term.buffer;
  const { wraparoundMode, insertMode, originMode } = term.modes;
  const rest = (wraparoundMode ? '' : `${CSI}?7l`) + (insertMode ? `${CSI}4h` : '');
  const y = active.cursorY - (originMode ? state.active.top : 0);
  const { attributes } = state;
  const link = attributes === null ? '' : linkOf(term, attributes);
  const linked = link === '' ? '' : linkTo(link);
  const style = attributes === null ? '' : styleOf(attributes);
  const styled = style === '' ? '' : `${CSI}0;${style}m`;
  const isFull = active.cursorX === term.cols;
  const last = isFull || (state.printed && !insertMode) ? lastCell(active) : null;
  if (last === null) return `${rest}${linked}${CSI}${y + 1};${active.cursorX + 1}H${styled}`;
  const { x, cell } = last;
  const own = styleOf(cell);
  const chars = cell.getChars() === '' ? ' ' : cell.getChars();
  const place = `${CSI}${y + 1};${x + 1}H`;
  if (state.printed) return `${rest}${linked}${place}${styled}${chars}`;
  const its = linkOf(term, cell);
  const after = its === link ? '' : linkTo(link);
  return `${rest}${its === '' ? '' : linkTo(its)}${place}${own === '' ? '' : `${CSI}0;${own}m`}${chars}${CSI}m${styled}${after}`;
}

/** What stands before the cursor. */
function lastCell(buffer: IBuffer): { x: number; cell: IBufferCell } | null {
  const line = buffer.getLine(buffer.baseY + buffer.cursorY);
  const at = buffer.cursorX - 1;
  const x = line?.getCell(at)?.getWidth() === 0 ? at - 1 : at;
  const cell = line?.getCell(x);
  return cell === undefined ? null : { x, cell };
}

function colors({ colors: set }: NotedState): string {
  return [...set].map(([what, color]) => `${ESC}]${what};${color}\u0007`).join('');
}
