import type { Layout, Placed } from './layout.ts';

/** Where an arrow key leads: along the edges to the nearest step after or before, or up and down among those of one layer. */
export function neighbour(layout: Pick<Layout, 'steps' | 'edges'>, from: string, key: string, rightToLeft: boolean): string | null {
  const here = layout.steps.find(({ name }) => name === from);
  if (here === undefined) return null;
  const named = (names: readonly string[]): Placed[] => layout.steps.filter(({ name }) => names.includes(name));
  const [onwards, back] = rightToLeft ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft'];
  switch (key) {
    case onwards:
      return nearest(here, named(layout.edges.flatMap((edge) => (edge.from === from ? [edge.to] : []))));
    case back:
      return nearest(here, named(layout.edges.flatMap((edge) => (edge.to === from ? [edge.from] : []))));
    case 'ArrowDown':
      return nearest(
        here,
        inLayer(layout, here, (y) => y > here.y),
      );
    case 'ArrowUp':
      return nearest(
        here,
        inLayer(layout, here, (y) => y < here.y),
      );
    default:
      return null;
  }
}

/** Those of its layer on one side; where there are none, of the layers beside it. */
function inLayer({ steps }: Pick<Layout, 'steps'>, here: Placed, onSide: (y: number) => boolean): Placed[] {
  const side = steps.filter(({ y }) => onSide(y));
  const own = side.filter(({ layer }) => layer === here.layer);
  return own.length > 0 ? own : side.filter(({ layer }) => Math.abs(layer - here.layer) === 1);
}

function nearest(here: Placed, steps: readonly Placed[]): string | null {
  const far = ({ x, y }: Placed): number => Math.abs(y - here.y) + Math.abs(x - here.x);
  return steps.toSorted((a, b) => far(a) - far(b))[0]?.name ?? null;
}
