import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BOX, crossings, GAP, type GraphStep, layOut, pathOf } from './layout.ts';

/** A graph of any shape without a circle: each step depends on some before it. The order of the file is another one. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 40 }).chain((rows) =>
  fc.shuffledSubarray(
    rows.map((picks, i): GraphStep => ({ name: `s${i}`, depends_on: i === 0 ? [] : picks.map((pick) => `s${pick % i}`) })),
    { minLength: rows.length },
  ),
);

const places = (steps: GraphStep[]): Record<string, [number, number]> =>
  Object.fromEntries(layOut(steps).steps.map(({ name, x, y }) => [name, [x / (BOX.width + GAP.between), y]]));

test('each step stands behind all that it depends on, over none, and inside', () => {
  fc.assert(
    fc.property(graphs, (steps) => {
      const { steps: placed, edges, width, height } = layOut(steps);
      const at = new Map(placed.map((one) => [one.name, one]));
      for (const { name, depends_on } of steps) for (const from of depends_on) expect(at.get(from)?.x).toBeLessThan(at.get(name)?.x ?? 0);
      for (const one of placed) {
        expect(
          one.x >= 0 && one.y > -0.001 && one.x + BOX.width <= width && one.y + BOX.height <= height + 0.001,
          JSON.stringify(one),
        ).toBe(true);
        for (const other of placed)
          if (other !== one && other.layer === one.layer) expect(Math.abs(other.y - one.y)).toBeGreaterThanOrEqual(BOX.height);
      }
      expect(new Set(edges.map(({ from, to }) => `${from} ${to}`)).size).toBe(
        steps.reduce((sum, { depends_on }) => sum + new Set(depends_on).size, 0),
      );
    }),
  );
});

test('a chain is a straight line', () => {
  expect(
    places([
      { name: 'a', depends_on: [] },
      { name: 'c', depends_on: ['b'] },
      { name: 'b', depends_on: ['a'] },
    ]),
  ).toEqual({
    a: [0, 0],
    b: [1, 0],
    c: [2, 0],
  });
});

test('what comes apart and together again stands around the middle', () => {
  const found = places([
    { name: 'begin', depends_on: [] },
    { name: 'left', depends_on: ['begin'] },
    { name: 'right', depends_on: ['begin'] },
    { name: 'end', depends_on: ['left', 'right'] },
  ]);
  const [left = 0, right = 0] = [found['left']?.[1], found['right']?.[1]];
  expect(found['begin']?.[1]).toBeCloseTo((left + right) / 2);
  expect(found['end']?.[1]).toBeCloseTo((left + right) / 2);
});

test('two lines that need not cross do not, whatever the order of the file', () => {
  const { steps } = layOut([
    { name: 'a', depends_on: [] },
    { name: 'b', depends_on: [] },
    { name: 'of-b', depends_on: ['b'] },
    { name: 'of-a', depends_on: ['a'] },
  ]);
  const y = (name: string): number => steps.find((one) => one.name === name)?.y ?? Number.NaN;
  expect(Math.sign(y('a') - y('b'))).toBe(Math.sign(y('of-a') - y('of-b')));
});

test('a step that only a late one needs stands right before it', () => {
  const found = places([
    { name: 'a', depends_on: [] },
    { name: 'b', depends_on: ['a'] },
    { name: 'late', depends_on: [] },
    { name: 'c', depends_on: ['b', 'late'] },
  ]);
  expect(found['late']?.[0]).toBe(1);
});

test('crossings are counted pair by pair', () => {
  const [x, y] = [0, 1].map((at) => ({ at, after: [] }));
  if (x === undefined || y === undefined) throw new Error('two of them');
  const slot = (at: number, ...after: (typeof x)[]) => ({
    at,
    after: after.map((one) => ({ ...one, layer: 1, name: null, before: [], y: 0 })),
  });
  expect(crossings([[slot(0, y), slot(1, x)]])).toBe(1);
  expect(crossings([[slot(0, x), slot(1, y)]])).toBe(0);
  expect(crossings([[slot(0, x, y), slot(1, x, y)]])).toBe(1);
});

test('a circle, a step of itself and one of nobody are drawn all the same', () => {
  const { steps, edges } = layOut([
    { name: 'a', depends_on: ['b'] },
    { name: 'b', depends_on: ['a'] },
    { name: 'c', depends_on: ['c', 'nobody'] },
    { name: '__proto__', depends_on: ['c'] },
  ]);
  expect(steps.map(({ name }) => name)).toEqual(['a', 'b', 'c', '__proto__']);
  expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['c __proto__']);
});

test('a path goes straight, or bends', () => {
  expect(
    pathOf([
      [0, 5],
      [10, 5],
      [20, 9],
    ]),
  ).toBe('M0 5H10C15 5 15 9 20 9');
});

test('nothing is as large as nothing', () => {
  expect(layOut([])).toEqual({ steps: [], edges: [], width: 0, height: 0 });
});
