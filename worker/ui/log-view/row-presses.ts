import type { LogLine } from './shown-line.ts';
import type { LogViewer } from './viewer.ts';

/** The number of the line in whose margin somebody pressed. */
export function lineBeside(event: MouseEvent, viewer: LogViewer): number | null {
  const row = rowAt(event, '[data-margin]');
  if (row === null || row.dataset['margin'] === '') return null;
  const { left } = row.parentElement?.parentElement?.getBoundingClientRect() ?? row.getBoundingClientRect();
  if (event.clientX - left > Number.parseFloat(getComputedStyle(row).paddingInlineStart)) return null;
  const line = lineOf(row, viewer);
  return line === undefined ? null : viewer.numberOf(line);
}

/** A press on the first line of a group folds it, or unfolds it; one that selects text does not. */
export function turnGroup(event: MouseEvent, viewer: LogViewer): void {
  const row = rowAt(event, '.log-line-group');
  if (row === null || document.getSelection()?.isCollapsed === false) return;
  const line = lineOf(row, viewer);
  if (line !== undefined) viewer.turn(line);
}

function rowAt(event: MouseEvent, selector: string): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
}

function lineOf(row: HTMLElement, viewer: LogViewer): LogLine | undefined {
  return viewer.lines.find(({ id }) => String(id) === row.dataset['id']);
}
