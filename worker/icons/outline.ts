/** A line from one point to another: x, y, x, y. */
export type Segment = readonly [number, number, number, number];

type Point = readonly [x: number, y: number];

/** How far a chord may be from its curve, in the units of the path: nothing that is seen at 512 pixels for 24 units. */
const TOLERANCE = 0.01;

/** How many numbers follow each command of an SVG path. */
const ARITY: Readonly<Record<string, number>> = { m: 2, l: 2, h: 1, v: 1, c: 6, s: 4, q: 4, t: 2, a: 7, z: 0 };

/**
 * The lines of an SVG path (https://www.w3.org/TR/SVG2/paths.html#PathData), with curves and arcs as chords. A point that is
 * moved to and drawn nowhere has none. @throws Error on what is no path.
 */
export function outline(path: string): Segment[] {
  const segments: Segment[] = [];
  let at: Point = [0, 0];
  let start: Point = at;
  /** The last control point of a curve, for the smooth ones, and whose it was. */
  let control: Point = at;
  let before = '';
  const line = (to: Point): void => {
    segments.push([at[0], at[1], to[0], to[1]]);
    at = to;
  };
  for (const { command, numbers } of steps(path)) {
    const kind = command.toLowerCase();
    const [ox, oy] = command === kind ? at : [0, 0];
    const point = (i: number): Point => [ox + (numbers[i] ?? 0), oy + (numbers[i + 1] ?? 0)];
    const mirrored = (kinds: string): Point => (kinds.includes(before) ? [2 * at[0] - control[0], 2 * at[1] - control[1]] : at);
    if (kind === 'm') {
      at = point(0);
      start = at;
    } else if (kind === 'l') line(point(0));
    else if (kind === 'h') line([ox + (numbers[0] ?? 0), at[1]]);
    else if (kind === 'v') line([at[0], oy + (numbers[0] ?? 0)]);
    else if (kind === 'z') line(start);
    else if (kind === 'a') {
      const [rx = 0, ry = 0, tilt = 0, large = 0, sweep = 0] = numbers;
      for (const to of arc(at, point(5), [rx, ry], (tilt * Math.PI) / 180, large !== 0, sweep !== 0)) line(to);
    } else if (kind === 'c' || kind === 's') {
      const first = kind === 'c' ? point(0) : mirrored('cs');
      const second = point(kind === 'c' ? 2 : 0);
      for (const to of cubic(at, first, second, point(kind === 'c' ? 4 : 2))) line(to);
      control = second;
    } else {
      const middle = kind === 'q' ? point(0) : mirrored('qt');
      const end = point(kind === 'q' ? 2 : 0);
      const toward = (from: Point): Point => [from[0] + (2 / 3) * (middle[0] - from[0]), from[1] + (2 / 3) * (middle[1] - from[1])];
      for (const to of cubic(at, toward(at), toward(end), end)) line(to);
      control = middle;
    }
    before = kind;
  }
  return segments;
}

/** The commands of a path, each with its numbers; one that is repeated without its letter comes once more. */
function* steps(path: string): Generator<{ command: string; numbers: number[] }> {
  for (const [, letter = '', rest = ''] of path.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const arity = ARITY[letter.toLowerCase()];
    if (arity === undefined) throw new Error(`“${letter}” is no command of a path`);
    const all = numbersIn(rest, letter.toLowerCase() === 'a');
    if (arity === 0 ? all.length > 0 : all.length === 0 || all.length % arity !== 0)
      throw new Error(`${all.length} numbers follow “${letter}”`);
    if (arity === 0) yield { command: letter, numbers: [] };
    // What follows a move is drawn.
    for (let i = 0; i < all.length; i += arity) {
      const command = i > 0 && letter === 'M' ? 'L' : i > 0 && letter === 'm' ? 'l' : letter;
      yield { command, numbers: all.slice(i, i + arity) };
    }
  }
}

/** @param arcs whose flags need nothing between them: “0 011 1” are the numbers 0 0 1 1 1. */
function numbersIn(text: string, arcs: boolean): number[] {
  const numbers: number[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    if (rest === '') return numbers;
    const flag = arcs && [3, 4].includes(numbers.length % 7);
    const [found] = (flag ? /^[01]/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/).exec(rest) ?? [];
    if (found === undefined) throw new Error(`“${rest}” is no number of a path`);
    numbers.push(Number(found));
    rest = rest.slice(found.length);
  }
}

function* cubic(from: Point, first: Point, second: Point, to: Point): Generator<Point> {
  const spread = Math.max(
    Math.hypot(from[0] - 2 * first[0] + second[0], from[1] - 2 * first[1] + second[1]),
    Math.hypot(first[0] - 2 * second[0] + to[0], first[1] - 2 * second[1] + to[1]),
  );
  const pieces = Math.max(1, Math.ceil(Math.sqrt((0.75 * spread) / TOLERANCE)));
  for (let i = 1; i <= pieces; i += 1) {
    const t = i / pieces;
    const u = 1 - t;
    const mix = (a: number, b: number, c: number, d: number): number =>
      u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    yield [mix(from[0], first[0], second[0], to[0]), mix(from[1], first[1], second[1], to[1])];
  }
}

/** By the centre, as the standard computes it: https://www.w3.org/TR/SVG2/implnote.html#ArcImplementationNotes. */
function* arc(from: Point, to: Point, radii: Point, tilt: number, large: boolean, sweep: boolean): Generator<Point> {
  let [rx, ry] = [Math.abs(radii[0]), Math.abs(radii[1])];
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const [dx, dy] = [(from[0] - to[0]) / 2, (from[1] - to[1]) / 2];
  const [x, y] = [cos * dx + sin * dy, cos * dy - sin * dx];
  if (rx === 0 || ry === 0 || (x === 0 && y === 0)) {
    yield to;
    return;
  }
  const needed = (x / rx) ** 2 + (y / ry) ** 2;
  if (needed > 1) {
    rx *= Math.sqrt(needed);
    ry *= Math.sqrt(needed);
  }
  const reach = (rx * y) ** 2 + (ry * x) ** 2;
  const factor = (large === sweep ? -1 : 1) * Math.sqrt(Math.max(0, (rx * ry) ** 2 - reach) / reach);
  const [mx, my] = [(factor * rx * y) / ry, (-factor * ry * x) / rx];
  const centre: Point = [cos * mx - sin * my + (from[0] + to[0]) / 2, sin * mx + cos * my + (from[1] + to[1]) / 2];
  const begin = Math.atan2((y - my) / ry, (x - mx) / rx);
  let turn = Math.atan2((-y - my) / ry, (-x - mx) / rx) - begin;
  if (sweep && turn < 0) turn += 2 * Math.PI;
  if (!sweep && turn > 0) turn -= 2 * Math.PI;
  const pieces = Math.max(1, Math.ceil(Math.abs(turn) / (2 * Math.acos(1 - Math.min(1, TOLERANCE / Math.max(rx, ry))))));
  for (let i = 1; i < pieces; i += 1) {
    const angle = begin + (turn * i) / pieces;
    const [px, py] = [rx * Math.cos(angle), ry * Math.sin(angle)];
    yield [cos * px - sin * py + centre[0], sin * px + cos * py + centre[1]];
  }
  yield to;
}
