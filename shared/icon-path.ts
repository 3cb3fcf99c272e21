/** Lucide's icons (https://lucide.dev) as one SVG path each: for the page, which draws many, and for the PNG icons that the edge draws. */

/** A shape as lucide's packages have it: the element, and its attributes. */
type Shape = readonly [kind: string, attributes: Readonly<Record<string, string>>];

/** @param shapes of an icon, 24 × 24, drawn by their outlines: what lucide fills are dots, which their own lines cover. @throws on a shape that is not known here. */
export function pathOf(shapes: readonly Shape[]): string {
  return shapes.map(outline).join('');
}

function outline([kind, given]: Shape): string {
  const at = (name: string, otherwise = '0'): number => Number(given[name] ?? otherwise);
  switch (kind) {
    case 'path':
      return absolute(given['d'] ?? '');
    case 'line':
      return `M${at('x1')} ${at('y1')}L${at('x2')} ${at('y2')}`;
    case 'polyline':
      return `M${given['points']}`;
    case 'polygon':
      return `M${given['points']}z`;
    case 'circle':
      return ellipse(at('cx'), at('cy'), at('r'), at('r'));
    case 'ellipse':
      return ellipse(at('cx'), at('cy'), at('rx'), at('ry'));
    case 'rect': {
      const [x, y, width, height] = [at('x'), at('y'), at('width'), at('height')];
      const rx = at('rx', given['ry'] ?? '0');
      const ry = at('ry', String(rx));
      const corner = (dx: number, dy: number): string => (rx === 0 ? '' : `a${rx} ${ry} 0 0 1 ${dx} ${dy}`);
      return `M${x + rx} ${y}h${width - 2 * rx}${corner(rx, ry)}v${height - 2 * ry}${corner(-rx, ry)}h${2 * rx - width}${corner(-rx, -ry)}v${2 * ry - height}${corner(rx, -ry)}z`;
    }
    default:
      throw new Error(`lucide draws with <${kind}> now: teach shared/icon-path.ts that shape`);
  }
}

/** A path that begins where it says, whatever stands before it. */
function absolute(path: string): string {
  const [, x = '', y = '', rest = ''] = /^m\s*(-?[\d.]+)[\s,]*(-?[\d.]+)\s*(.*)/s.exec(path) ?? [];
  return x === '' ? path : `M${x} ${y}${/^[a-zA-Z]|^$/.test(rest) ? '' : 'l'}${rest}`;
}

function ellipse(cx: number, cy: number, rx: number, ry: number): string {
  return `M${cx - rx} ${cy}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0z`;
}
