import type { LogLine } from './shown-line.ts';

/** The reader's selection in terms of lines, so that it outlives the rows that are drawn at the moment. */

interface Point {
  id: number;
  /** Characters of the line before the point. */
  offset: number;
}

function pointOf(sheet: HTMLElement, node: Node | null, offset: number): Point | null {
  const element = node instanceof Element ? node : node?.parentElement;
  const row = element?.closest<HTMLElement>('[data-id]');
  if (node === null || row === null || row === undefined || !sheet.contains(row)) return null;
  const before = document.createRange();
  before.setStart(row, 0);
  before.setEnd(node, offset);
  return { id: Number(row.dataset['id']), offset: before.toString().length };
}

function ends(sheet: HTMLElement): [Point, Point] | null {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed) return null;
  const a = pointOf(sheet, selection.anchorNode, selection.anchorOffset);
  const b = pointOf(sheet, selection.focusNode, selection.focusOffset);
  return a === null || b === null ? null : [a, b];
}

/** The ids of the lines where a selection begins and ends; empty when nothing here is selected. */
export function selectedIds(sheet: HTMLElement): number[] {
  return ends(sheet)?.map((point) => point.id) ?? [];
}

/** The selected text over all its lines, also those that are not drawn now; null when nothing here is selected. */
export function selectedText(sheet: HTMLElement, lines: readonly LogLine[]): string | null {
  const both = ends(sheet);
  if (both === null) return null;
  const [a, b] = both
    .map((point) => ({ ...point, index: lines.findIndex((line) => line.id === point.id) }))
    .sort((x, y) => x.index - y.index || x.offset - y.offset);
  if (a === undefined || b === undefined || a.index === -1) return null;
  return joinLines(lines.slice(a.index, b.index + 1), a.offset, b.offset);
}

/** Lines as text; a folded line goes on without a break. */
export function joinLines(lines: readonly LogLine[], firstFrom = 0, lastTo: number = Number.POSITIVE_INFINITY): string {
  let text = '';
  lines.forEach((line, index) => {
    const full = line.text;
    text += full.slice(index === 0 ? firstFrom : 0, index === lines.length - 1 ? lastTo : undefined);
    if (index < lines.length - 1 && !line.folded) text += '\n';
  });
  return text;
}
