/** Marks what is looked for in the lines that are drawn, without touching their elements: a selection there stays. */

const NAME = 'log-match';
/** More in one line are not marked. */
const MOST_IN_LINE = 200;

/** @param pattern with the flag `g`; null: nothing is marked. A browser without highlights shows none. */
export function paintMatches(rows: readonly HTMLElement[], pattern: RegExp | null): void {
  if (!('highlights' in CSS)) return;
  if (pattern === null) CSS.highlights.delete(NAME);
  else CSS.highlights.set(NAME, new Highlight(...rows.flatMap((row) => rangesIn(row, pattern))));
}

function rangesIn(row: HTMLElement, pattern: RegExp): Range[] {
  const ranges: Range[] = [];
  const text = row.textContent ?? '';
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null && ranges.length < MOST_IN_LINE; found = pattern.exec(text)) {
    if (found[0] === '') pattern.lastIndex += 1;
    else ranges.push(rangeOf(row, found.index, found.index + found[0].length));
  }
  return ranges;
}

/** The stretch of a row's text, over all of its pieces. */
function rangeOf(row: HTMLElement, from: number, to: number): Range {
  const range = document.createRange();
  const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  let at = 0;
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (at <= from && from < at + length) range.setStart(node, from - at);
    if (to <= at + length) {
      range.setEnd(node, to - at);
      break;
    }
    at += length;
  }
  return range;
}

/** Text as somebody types it, as a pattern that finds just that. */
export function literal(text: string, exact: boolean): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), exact ? 'g' : 'gi');
}
