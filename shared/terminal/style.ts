/** 0–255: of the palette, whose first 16 are the theme's. From RGB on: a colour of its own, RGB + 0xrrggbb. */
export type Color = number;
export const RGB = 0x1000000;

/** 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
export type Underline = 0 | 1 | 2 | 3 | 4 | 5;

const BITS = { bold: 8, dim: 16, italic: 32, overline: 64, strike: 128, reverse: 256, hidden: 512 } as const;
/** The lowest bits are the underline's. */
const UNDERLINE = 7;

/**
 * How a piece of output looks. It never changes; two that look alike may be two objects: `sameStyle` tells. It is small, for a
 * log may have one for each character.
 */
export class Style {
  readonly fg: Color | null;
  readonly bg: Color | null;
  readonly underlineColor: Color | null;
  /** All that is no colour, in bits. */
  readonly bits: number;
  /** The address of a web page that the text leads to (OSC 8). */
  readonly link: string | null;

  constructor(fg: Color | null, bg: Color | null, underlineColor: Color | null, bits: number, link: string | null = null) {
    this.fg = fg;
    this.bg = bg;
    this.underlineColor = underlineColor;
    this.bits = bits;
    this.link = link;
  }

  get bold(): boolean {
    return (this.bits & BITS.bold) !== 0;
  }

  get dim(): boolean {
    return (this.bits & BITS.dim) !== 0;
  }

  get italic(): boolean {
    return (this.bits & BITS.italic) !== 0;
  }

  get underline(): Underline {
    return UNDERLINES[this.bits & UNDERLINE] ?? 0;
  }

  get overline(): boolean {
    return (this.bits & BITS.overline) !== 0;
  }

  get strike(): boolean {
    return (this.bits & BITS.strike) !== 0;
  }

  get reverse(): boolean {
    return (this.bits & BITS.reverse) !== 0;
  }

  get hidden(): boolean {
    return (this.bits & BITS.hidden) !== 0;
  }
}

const [ZERO, NINE, COLON, SEMICOLON] = [0x30, 0x39, 0x3a, 0x3b];

const UNDERLINES: readonly Underline[] = [0, 1, 2, 3, 4, 5];

/**
 * The parts of an SGR sequence's parameters, each with its sub-parameters: `1;38;5;9;4:3` has `1`, `38;5;9` and `4:3`.
 * @param params what stands between `ESC [` and `m`.
 */
export function sgrParts(params: string): string[] {
  read(params);
  const parts: string[] = [];
  for (let from = 0; from < count; ) {
    const end = partEnd(from);
    parts.push(params.slice(starts[from], end < count ? (starts[end] ?? 0) - 1 : undefined));
    from = end;
  }
  return parts;
}

/** More numbers than any sequence has. */
const MOST = 300;
/** The numbers of the sequence that is being read, -1 for what is none: how many, where each begins, and whether a colon stands before it. */
let count = 0;
const numbers = new Int32Array(MOST);
const starts = new Int32Array(MOST);
const colons = new Uint8Array(MOST);

function read(params: string): void {
  count = 0;
  starts[0] = colons[0] = 0;
  let value = 0;
  for (let i = 0; i < params.length && count < MOST - 1; i += 1) {
    const code = params.charCodeAt(i);
    if (code === SEMICOLON || code === COLON) {
      numbers[count] = value;
      count += 1;
      starts[count] = i + 1;
      colons[count] = code === COLON ? 1 : 0;
      value = 0;
    } else if (code < ZERO || code > NINE) value = -1;
    else if (value >= 0) value = Math.min(value * 10 + code - ZERO, 100_000);
  }
  numbers[count] = value;
  count += 1;
}

/** The number after the last of the part that begins with a number: 38, 48 and 58 have their colour behind them. */
function partEnd(from: number): number {
  let end = from + 1;
  while (end < count && colons[end] === 1) end += 1;
  const code = numbers[from];
  if ((code !== 38 && code !== 48 && code !== 58) || end > from + 1 || colons[end + 1] === 1) return end;
  const kind = end < count ? numbers[end] : 0;
  return Math.min(count, end + (kind === 5 ? 2 : kind === 2 ? 4 : 0));
}

/** The style after an SGR sequence. @param before the style so far; null is plain. @returns null for plain. */
export function styleAfter(before: Style | null, params: string): Style | null {
  const link = before?.link ?? null;
  // A link goes on until another sequence ends it.
  if (params === '' || params === '0') return link === null ? null : new Style(null, null, null, 0, link);
  draft.fg = before?.fg ?? null;
  draft.bg = before?.bg ?? null;
  draft.underlineColor = before?.underlineColor ?? null;
  draft.bits = before?.bits ?? 0;
  read(params);
  for (let from = 0; from < count; ) {
    const end = partEnd(from);
    apply(from, end);
    from = end;
  }
  const { fg, bg, underlineColor, bits } = draft;
  const plain = bits === 0 && fg === null && bg === null && underlineColor === null && link === null;
  return plain ? null : new Style(fg, bg, underlineColor, bits, link);
}

