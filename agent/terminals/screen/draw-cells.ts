import type { IBuffer, IBufferCell, Terminal } from '@xterm/headless';
import type { Attributes } from './internals.ts';
import { linkOf, underlineOf } from './internals.ts';

/** Draws rows of an emulator's buffer, on one that has nothing in them yet. */
export class CellDrawing {
  readonly #term: Terminal;
  readonly #buffer: IBuffer;
  readonly #cell: IBufferCell;
  readonly #last: IBufferCell;
  #style: Style = PLAIN;
  #link = '';

  constructor(term: Terminal, buffer: IBuffer) {
    this.#term = term;
    this.#buffer = buffer;
    this.#cell = buffer.getNullCell();
    this.#last = buffer.getNullCell();
  }

  /** @param from the first line of the buffer. @param to the one after the last. Between lines that are one line of text nothing breaks it. */
  rows(from: number, to: number): string {
    const drawn: string[] = [];
    for (let y = from; y < to; y += 1) drawn.push(this.#row(y), y + 1 < to && !this.#flowsOn(y) ? '\r\n' : '');
    return drawn.join('') + this.#linked('') + this.#styled(PLAIN);
  }

  #row(y: number): string {
    const line = this.#buffer.getLine(y);
    if (line === undefined) return '';
    let drawn = '';
    let blank = 0;
    let ground = '';
    /** Cells without a character, of one ground: it is filled in, then stepped over. */
    const flush = (isEnd: boolean): void => {
      if (blank > 0 && ground !== '') drawn += `${this.#linked('')}${this.#styled(this.#onGround(ground))}\u001b[${blank}X`;
      if (blank > 0 && !isEnd) drawn += `\u001b[${blank}C`;
      blank = 0;
    };
    for (let x = 0; x < line.length; x += 1) {
      const cell = line.getCell(x, this.#cell);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const chars = cell.getChars();
      if (chars === '') {
        const its = groundOf(cell);
        if (its !== ground) flush(false);
        ground = its;
        blank += 1;
        continue;
      }
      flush(false);
      drawn += this.#styled(partsOf(cell)) + this.#linked(linkOf(this.#term, cell)) + chars;
    }
    flush(true);
    return drawn;
  }

  /** Did the next line begin because this one was full? */
  #flowsOn(y: number): boolean {
    const line = this.#buffer.getLine(y);
    const next = this.#buffer.getLine(y + 1);
    if (line === undefined || next?.isWrapped !== true) return false;
    const first = next.getCell(0, this.#cell);
    if (first === undefined || first.getChars() === '') return false;
    const isWide = first.getWidth() === 2;
    const end = line.getCell(line.length - 1, this.#last);
    if (end === undefined) return false;
    if (end.getWidth() === 0 || end.getChars() !== '') return true;
    // A wide one that did not fit left a blank.
    return isWide && groundOf(end) === '' && (line.getCell(line.length - 2, this.#last)?.getChars() ?? '') !== '';
  }

  #styled(style: Style): string {
    const before = this.#style;
    this.#style = style;
    return changeOfStyle(before, style);
  }

  /** What fills cells with a ground: of a text's colour nothing is seen there. */
  #onGround(ground: string): Style {
    return this.#style.attributes === '' ? { ...this.#style, ground } : { ...PLAIN, ground };
  }

  #linked(link: string): string {
    if (link === this.#link) return '';
    this.#link = link;
    return linkTo(link);
  }
}

/** @param link as `linkOf` says it. */
export function linkTo(link: string): string {
  return `\u001b]8;${link === '' ? ';' : link}\u001b\\`;
}

/** How characters look: parameters of SGR; '' as plain ones have it. */
interface Style {
  attributes: string;
  text: string;
  ground: string;
  underline: string;
}
const PLAIN: Style = { attributes: '', text: '', ground: '', underline: '' };

/** The parameters that make characters look so; '' for plain ones. */
export function styleOf(cell: Attributes): string {
  return joined(partsOf(cell));
}

function partsOf(cell: Attributes): Style {
  const style: (number | string)[] = [];
  if (cell.isBold() !== 0) style.push(1);
  if (cell.isDim() !== 0) style.push(2);
  if (cell.isItalic() !== 0) style.push(3);
  const underline = underlineOf(cell);
  if (underline.style !== 0) style.push(underline.style === 1 ? 4 : `4:${underline.style}`);
  if (cell.isBlink() !== 0) style.push(5);
  if (cell.isInverse() !== 0) style.push(7);
  if (cell.isInvisible() !== 0) style.push(8);
  if (cell.isStrikethrough() !== 0) style.push(9);
  if (cell.isOverline() !== 0) style.push(53);
  const text = cell.isFgRGB() ? `38;2;${rgb(cell.getFgColor())}` : cell.isFgPalette() ? palette(cell.getFgColor(), 30) : '';
  const line = underline.isRgb ? `58:2::${rgb(underline.color).replaceAll(';', ':')}` : `58:5:${underline.color & 0xff}`;
  return { attributes: style.join(';'), text, ground: groundOf(cell), underline: underline.color < 0 ? '' : line };
}

function joined({ attributes, text, ground, underline }: Style): string {
  return [attributes, text, ground, underline].filter((part) => part !== '').join(';');
}

/** What makes of one look another: what is different, or all of it where that is shorter. */
function changeOfStyle(from: Style, to: Style): string {
  const added = addedAttributes(from.attributes, to.attributes);
  const changed = [
    added ?? '',
    to.text === from.text ? '' : to.text || '39',
    to.ground === from.ground ? '' : to.ground || '49',
    to.underline === from.underline ? '' : to.underline || '59',
  ].filter((part) => part !== '');
  if (added === '' && changed.length === 0) return '';
  const style = joined(to);
  const all = style === '' ? '' : `0;${style}`;
  const difference = changed.join(';');
  return `\u001b[${added === null || all.length < difference.length ? all : difference}m`;
}

/** @returns null where one has to go. */
function addedAttributes(from: string, to: string): string | null {
  if (from === to) return '';
  if (from === '') return to;
  const [before, after] = [from.split(';'), to.split(';')];
  return before.every((one) => after.includes(one)) ? after.filter((one) => !before.includes(one)).join(';') : null;
}

function groundOf(cell: Attributes): string {
  if (cell.isBgRGB()) return `48;2;${rgb(cell.getBgColor())}`;
  return cell.isBgPalette() ? palette(cell.getBgColor(), 40) : '';
}

function palette(color: number, first: number): string {
  if (color < 8) return String(first + color);
  return color < 16 ? String(first + 52 + color) : `${first + 8};5;${color}`;
}

function rgb(color: number): string {
  return [16, 8, 0].map((shift) => (color >>> shift) & 0xff).join(';');
}
