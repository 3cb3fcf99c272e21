import type { COLORS } from '../../shared/actions.ts';
import { isOneEmoji } from '../../shared/emoji.ts';
import { GLYPH_PATHS } from './glyph-paths.ts';
import { LETTER_PATHS } from './letter-paths.ts';
import { outline, type Segment } from './outline.ts';
import { type Colour, encodePng } from './png.ts';

/**
 * PNG icons for home screens. An icon is told by its address alone, `/icons/<colour>/<sign>/<size>.png`: it is drawn from that, asks
 * no host, and says of no action that there is one. So it needs no session, which a phone's home screen would not send along.
 */

/** Grounds by name. Those of actions are the page's (worker/ui/styles/tokens.css); `toru` is the app's own. */
export const GROUNDS: Readonly<Record<(typeof COLORS)[number] | 'toru', string>> = {
  slate: '#5b6270',
  red: '#b83a30',
  orange: '#b4521a',
  amber: '#8f6400',
  green: '#2d7546',
  teal: '#137273',
  blue: '#2a69ad',
  violet: '#7056b4',
  pink: '#ad4078',
  toru: '#1d1a16',
};

/** Toru's gate, as worker/ui/parts/mark.tsx draws it, moved from its square of 32 into one of 24. */
const GATE = 'M2.5 4.75c3 1 6.1 1.4 9.5 1.4s6.5-.4 9.5-1.4M4.5 10.75h15M7.5 6.75v12.5M16.5 6.75v12.5';

/** Pixels that are asked for: 180 for an iPhone's home screen; 192 and 512 for others. */
const SIZES: ReadonlySet<string> = new Set(['96', '180', '192', '512']);

/**
 * `any`: a rounded square with nothing around it. `maskable`: to the edges, with what counts in the inner circle, whose diameter is
 * four fifths of the side (https://w3c.github.io/manifest/#icon-masks); so are those of 180 pixels, whose corners iOS cuts.
 */
export interface IconLook {
  colour: keyof typeof GROUNDS;
  /** A name of GLYPH_PATHS, `letter-` with one of LETTER_PATHS, or `gate`. */
  sign: string;
  size: number;
  maskable: boolean;
}

/** The look that an address names, or null when it names none. */
export function iconAt(pathname: string): IconLook | null {
  const [, colour = '', sign = '', size = '', maskable] = /^\/icons\/([a-z]+)\/([a-z0-9-]+)\/(\d+)(-maskable)?\.png$/.exec(pathname) ?? [];
  if (!isGround(colour) || !SIZES.has(size) || linesOf(sign) === null) return null;
  return { colour, sign, size: Number(size), maskable: maskable !== undefined || size === '180' };
}

/** Where the icons of an action are, without the size: `/icons/<colour>/<sign>/`. @param icon a name of the set, or one emoji. */
export function iconFolder({ icon, color, label }: { icon: string; color: keyof typeof GROUNDS; label: string }): string {
  return `/icons/${color}/${isOneEmoji(icon) ? letterOf(label) : GLYPH_PATHS.has(icon) ? icon : 'play'}/`;
}

/** The first letter or digit of a name that we can draw. */
function letterOf(label: string): string {
  const [letter] = /[a-z0-9]/.exec(label.normalize('NFKD').toLowerCase()) ?? [];
  return letter === undefined ? 'play' : `letter-${letter}`;
}

/** The bytes of the PNG. */
export async function drawIcon({ colour, sign, size, maskable }: IconLook): Promise<Uint8Array<ArrayBuffer>> {
  const pixels = new Uint8Array(size * size);
  if (maskable) pixels.fill(LAST_SHADE * SHADES);
  else roundedSquare(pixels, size);
  const stroke = colour === 'toru' ? 2.6 : 2;
  const unit = (size * (maskable && size !== 180 ? 0.52 : 0.6)) / 24;
  drawStroke(pixels, size, linesOf(sign) ?? [], unit, (size - 24 * unit) / 2, (stroke * unit) / 2);
  return encodePng(size, pixels, paletteOf(rgb(GROUNDS[colour]), rgb(colour === 'toru' ? '#ef6a4c' : '#ffffff')));
}

/** A pixel is (how much ground, how much ink): 16 shades each, as one index of a palette of 256. */
const SHADES = 16;
const LAST_SHADE = SHADES - 1;

function paletteOf(ground: readonly number[], ink: readonly number[]): Colour[] {
  return Array.from({ length: SHADES * SHADES }, (_, index) => {
    const cover = Math.floor(index / SHADES) / LAST_SHADE;
    const inked = (index % SHADES) / LAST_SHADE;
    const mix = (part: number): number => Math.round((ground[part] ?? 0) * (1 - inked) + (ink[part] ?? 0) * inked);
    return [mix(0), mix(1), mix(2), Math.round(cover * 255)];
  });
}

/** Corners of two ninths of the side, a pixel of room around it. */
function roundedSquare(pixels: Uint8Array, size: number): void {
  const half = size / 2 - 1;
  const radius = (size * 2) / 9;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const dx = Math.max(Math.abs(x + 0.5 - size / 2) - half + radius, 0);
      const dy = Math.max(Math.abs(y + 0.5 - size / 2) - half + radius, 0);
      pixels[y * size + x] = shade(radius - Math.hypot(dx, dy)) * SHADES;
    }
  }
}

/** Lines with round ends and corners: all that is nearer than `radius` to one of them. */
function drawStroke(pixels: Uint8Array, size: number, segments: readonly Segment[], unit: number, margin: number, radius: number): void {
  for (const segment of segments) {
    const [ax, ay, bx, by] = segment.map((part) => part * unit + margin);
    if (ax === undefined || ay === undefined || bx === undefined || by === undefined) continue;
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const edge = radius + 1;
    const last = size - 1;
    for (let y = Math.max(0, Math.floor(Math.min(ay, by) - edge)); y <= Math.min(last, Math.ceil(Math.max(ay, by) + edge)); y += 1) {
      for (let x = Math.max(0, Math.floor(Math.min(ax, bx) - edge)); x <= Math.min(last, Math.ceil(Math.max(ax, bx) + edge)); x += 1) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        const ink = shade(radius - Math.hypot(px - along * dx, py - along * dy));
        const at = y * size + x;
        const before = pixels[at] ?? 0;
        if (ink > before % SHADES) pixels[at] = before - (before % SHADES) + ink;
      }
    }
  }
}

/** How much of a pixel is covered whose middle is so far inside an edge. */
function shade(inside: number): number {
  return Math.round(Math.min(1, Math.max(0, inside + 0.5)) * LAST_SHADE);
}

function linesOf(sign: string): Segment[] | null {
  const letter = sign.startsWith('letter-') ? sign.slice('letter-'.length) : '';
  const path = sign === 'gate' ? GATE : Object.hasOwn(LETTER_PATHS, letter) ? LETTER_PATHS[letter] : GLYPH_PATHS.get(sign);
  return path === undefined ? null : outline(path);
}

function isGround(name: string): name is keyof typeof GROUNDS {
  return Object.hasOwn(GROUNDS, name);
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