/** The style with another link, or with none. */
export function linkedStyle(style: Style | null, link: string | null): Style | null {
  const { fg = null, bg = null, underlineColor = null, bits = 0 } = style ?? {};
  if (link === null && bits === 0 && fg === null && bg === null && underlineColor === null) return null;
  return new Style(fg, bg, underlineColor, bits, link);
}

/** Whether two styles look alike; null is plain. */
export function sameStyle(a: Style | null, b: Style | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  return a.fg === b.fg && a.bg === b.bg && a.bits === b.bits && a.underlineColor === b.underlineColor && a.link === b.link;
}

/** The style of an erased cell: the ground, and nothing else of the style. */
export function erasedStyle(style: Style | null): Style | null {
  return style === null || style.bg === null ? null : new Style(null, style.bg, null, 0, null);
}

interface Draft {
  fg: Color | null;
  bg: Color | null;
  underlineColor: Color | null;
  bits: number;
}

/** The style that an SGR sequence is making. */
const draft: Draft = { fg: null, bg: null, underlineColor: null, bits: 0 };

/** Applies the part of numbers from `from` to before `end`. */
function apply(from: number, end: number): void {
  const code = numbers[from] ?? 0;
  if (code >= 30 && code <= 37) draft.fg = code - 30;
  else if (code >= 40 && code <= 47) draft.bg = code - 40;
  else if (code >= 90 && code <= 97) draft.fg = code - 82;
  else if (code >= 100 && code <= 107) draft.bg = code - 92;
  else applyOther(code, from, end);
}

function applyOther(code: number, from: number, end: number): void {
  switch (code) {
    case 0:
      draft.fg = draft.bg = draft.underlineColor = null;
      draft.bits = 0;
      return;
    case 1:
      draft.bits |= BITS.bold;
      return;
    case 2:
      draft.bits |= BITS.dim;
      return;
    case 3:
      draft.bits |= BITS.italic;
      return;
    case 4:
      underline(end > from + 1 ? (UNDERLINES[numbers[from + 1] ?? 1] ?? 1) : 1);
      return;
    case 7:
      draft.bits |= BITS.reverse;
      return;
    case 8:
      draft.bits |= BITS.hidden;
      return;
    case 9:
      draft.bits |= BITS.strike;
      return;
    case 21:
      underline(2);
      return;
    case 22:
      draft.bits &= ~(BITS.bold | BITS.dim);
      return;
    case 23:
      draft.bits &= ~BITS.italic;
      return;
    case 24:
      underline(0);
      return;
    case 27:
      draft.bits &= ~BITS.reverse;
      return;
    case 28:
      draft.bits &= ~BITS.hidden;
      return;
    case 29:
      draft.bits &= ~BITS.strike;
      return;
    case 38:
      draft.fg = colorOf(from, end) ?? draft.fg;
      return;
    case 39:
      draft.fg = null;
      return;
    case 48:
      draft.bg = colorOf(from, end) ?? draft.bg;
      return;
    case 49:
      draft.bg = null;
      return;
    case 53:
      draft.bits |= BITS.overline;
      return;
    case 55:
      draft.bits &= ~BITS.overline;
      return;
    case 58:
      draft.underlineColor = colorOf(from, end) ?? draft.underlineColor;
      return;
    case 59:
      draft.underlineColor = null;
      return;
  }
}

function underline(kind: Underline): void {
  draft.bits = (draft.bits & ~UNDERLINE) | kind;
}

/** `38;5;n`, `38;2;r;g;b`, and with colons, where a number for the colour space may stand between. @returns null: none of these. */
function colorOf(from: number, end: number): Color | null {
  const kind = end > from + 1 ? numbers[from + 1] : 0;
  const first = end > from + 2 ? (numbers[from + 2] ?? -1) : -1;
  if (kind === 5) return isByte(first) ? first : null;
  const at = from + (colons[from + 1] === 1 && end - from > 5 ? 3 : 2);
  if (kind !== 2 || end < at + 3) return null;
  const [red, green, blue] = [numbers[at] ?? -1, numbers[at + 1] ?? -1, numbers[at + 2] ?? -1];
  return isByte(red) && isByte(green) && isByte(blue) ? RGB + red * 0x10000 + green * 0x100 + blue : null;
}

function isByte(value: number): boolean {
  return value >= 0 && value <= 255;
}

/** A colour of the palette from 16 on, or one of its own, as 0xrrggbb: xterm's cube of 6×6×6, then 24 greys. */
export function rgbOf(color: Color): number {
  if (color >= RGB) return color - RGB;
  if (color >= 232) return (8 + (color - 232) * 10) * 0x10101;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const at = color - 16;
  return level(Math.floor(at / 36)) * 0x10000 + level(Math.floor(at / 6) % 6) * 0x100 + level(at % 6);
}
