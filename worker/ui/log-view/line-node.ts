import type { Span } from '../../../shared/terminal/cells.ts';
import { type Color, rgbOf, type Style } from '../../../shared/terminal/style.ts';
import type { LogLine } from './shown-line.ts';
import { webLinksIn } from './web-links.ts';

/**
 * Draws a line into its element: text nodes and spans, built by hand. What a script prints is never markup.
 * @param count so many of its pieces in their style; the others as plain text, until `drawMore`.
 */
export function drawLine(element: HTMLElement, line: LogLine, count: number): void {
  element.className = `log-line log-line-${line.kind}`;
  const { spans } = line;
  const rest =
    count < spans.length
      ? [
          spans
            .slice(count)
            .map(({ text }) => text)
            .join(''),
        ]
      : [];
  element.replaceChildren(...spans.slice(0, count).flatMap(nodesOf), ...rest);
  // An empty line has a height, and is copied as one.
  if (line.length === 0) element.append(document.createElement('br'));
}

/** Draws the next pieces in their style, which stand in the plain text at the element's end. */
export function drawMore(element: HTMLElement, spans: readonly Span[]): void {
  const plain = element.lastChild;
  if (plain === null) return;
  const rest = (plain.textContent ?? '').slice(spans.reduce((sum, { text }) => sum + text.length, 0));
  plain.replaceWith(...spans.flatMap(nodesOf), ...(rest === '' ? [] : [rest]));
}

/** A piece as nodes; the addresses in it can be followed. */
function nodesOf({ text, style }: Span): Node[] {
  if (style !== null && style.link !== null) return [linkTo(style.link, styled(text, style))];
  const nodes: Node[] = [];
  let at = 0;
  const add = (to: number): void => {
    if (to > at) nodes.push(style === null ? document.createTextNode(text.slice(at, to)) : styled(text.slice(at, to), style));
    at = to;
  };
  for (const [from, to] of webLinksIn(text)) {
    add(from);
    const address = text.slice(from, to);
    nodes.push(linkTo(address, style === null ? address : styled(address, style)));
    at = to;
  }
  add(text.length);
  return nodes;
}

/** @param address of a page of the web. */
function linkTo(address: string, shown: Node | string): HTMLElement {
  const link = document.createElement('a');
  link.href = address;
  link.target = '_blank';
  // The page that is opened learns neither where the link stood nor who opened it.
  link.rel = 'noopener noreferrer';
  // A text may lead somewhere else than it says.
  link.title = address;
  link.append(shown);
  return link;
}

function styled(text: string, style: Style): HTMLElement {
  const span = document.createElement('span');
  const classes: string[] = [];
  for (const name of ['bold', 'italic', 'overline', 'strike'] as const) if (style[name]) classes.push(`a-${name}`);
  // What is concealed is still the script's output: shown, but faintly.
  if (style.dim || style.hidden) classes.push('a-dim');
  if (style.underline > 0) classes.push('a-underline');
  if (style.underline > 1) classes.push(`a-underline-${style.underline}`);
  const [fg, bg] = style.reverse ? [style.bg ?? 'var(--log)', style.fg ?? 'var(--log-ink)'] : [style.fg, style.bg];
  // On the log's own ground the theme's colours can be read; on a ground that the script chose, a terminal's plain ones.
  const set = bg === null ? 'a' : 'p';
  if (fg !== null) span.style.color = cssOf(fg, set);
  if (bg !== null) span.style.backgroundColor = cssOf(bg, 'p');
  if (style.underlineColor !== null) span.style.textDecorationColor = cssOf(style.underlineColor, set);
  if (classes.length > 0) span.className = classes.join(' ');
  span.textContent = text;
  return span;
}

function cssOf(color: Color | string, set: 'a' | 'p'): string {
  if (typeof color === 'string') return color;
  return color < 16 ? `var(--${set}${color})` : `#${rgbOf(color).toString(16).padStart(6, '0')}`;
}
