import type { Line } from './line.ts';
import type { Color, Style } from './style.ts';

/** Draws a line into its element: text nodes and spans, built by hand. What a script prints is never markup. */
export function drawLine(element: HTMLElement, line: Line): void {
  element.className = `log-line log-line-${line.kind}`;
  const nodes = line.spans.map((span) => (span.style === null ? document.createTextNode(span.text) : styled(span.text, span.style)));
  element.replaceChildren(...nodes);
  // An empty line has a height, and is copied as one.
  if (line.length === 0) element.append(document.createElement('br'));
}

function styled(text: string, style: Style): HTMLElement {
  const span = document.createElement('span');
  const classes: string[] = [];
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike'] as const) if (style[name]) classes.push(`a-${name}`);
  const [fg, bg] = style.reverse ? [style.bg ?? 'var(--log)', style.fg ?? 'var(--log-ink)'] : [style.fg, style.bg];
  // On the log's own ground the theme's colours can be read; on a ground that the script chose, a terminal's plain ones.
  const set = bg === null ? 'a' : 'p';
  if (fg !== null) paint(span, 'color', fg, set);
  if (bg !== null) paint(span, 'background-color', bg, 'p');
  if (classes.length > 0) span.className = classes.join(' ');
  span.textContent = text;
  return span;
}

function paint(span: HTMLElement, property: 'color' | 'background-color', color: Color, set: 'a' | 'p'): void {
  span.style.setProperty(property, typeof color === 'number' ? `var(--${set}${color})` : color);
}
