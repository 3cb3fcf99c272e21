/** Colours that a script chose, as they can be read: text has at least 4.5:1 against its ground (WCAG 2.2, 1.4.3). */

/** 0xrrggbb. */
export type Rgb = number;

/** The log's own ink, light and dark, as in log-view.css: what is reversed lies on it. */
const INKS: readonly [light: Rgb, dark: Rgb] = [0x26221d, 0xe6e0d6];
/** A terminal's sixteen, on grounds that a script chose. */
const SIXTEEN: readonly Rgb[] = [
  0x1d1a16, 0xb3372c, 0x2f7d4a, 0xa87a10, 0x2a69ad, 0x96469a, 0x1a7d84, 0xd3ccc0, 0x6d665a, 0xe0604f, 0x58b377, 0xe3b64b, 0x6aa2e6,
  0xc67cc9, 0x5bbcc4, 0xffffff,
];
const WHITE: Rgb = 0xffffff;
const BLACK: Rgb = 0x000000;
const LEAST = 4.5;
const STEPS = 16;

export function sixteen(index: number): Rgb {
  return SIXTEEN[index] ?? BLACK;
}

const known = new Map<number, Rgb>();

/** The colour itself where it can be read on its ground; else as much lighter or darker as it takes. */
export function readable(text: Rgb, ground: Rgb): Rgb {
  const key = text * 0x1000000 + ground;
  let found = known.get(key);
  if (found === undefined) {
    found = made(text, ground);
    // A script may print sixteen million of them.
    if (known.size > 4000) known.clear();
    known.set(key, found);
  }
  return found;
}

/** Text of this colour on the log's own ink, in both themes: a CSS colour. */
export function readableOnInk(text: Rgb): string {
  const [light, dark] = INKS.map((ground) => hex(readable(text, ground)));
  return light === dark ? (light ?? '') : `light-dark(${light}, ${dark})`;
}

/** Ink for a ground: whichever of black and white can be read better. */
export function inkOn(ground: Rgb): Rgb {
  return contrast(WHITE, ground) > contrast(BLACK, ground) ? WHITE : BLACK;
}

export function hex(color: Rgb): string {
  return `#${color.toString(16).padStart(6, '0')}`;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function made(text: Rgb, ground: Rgb): Rgb {
  const ink = inkOn(ground);
  for (let step = 0; step < STEPS; step += 1) {
    const mixed = mix(text, ink, step / STEPS);
    if (contrast(mixed, ground) >= LEAST) return mixed;
  }
  return ink;
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  const channel = (shift: number): number => {
    const from = (a >> shift) & 0xff;
    return Math.round(from + (((b >> shift) & 0xff) - from) * part) << shift;
  };
  return channel(16) | channel(8) | channel(0);
}

function luminance(color: Rgb): number {
  const linear = (shift: number): number => {
    const value = ((color >> shift) & 0xff) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0);
}
