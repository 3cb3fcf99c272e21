import Anser from 'anser';

/** 0–15: a colour of the theme. Otherwise a CSS colour. */
export type Color = number | string;

/** How a piece of output looks. Equal styles are the same object. */
export interface Style {
  fg: Color | null;
  bg: Color | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  reverse: boolean;
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const known = new Map<string, Style>();
/** A log that paints every character in a colour of its own must not fill the memory with them. */
const MAX_KNOWN = 4096;

/**
 * The style after an SGR sequence (`ESC [ codes m`).
 * @param before the style so far; null is plain. @returns null for plain.
 */
export function styleAfter(before: Style | null, codes: string): Style | null {
  const sequence = `\x1b[0;${before === null ? '' : `${codesOf(before)};`}${codes === '' ? '0' : codes.replace(/:+/g, ';')}mx`;
  const seen = Anser.ansiToJson(sequence, { use_classes: true, json: true }).at(-1);
  if (seen === undefined || !seen.was_processed) return null;
  const has = new Set(seen.decorations);
  const front = colorOf(seen.fg, seen.fg_truecolor);
  const back = colorOf(seen.bg, seen.bg_truecolor);
  // Reversed, the parser has swapped the two already, with black and white for what was not set: back to what was said.
  const [fg, bg] = has.has('reverse') ? [back === 7 ? null : back, front === 0 ? null : front] : [front, back];
  return shared({
    fg,
    bg,
    bold: has.has('bold'),
    // What is concealed is still the script's output: shown, but faintly.
    dim: has.has('dim') || has.has('hidden'),
    italic: has.has('italic'),
    underline: has.has('underline'),
    strike: has.has('strikethrough'),
    reverse: has.has('reverse'),
  });
}

function shared(style: Style): Style {
  const key = JSON.stringify(style);
  const same = known.get(key);
  if (same !== undefined) return same;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, style);
  return style;
}

function colorOf(name: string | null, rgb: string | null): Color | null {
  if (name === null) return null;
  if (name === 'ansi-truecolor') return rgb === null ? null : `rgb(${rgb})`;
  const palette = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (palette !== undefined) return paletteColor(Number(palette));
  const bright = name.startsWith('ansi-bright-');
  const index = NAMES.indexOf(name.slice(bright ? 12 : 5));
  return index === -1 ? null : index + (bright ? 8 : 0);
}

/** The 256 colours of xterm: a 6×6×6 cube, then 24 greys. The first 16 are the theme's. */
export function paletteColor(index: number): Color {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const at = index - 16;
  return `rgb(${level(Math.floor(at / 36))}, ${level(Math.floor(at / 6) % 6)}, ${level(at % 6)})`;
}

/** The shortest SGR codes that give this style. */
function codesOf(style: Style): string {
  const codes: (number | string)[] = [];
  if (style.bold) codes.push(1);
  if (style.dim) codes.push(2);
  if (style.italic) codes.push(3);
  if (style.underline) codes.push(4);
  if (style.reverse) codes.push(7);
  if (style.strike) codes.push(9);
  if (style.fg !== null) codes.push(colorCode(style.fg, 30));
  if (style.bg !== null) codes.push(colorCode(style.bg, 40));
  return codes.join(';');
}

function colorCode(color: Color, base: 30 | 40): string {
  if (typeof color === 'number') return String(color < 8 ? base + color : base + 60 + color - 8);
  return `${base + 8};2;${(color.match(/\d+/g) ?? []).join(';')}`;
}
