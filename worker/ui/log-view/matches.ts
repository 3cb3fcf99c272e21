/** Marks what is looked for in the lines that are drawn, without touching their elements: a selection there stays. */

const NAME = 'log-match';
/** More in one line are not marked. */
const MOST_IN_LINE = 200;

/** What is looked for: gives the first place at or after `from`, which is not empty. */
export interface Sought {
  find(text: string, from: number): { at: number; end: number } | null;
}

/** @param sought null: nothing is marked. A browser without highlights shows none. */
export function paintMatches(rows: readonly HTMLElement[], sought: Sought | null): void {
  if (!('highlights' in CSS)) return;
  if (sought === null) CSS.highlights.delete(NAME);
  else CSS.highlights.set(NAME, new Highlight(...rows.flatMap((row) => rangesIn(row, sought))));
}

function rangesIn(row: HTMLElement, sought: Sought): Range[] {
  const ranges: Range[] = [];
  const text = row.textContent ?? '';
  for (let found = sought.find(text, 0); found !== null && ranges.length < MOST_IN_LINE; found = sought.find(text, found.end))
    ranges.push(rangeOf(row, found.at, found.end));
  return ranges;
}

/** @param pattern with the flag `g`, which matches nothing that is empty. */
export function soughtBy(pattern: RegExp): Sought {
  return {
    find(text, from) {
      pattern.lastIndex = from;
      const found = pattern.exec(text);
      return found === null ? null : { at: found.index, end: found.index + found[0].length };
    },
  };
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
