/**
 * Where the steps of a graph stand: in layers from the beginning to the end, each behind all that it depends on (Sugiyama’s way: layers,
 * then an order with few crossings, then places that make edges straight). 1,000 steps take 6 ms of a processor in
 * one chain, 8 beside each other, 40 with 25 in a layer; 120 where each waits for steps anywhere before it, for their edges pass many layers.
 */

/** A step and the steps that it waits for. */
export interface GraphStep {
  name: string;
  depends_on: readonly string[];
}
export interface Placed {
  name: string;
  /** Of its corner at the beginning, above. In px, as all of it. */
  x: number;
  y: number;
  layer: number;
}
export interface PlacedEdge {
  from: string;
  to: string;
  /** From the end of a step to the beginning of another; between them straight through the layers that it passes. */
  points: readonly (readonly [x: number, y: number])[];
}
export interface Layout {
  steps: readonly Placed[];
  edges: readonly PlacedEdge[];
  width: number;
  height: number;
}

export const BOX = { width: 184, height: 56 };
export const GAP = { between: 44, above: 18, passing: 14 };
/** Sweeps over the layers: more change nothing any more. */
const SWEEPS = 8;

/** A step, or the place where an edge passes a layer. */
interface Slot {
  layer: number;
  /** Null where an edge passes. */
  name: string | null;
  before: Slot[];
  after: Slot[];
  /** The order in its layer, and the middle of it. */
  at: number;
  y: number;
}

/** @param steps in the order of the file, which decides where nothing else does. What depends on itself, or on nobody here, does not. */
export function layOut(steps: readonly GraphStep[]): Layout {
  const layerOf = layersOf(steps);
  const slots = new Map<string, Slot>();
  const layers: Slot[][] = [];
  const add = (name: string | null, layer: number): Slot => {
    const slot: Slot = { layer, name, before: [], after: [], at: 0, y: 0 };
    const row = layers[layer] ?? [];
    layers[layer] = row;
    slot.at = row.push(slot) - 1;
    return slot;
  };
  for (const { name } of steps) slots.set(name, add(name, layerOf.get(name) ?? 0));
  const chains = steps.flatMap(({ name, depends_on }) =>
    [...new Set(depends_on)].flatMap((from) => {
      const [start, end] = [slots.get(from), slots.get(name)];
      return start === undefined || end === undefined || start.layer >= end.layer ? [] : [{ from, to: name, chain: join(start, end, add) }];
    }),
  );
  order(layers);
  place(layers);
  const all = layers.flat();
  const top = Math.min(0, ...all.map((slot) => slot.y - heightOf(slot) / 2));
  for (const slot of all) slot.y -= top;
  const x = ({ layer }: Slot): number => layer * (BOX.width + GAP.between);
  return {
    steps: [...slots].map(([name, slot]) => ({ name, x: x(slot), y: slot.y - BOX.height / 2, layer: slot.layer })),
    edges: chains.map(({ from, to, chain }) => ({ from, to, points: pointsOf(chain, x) })),
    width: Math.max(0, layers.length * (BOX.width + GAP.between) - GAP.between),
    height: Math.max(0, ...all.map((slot) => slot.y + heightOf(slot) / 2)),
  };
}

