import type { IBufferCell, Terminal } from '@xterm/headless';
import { call, inside } from '../../../shared/terminal/emulator-internals.ts';

/**
 * What an emulator knows and shows nobody, and a screen can't be drawn without: read by name, since @xterm/headless has no interface
 * for it. test/corpus/screens.test.ts fails where a name means something else in a new version.
 */

/** How a character looks. */
export type Attributes = Pick<
  IBufferCell,
  | 'isBold'
  | 'isDim'
  | 'isItalic'
  | 'isUnderline'
  | 'isBlink'
  | 'isInverse'
  | 'isInvisible'
  | 'isStrikethrough'
  | 'isOverline'
  | 'isFgRGB'
  | 'isFgPalette'
  | 'isBgRGB'
  | 'isBgPalette'
  | 'getFgColor'
  | 'getBgColor'
>;

/** Of one of the two buffers. */
export interface BufferState {
  saved: { x: number; y: number; attributes: Attributes | null; lines: boolean };
  /** Of the scroll region, both included. */
  top: number;
  bottom: number;
  /** The columns of tab stops. */
  tabs: number[];
}

export interface HiddenState {
  active: BufferState;
  attributes: Attributes | null;
  cursorHidden: boolean;
  cursorBlink: boolean | null;
  cursorStyle: string | null;
  /** How the mouse is told: DEFAULT, SGR, SGR_PIXELS. */
  mouseEncoding: string;
  /** Which of G0 … G3 are line drawing, and which one is in use. */
  lineDrawing: boolean[];
  charset: number;
  /** The last thing was a printed character: what repeats it, or combines with it, may follow. */
  printed: boolean;
}

export function hiddenState(term: Terminal): HiddenState {
  const core = inside(term, '_core');
  const input = inside(core, '_inputHandler');
  const modes = inside(core, 'coreService', 'decPrivateModes');
  const style = inside(modes, 'cursorStyle');
  const blink = inside(modes, 'cursorBlink');
  const charsets = inside(core, '_charsetService', '_charsets');
  return {
    active: bufferState(inside(core, '_bufferService', 'buffer')),
    attributes: attributesOf(inside(input, '_curAttrData')),
    cursorHidden: inside(core, 'coreService', 'isCursorHidden') === true,
    cursorBlink: typeof blink === 'boolean' ? blink : null,
    cursorStyle: typeof style === 'string' ? style : null,
    mouseEncoding: String(inside(core, 'coreMouseService', 'activeEncoding')),
    lineDrawing: [0, 1, 2, 3].map((g) => drawsLines(inside(charsets, String(g)))),
    charset: numberOf(inside(core, '_charsetService', 'glevel')),
    printed: numberOf(inside(input, '_parser', 'precedingJoinState')) !== 0,
  };
}

/** Of the normal buffer, while a program has the alternate one. */
export function normalState(term: Terminal): BufferState {
  return bufferState(inside(term, '_core', '_bufferService', 'buffers', 'normal'));
}

/** Is it between two escape sequences? */
export function isAtRest(term: Terminal): boolean {
  return inside(term, '_core', '_inputHandler', '_parser', 'currentState') === 0;
}

/** The underline of a cell: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed; its colour as the emulator keeps it, −1 for the text's. */
export function underlineOf(cell: Attributes): { style: number; color: number; isRgb: boolean } {
  const style = (extended(cell, '_ext') >>> 26) & 7;
  // Where it links, every cell counts as underlined.
  if (cell.isUnderline() === 0 || (style === 0 && extended(cell, '_urlId') !== 0)) return { style: 0, color: -1, isRgb: false };
  const isDefault = call(cell, 'isUnderlineColorDefault') !== false;
  return {
    style: style || 1,
    color: isDefault ? -1 : numberOf(call(cell, 'getUnderlineColor')) & 0xffffff,
    isRgb: call(cell, 'isUnderlineColorRGB') === true,
  };
}

/** The parameters by which a cell is made a link; '' for one that is none. */
export function linkOf(term: Terminal, cell: Attributes): string {
  const url = extended(cell, '_urlId');
  if (url === 0) return '';
  const service = inside(term, '_core', '_oscLinkService');
  const link = call(service, 'getLinkData', url);
  const uri = inside(link, 'uri');
  const id = inside(link, 'id');
  return typeof uri === 'string' ? `id=${typeof id === 'string' ? id : `toru-${url}`};${uri}` : '';
}

/** A cell that is used again for the next keeps these of the one before. */
function extended(cell: Attributes, name: string): number {
  return numberOf(call(cell, 'hasExtendedAttrs')) === 0 ? 0 : numberOf(inside(cell, 'extended', name));
}

function bufferState(buffer: unknown): BufferState {
  const charset = inside(buffer, 'savedCharset');
  const tabs = inside(buffer, 'tabs');
  return {
    saved: {
      x: numberOf(inside(buffer, 'savedX')),
      y: Math.max(0, numberOf(inside(buffer, 'savedY')) - numberOf(inside(buffer, 'ybase'))),
      attributes: attributesOf(inside(buffer, 'savedCurAttrData')),
      lines: drawsLines(charset),
    },
    top: numberOf(inside(buffer, 'scrollTop')),
    bottom: numberOf(inside(buffer, 'scrollBottom')),
    tabs: typeof tabs === 'object' && tabs !== null ? Object.entries(tabs).flatMap(([at, set]) => (set === true ? [Number(at)] : [])) : [],
  };
}

function drawsLines(charset: unknown): boolean {
  return inside(charset, 'q') === '─';
}

function isAttributes(value: unknown): value is Attributes {
  return typeof inside(value, 'isBold') === 'function' && typeof inside(value, 'getBgColor') === 'function';
}

function attributesOf(value: unknown): Attributes | null {
  return isAttributes(value) ? value : null;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
