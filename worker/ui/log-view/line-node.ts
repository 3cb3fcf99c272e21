import type { Span } from '../../../shared/terminal/cells.ts';
import { type Color, rgbOf, type Style } from '../../../shared/terminal/style.ts';
import { hex, inkOn, type Rgb, readable, readableOnInk, sixteen } from './contrast.ts';
import type { LogLine } from './shown-line.ts';
import { markerOf } from './shown-lines.ts';
import { webLinksIn } from './web-links.ts';

/**
 * Draws a line into its element: text nodes and spans, built by hand. What a script prints is never markup.
 * @param count so many of its pieces in their style; the others as plain text, until `drawMore`.
 */
export function drawLine(element: HTMLElement, line: LogLine, count: number): void {
  element.className = `log-line log-line-${line.kind}`;
  if (element.hasAttribute('aria-expanded')) element.classList.add('log-line-group');
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
  hideMarker(element, markerOf(line));
  // An empty line has a height, and is copied as one.
  if (line.length === 0) element.append(document.createElement('br'));
}

/** What marks a group is part of the text, for who copies it, and is not shown. */
function hideMarker(element: HTMLElement, length: number): void {
  const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
  if (length === 0 || !(text instanceof Text) || text.length < length) return;
  const rest = text.splitText(length);
  const marker = document.createElement('span');
  marker.className = 'log-marker';
  text.replaceWith(marker);
  marker.append(text);
  if (rest.length === 0) marker.after('group');
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
  if ((style.dim || style.hidden) && style.bg === null && !style.reverse) classes.push('a-dim');
  if (style.underline > 0) classes.push('a-underline');
  if (style.underline > 1) classes.push(`a-underline-${style.underline}`);
  if (style.reverse && style.fg === null && style.bg === null) {
    span.style.color = 'var(--log)';
    span.style.backgroundColor = 'var(--log-ink)';
  } else if (style.reverse && style.fg === null) {
    // The ground is the theme's ink.
    span.style.color = style.bg === null ? '' : readableOnInk(plain(style.bg));
    span.style.backgroundColor = 'var(--log-ink)';
  } else {
    const [fg, bg] = style.reverse ? [style.bg, style.fg] : [style.fg, style.bg];
    if (bg !== null) {
      const ground = plain(bg);
      span.style.backgroundColor = hex(ground);
      span.style.color = hex(fg === null ? inkOn(ground) : readable(plain(fg), ground));
    } else if (fg !== null) span.style.color = onLog(fg);
  }
  if (style.underlineColor !== null) span.style.textDecorationColor = onLog(style.underlineColor);
  if (classes.length > 0) span.className = classes.join(' ');
  span.textContent = text;
  return span;
}

/** A colour on the log's own ground: of the sixteen, the theme's, which can be read there. */
function onLog(color: Color): string {
  return color < 16 ? `var(--a${color})` : hex(rgbOf(color));
}

/** A colour with a ground that the script chose: a terminal's, the same in both themes. */
function plain(color: Color): Rgb {
  return color < 16 ? sixteen(color) : rgbOf(color);
}