/** Behind all that a step depends on; a step that depends on nothing stands right before the first one that needs it. */
function layersOf(steps: readonly GraphStep[]): Map<string, number> {
  const known = new Map(steps.map((step) => [step.name, step]));
  const layers = new Map<string, number>();
  const waits = new Map<string, number>();
  const needed = new Map<string, string[]>();
  for (const { name, depends_on } of steps) {
    const real = [...new Set(depends_on)].filter((one) => known.has(one) && one !== name);
    waits.set(name, real.length);
    for (const one of real) needed.set(one, [...(needed.get(one) ?? []), name]);
  }
  const ready = steps.flatMap(({ name }) => (waits.get(name) === 0 ? [name] : []));
  for (const name of ready) {
    const layer = layers.get(name) ?? 0;
    layers.set(name, layer);
    for (const next of needed.get(name) ?? []) {
      layers.set(next, Math.max(layers.get(next) ?? 0, layer + 1));
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  for (const name of steps.flatMap((step) => (step.depends_on.length === 0 ? [step.name] : []))) {
    const users = needed.get(name) ?? [];
    if (users.length > 0) layers.set(name, Math.max(0, Math.min(...users.map((user) => layers.get(user) ?? 0)) - 1));
  }
  return layers;
}

/** @returns all slots of an edge, both ends included. */
function join(start: Slot, end: Slot, add: (name: null, layer: number) => Slot): Slot[] {
  const chain = [start];
  for (let layer = start.layer + 1; layer < end.layer; layer += 1) chain.push(add(null, layer));
  chain.push(end);
  chain.forEach((slot, i) => {
    const next = chain[i + 1];
    if (next === undefined) return;
    slot.after.push(next);
    next.before.push(slot);
  });
  return chain;
}

/** Each slot goes to the middle of its neighbours, to and fro; the order with the fewest crossings stays. */
function order(layers: Slot[][]): void {
  const keep = (): Slot[][] => layers.map((row) => [...row]);
  let best = keep();
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const forth = sweep % 2 === 0;
    for (const row of forth ? layers : layers.toReversed()) {
      const middles = new Map(row.map((slot) => [slot, mean((forth ? slot.before : slot.after).map(({ at }) => at)) ?? slot.at]));
      row.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
      for (const [at, slot] of row.entries()) slot.at = at;
    }
    const now = crossings(layers);
    if (now < fewest) [best, fewest] = [keep(), now];
  }
  for (const [i, row] of best.entries()) {
    layers[i] = row;
    for (const [at, slot] of row.entries()) slot.at = at;
  }
}

/** How often two edges cross, in all layers. */
export function crossings(layers: readonly (readonly Pick<Slot, 'at' | 'after'>[])[]): number {
  let count = 0;
  for (const row of layers) {
    const ends: number[] = [];
    for (const slot of row) {
      const own = slot.after.map(({ at }) => at).sort((a, b) => a - b);
      for (const end of own) count += ends.length - firstAbove(ends, end);
      for (const end of own) ends.splice(firstAbove(ends, end), 0, end);
    }
  }
  return count;
}

/** Where in a sorted list the first larger number stands. */
function firstAbove(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As near to the middle of its neighbours as the others of its layer let it be. */
function place(layers: readonly Slot[][]): void {
  for (const row of layers) settle(row, () => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forth = sweep % 2 === 0;
    for (const row of forth ? layers : layers.toReversed())
      settle(row, (slot) => mean((forth ? slot.before : slot.after).map(({ y }) => y)) ?? slot.y);
  }
}

/**
 * The least squares of the distances from where each would be, in this order and without overlaps: neighbours that would overlap are
 * put together, and stand where they would be on average.
 */
function settle(row: readonly Slot[], wanted: (slot: Slot) => number): void {
  let offset = 0;
  const groups: { sum: number; slots: { slot: Slot; offset: number }[] }[] = [];
  for (const [i, slot] of row.entries()) {
    const above = row[i - 1];
    if (above !== undefined)
      offset += (heightOf(above) + heightOf(slot)) / 2 + (above.name === null || slot.name === null ? GAP.passing : GAP.above);
    groups.push({ sum: wanted(slot) - offset, slots: [{ slot, offset }] });
    for (;;) {
      const [last, before] = [groups.at(-1), groups.at(-2)];
      if (last === undefined || before === undefined || before.sum / before.slots.length <= last.sum / last.slots.length) break;
      groups.pop();
      before.sum += last.sum;
      before.slots.push(...last.slots);
    }
  }
  for (const { sum, slots } of groups) for (const { slot, offset } of slots) slot.y = sum / slots.length + offset;
}

function pointsOf(chain: readonly Slot[], x: (slot: Slot) => number): [number, number][] {
  return chain.flatMap((slot, i): [number, number][] => {
    const [left, right] = [x(slot), x(slot) + BOX.width];
    if (i === 0) return [[right, slot.y]];
    return i === chain.length - 1
      ? [[left, slot.y]]
      : [
          [left, slot.y],
          [right, slot.y],
        ];
  });
}

function heightOf({ name }: Slot): number {
  return name === null ? 0 : BOX.height;
}

function mean(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** The line of an edge, for an SVG path: curved where it changes its height. */
export function pathOf(points: PlacedEdge['points']): string {
  return points
    .map(([x, y], i) => {
      const before = points[i - 1];
      if (before === undefined) return `M${x} ${y}`;
      if (before[1] === y) return `H${x}`;
      const middle = (before[0] + x) / 2;
      return `C${middle} ${before[1]} ${middle} ${y} ${x} ${y}`;
    })
    .join('');
}
