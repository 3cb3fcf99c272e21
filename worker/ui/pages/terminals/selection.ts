import type { Terminal } from '@xterm/xterm';

/** A character on the screen and above it: its column, and its line in all that the emulator has. */
export interface Place {
  col: number;
  line: number;
}

export interface Ends {
  start: Place;
  /** The last character of it. */
  end: Place;
}

const before = (a: Place, b: Place): boolean => a.line < b.line || (a.line === b.line && a.col < b.col);

/** @param point in the window. @param area where the characters are drawn. */
export function placeAt(term: Terminal, area: DOMRect, point: { x: number; y: number }): Place {
  const col = Math.floor(((point.x - area.left) / area.width) * term.cols);
  const row = Math.floor(((point.y - area.top) / area.height) * term.rows);
  const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  return { col: clamp(col, term.cols - 1), line: term.buffer.active.viewportY + clamp(row, term.rows - 1) };
}

/** What stands between blanks around a place, or the place alone where it is blank. */
export function wordAt(term: Terminal, { col, line }: Place): Ends {
  const text = term.buffer.active.getLine(line);
  const blank = (at: number): boolean => {
    const cell = text?.getCell(at);
    return cell === undefined || (cell.getWidth() > 0 && cell.getChars().trim() === '');
  };
  let [from, to] = [col, col];
  if (!blank(col)) {
    while (from > 0 && !blank(from - 1)) from -= 1;
    while (to < term.cols - 1 && !blank(to + 1)) to += 1;
  }
  return { start: { col: from, line }, end: { col: to, line } };
}

/** The selection from one place to another, in whichever order they come. */
export function endsOf(one: Place, other: Place): Ends {
  return before(other, one) ? { start: other, end: one } : { start: one, end: other };
}

export function select(term: Terminal, { start, end }: Ends): void {
  term.select(start.col, start.line, (end.line - start.line) * term.cols + end.col - start.col + 1);
}

export function selected(term: Terminal): Ends | null {
  const range = term.getSelectionPosition();
  if (range === undefined) return null;
  const { start, end } = range;
  // The emulator names the place behind the last character.
  const last = end.x > 0 ? { col: end.x - 1, line: end.y } : { col: term.cols - 1, line: end.y - 1 };
  return { start: { col: start.x, line: start.y }, end: last };
}
