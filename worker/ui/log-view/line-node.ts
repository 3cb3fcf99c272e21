import type { Span } from '../../../shared/terminal/cells.ts';
import { type Color, rgbOf, type Style } from '../../../shared/terminal/style.ts';
import { hex, inkOn, type Rgb, readable, readableOnInk, sixteen } from './contrast.ts';
import type { LogLine } from './shown-line.ts';
import { markerOf } from './shown-lines.ts';
import { webLinksIn } from './web-links.ts';

/**
 * Draws a line into its element: text nodes and spans, built by hand. What a script prints is never markup.
 * @param element new, or of another line. @param count so many of its pieces in their style; the others as plain text, until `drawMore`.
 */
export function drawLine(element: HTMLElement, line: LogLine, count: number): void {
  const group = element.hasAttribute('aria-expanded') ? ' log-line-group' : '';
  setClass(element, `log-line log-line-${line.kind}${group}`);
  const { spans } = line;
  const pieces = spans.slice(0, count);
  if (count < spans.length) {
    const rest = spans.slice(count).map(({ text }) => text);
    pieces.push({ text: rest.join(''), style: null });
  }
  const marker = markerOf(line);
  if (marker === 0 && overwrite(element, pieces)) return;
  element.replaceChildren(...pieces.flatMap(nodesOf));
  hideMarker(element, marker);
  // An empty line has a height, and is copied as one.
  if (line.length === 0) element.append(document.createElement('br'));
}

/**
 * Writes pieces over those that stand there, where they are of the same kinds, as they are in a flood of lines: no node has to be
 * made. @returns false where they are not; then nothing is written.
 */
function overwrite(element: HTMLElement, pieces: readonly Span[]): boolean {
  const nodes = element.childNodes;
  if (nodes.length === 0 || nodes.length !== pieces.length) return false;
  if (!pieces.every((piece, i) => isSimple(piece) && isOfKind(nodes[i], piece))) return false;
  pieces.forEach(({ text, style }, i) => {
    const node = nodes[i];
    const inner = node instanceof HTMLElement ? node.firstChild : node;
    if (inner instanceof Text && inner.data !== text) inner.data = text;
    if (node instanceof HTMLElement && style !== null) look(node, style);
  });
  return true;
}

/** It is one node: no address in it can be followed. */
function isSimple({ text, style }: Span): boolean {
  return text !== '' && (style === null || style.link === null) && webLinksIn(text).length === 0;
}

function isOfKind(node: ChildNode | undefined, { style }: Span): boolean {
  if (style === null) return node instanceof Text;
  return (
    node instanceof HTMLSpanElement && node.className !== 'log-marker' && node.firstChild instanceof Text && node.childNodes.length === 1
  );
}

function setClass(element: HTMLElement, name: string): void {
  if (element.className !== name) element.className = name;
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
  span.textContent = text;
  look(span, style);
  return span;
}

/** Gives an element a style, whatever it had before. */
function look(span: HTMLElement, style: Style): void {
  const classes: string[] = [];
  for (const name of ['bold', 'italic', 'overline', 'strike'] as const) if (style[name]) classes.push(`a-${name}`);
  // What is concealed is still the script's output: shown, but faintly.
  if ((style.dim || style.hidden) && style.bg === null && !style.reverse) classes.push('a-dim');
  if (style.underline > 0) classes.push('a-underline');
  if (style.underline > 1) classes.push(`a-underline-${style.underline}`);
  let ink = '';
  let ground = '';
  if (style.reverse && style.fg === null) {
    // The ground is the theme's ink.
    ink = style.bg === null ? 'var(--log)' : readableOnInk(plain(style.bg));
    ground = 'var(--log-ink)';
  } else {
    const [fg, bg] = style.reverse ? [style.bg, style.fg] : [style.fg, style.bg];
    if (bg !== null) {
      const behind = plain(bg);
      ground = hex(behind);
      ink = hex(fg === null ? inkOn(behind) : readable(plain(fg), behind));
    } else if (fg !== null && fg < 16) classes.push(`a-${fg}`);
    else if (fg !== null) ink = onLog(fg);
  }
  const line = style.underlineColor === null ? '' : onLog(style.underlineColor);
  if (ink !== '' || ground !== '' || line !== '' || span.hasAttribute('style')) {
    span.style.color = ink;
    span.style.backgroundColor = ground;
    span.style.textDecorationColor = line;
  }
  setClass(span, classes.join(' '));
}

/** A colour on the log's own ground: of the sixteen, the theme's, which can be read there. */
function onLog(color: Color): string {
  return color < 16 ? `var(--a${color})` : hex(rgbOf(color));
}

/** A colour with a ground that the script chose: a terminal's, the same in both themes. */
function plain(color: Color): Rgb {
  return color < 16 ? sixteen(color) : rgbOf(color);
}
