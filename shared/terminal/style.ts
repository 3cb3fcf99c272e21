/** 0–255: of the palette, whose first 16 are the theme's. From RGB on: a colour of its own, RGB + 0xrrggbb. */
export type Color = number;
export const RGB = 0x1000000;

/** 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
export type Underline = 0 | 1 | 2 | 3 | 4 | 5;

/** How a piece of output looks. Equal styles are the same object. */
export interface Style {
  readonly fg: Color | null;
  readonly bg: Color | null;
  readonly underlineColor: Color | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: Underline;
  readonly overline: boolean;
  readonly strike: boolean;
  readonly reverse: boolean;
  readonly hidden: boolean;
}

type Draft = { -readonly [K in keyof Style]: Style[K] };

const PLAIN: Style = {
  fg: null,
  bg: null,
  underlineColor: null,
  bold: false,
  dim: false,
  italic: false,
  underline: 0,
  overline: false,
  strike: false,
  reverse: false,
  hidden: false,
};
const UNDERLINES: readonly Underline[] = [0, 1, 2, 3, 4, 5];

const known = new Map<string, Style>();
/** A log that paints every character in a colour of its own must not fill the memory with them. */
const MAX_KNOWN = 4096;

/**
 * The parts of an SGR sequence's parameters, each with its sub-parameters: `1;38;5;9;4:3` has `1`, `38;5;9` and `4:3`.
 * @param params what stands between `ESC [` and `m`.
 */
export function sgrParts(params: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from <= params.length; ) {
    const end = partEnd(params, from);
    parts.push(params.slice(from, end));
    from = end + 1;
  }
  return parts;
}

/** Where the part ends that begins at `from`: 38, 48 and 58 have their colour behind them. */
function partEnd(params: string, from: number): number {
  let end = fieldEnd(params, from);
  if (end - from !== 2 || params.charAt(from + 1) !== '8' || !'345'.includes(params.charAt(from))) return end;
  const kind = fieldEnd(params, end + 1) === end + 2 ? params.charAt(end + 1) : '';
  for (let more = kind === '5' ? 2 : kind === '2' ? 4 : 0; more > 0 && end < params.length; more -= 1) end = fieldEnd(params, end + 1);
  return end;
}

function fieldEnd(params: string, from: number): number {
  const end = params.indexOf(';', from);
  return end === -1 ? params.length : end;
}

/** The style after an SGR sequence. @param before the style so far; null is plain. @returns null for plain. */
export function styleAfter(before: Style | null, params: string): Style | null {
  if (params === '' || params === '0') return null;
  const draft: Draft = { ...(before ?? PLAIN) };
  for (let from = 0; from <= params.length; ) {
    const end = partEnd(params, from);
    apply(draft, params, from, end);
    from = end + 1;
  }
  return shared(draft);
}

/** What a terminal leaves where it erases: the ground, and nothing else of the style. */
export function erasedStyle(style: Style | null): Style | null {
  return style === null || style.bg === null ? null : shared({ ...PLAIN, bg: style.bg });
}

/** Numbers of the part that is being read; -1 for one that is none. */
const numbers: number[] = [];

/** Reads the numbers of `params` from `from` to before `end`, whatever separates them. */
function readNumbers(params: string, from: number, end: number): void {
  numbers.length = 0;
  let value = 0;
  for (let i = from; i <= end; i += 1) {
    const digit = i < end ? params.charCodeAt(i) - 0x30 : -1;
    if (digit >= 0 && digit <= 9) value = value < 0 ? value : Math.min(value * 10 + digit, 100_000);
    else if (i === end || params.charAt(i) === ';' || params.charAt(i) === ':') {
      numbers.push(value);
      value = 0;
    } else value = -1;
  }
}

function apply(draft: Draft, params: string, from: number, end: number): void {
  readNumbers(params, from, end);
  const code = numbers[0] ?? 0;
  if (code >= 30 && code <= 37) draft.fg = code - 30;
  else if (code >= 40 && code <= 47) draft.bg = code - 40;
  else if (code >= 90 && code <= 97) draft.fg = code - 82;
  else if (code >= 100 && code <= 107) draft.bg = code - 92;
  else applyOther(draft, code, params.charAt(from + 2) === ':');
}

/** @param colons sub-parameters follow, and not parameters. */
function applyOther(draft: Draft, code: number, colons: boolean): void {
  switch (code) {
    case 0:
      Object.assign(draft, PLAIN);
      return;
    case 1:
      draft.bold = true;
      return;
    case 2:
      draft.dim = true;
      return;
    case 3:
      draft.italic = true;
      return;
    case 4:
      draft.underline = UNDERLINES[numbers[1] ?? 1] ?? 1;
      return;
    case 7:
      draft.reverse = true;
      return;
    case 8:
      draft.hidden = true;
      return;
    case 9:
      draft.strike = true;
      return;
    case 21:
      draft.underline = 2;
      return;
    case 22:
      draft.bold = draft.dim = false;
      return;
    case 23:
      draft.italic = false;
      return;
    case 24:
      draft.underline = 0;
      return;
    case 27:
      draft.reverse = false;
      return;
    case 28:
      draft.hidden = false;
      return;
    case 29:
      draft.strike = false;
      return;
    case 38:
      draft.fg = colorOf(colons) ?? draft.fg;
      return;
    case 39:
      draft.fg = null;
      return;
    case 48:
      draft.bg = colorOf(colons) ?? draft.bg;
      return;
    case 49:
      draft.bg = null;
      return;
    case 53:
      draft.overline = true;
      return;
    case 55:
      draft.overline = false;
      return;
    case 58:
      draft.underlineColor = colorOf(colons) ?? draft.underlineColor;
      return;
    case 59:
      draft.underlineColor = null;
      return;
  }
}

/** `38;5;n`, `38;2;r;g;b`, and with colons, where a number for the colour space may stand between. @returns null: none of these. */
function colorOf(colons: boolean): Color | null {
  const [, kind, first = -1] = numbers;
  if (kind === 5) return isByte(first) ? first : null;
  if (kind !== 2) return null;
  const at = colons && numbers.length > 5 ? 3 : 2;
  const [red = -1, green = -1, blue = -1] = [numbers[at], numbers[at + 1], numbers[at + 2]];
  return isByte(red) && isByte(green) && isByte(blue) ? RGB + red * 0x10000 + green * 0x100 + blue : null;
}

function isByte(value: number): boolean {
  return value >= 0 && value <= 255;
}

function shared(style: Style): Style | null {
  const flags =
    style.underline +
    (style.bold ? 8 : 0) +
    (style.dim ? 16 : 0) +
    (style.italic ? 32 : 0) +
    (style.overline ? 64 : 0) +
    (style.strike ? 128 : 0) +
    (style.reverse ? 256 : 0) +
    (style.hidden ? 512 : 0);
  if (flags === 0 && style.fg === null && style.bg === null && style.underlineColor === null) return null;
  const key = `${flags} ${style.fg} ${style.bg} ${style.underlineColor}`;
  const same = known.get(key);
  if (same !== undefined) return same;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, style);
  return style;
}

/** A colour of the palette from 16 on, or one of its own, as 0xrrggbb: xterm's cube of 6×6×6, then 24 greys. */
export function rgbOf(color: Color): number {
  if (color >= RGB) return color - RGB;
  if (color >= 232) return (8 + (color - 232) * 10) * 0x10101;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const at = color - 16;
  return level(Math.floor(at / 36)) * 0x10000 + level(Math.floor(at / 6) % 6) * 0x100 + level(at % 6);
}
