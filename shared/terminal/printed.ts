import { type Style, styleAfter } from './style.ts';

/** Output as it was printed. Lines of nothing but characters and colours need not be read until somebody looks at them. */

/**
 * What does more than add to a line: a control character, except a tab and what ends a line, and a sequence that is none of colours
 * and styles (SGR).
 */
const OTHER = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\r(?!\n)|\x1b(?!\[[\d;:]{0,200}m)/g;
const SGR = /\x1b\[([\d;:]*)m/y;
/** What may take no column, or two, or more. */
const NOT_NARROW = /[^\x1b\x20-\x7e\xa0-\xac\xae-\u02ff]/;
const ESC = 0x1b;

/** The place of the first thing in a text, at or behind `from`, that does more than add to a line; the text's length when there is none. */
export function firstOther(text: string, from: number): number {
  OTHER.lastIndex = from;
  return OTHER.test(text) ? OTHER.lastIndex - 1 : text.length;
}

/** The place behind the sequences of colours that stand at `from`. */
export function behindSgr(text: string, from: number): number {
  let at = from;
  for (SGR.lastIndex = at; text.charCodeAt(at) === ESC && SGR.test(text); SGR.lastIndex = at) at = SGR.lastIndex;
  return at;
}

/** The columns of a line of characters and colours; null where it has to be read for that. */
export function columnsOf(text: string): number | null {
  return NOT_NARROW.test(text) ? null : text.length - lengthOfSgr(text);
}

/** About how many columns some lines of characters and colours take, on average: where characters take one. */
export function columnsOnAverage(text: string, lines: number): number {
  return Math.max(0, Math.round((text.length - lengthOfSgr(text)) / lines) - 1);
}

/** Whether a line of characters and colours may begin so: most do not, and need not be read to know it. @param beginning in ASCII. */
export function mayBeginWith(text: string, beginning: string): boolean {
  const first = text.charCodeAt(behindSgr(text, 0));
  return !(first >= 0x20 && first < 0x7f) || first === beginning.charCodeAt(0);
}

/** Where whole lines of a text end, from `from` to before `to`: the places of their newlines, up to the first line that is longer than `most`. */
export function endsOfLines(text: string, from: number, to: number, most: number): number[] {
  const ends: number[] = [];
  for (let at = from; at < to; ) {
    const newline = text.indexOf('\n', at);
    if (newline - at > most) break;
    ends.push(newline);
    at = newline + 1;
  }
  return ends;
}

/** The end of what a line printed whose newline is at `newline`: a carriage return before it is none of it. */
export function contentEnd(text: string, from: number, newline: number): number {
  return newline > from && text.charAt(newline - 1) === '\r' ? newline - 1 : newline;
}

/** The place that counts as the beginning of a line: its first character, or its newline. */
export function contentBegin(text: string, from: number, newline: number): number {
  const begin = behindSgr(text, from);
  return begin === contentEnd(text, from, newline) ? newline : begin;
}

function lengthOfSgr(text: string): number {
  let length = 0;
  for (let at = text.indexOf('\x1b'); at !== -1; at = text.indexOf('\x1b', at)) {
    const end = behindSgr(text, at);
    if (end === at) break;
    length += end - at;
    at = end;
  }
  return length;
}

/** The style behind lines of characters and colours. @param before the style in which it begins. */
export function styleBehind(text: string, before: Style | null): Style | null {
  const last = text.lastIndexOf('\x1b');
  if (last === -1) return before;
  // Most coloured lines end without one: what stood before does not count.
  if (text.startsWith('[0m', last + 1) || text.startsWith('[m', last + 1)) return styleAfter(before, '0');
  let style = before;
  for (let at = text.indexOf('\x1b'); at !== -1; at = text.indexOf('\x1b', SGR.lastIndex)) {
    SGR.lastIndex = at;
    const [, params] = SGR.exec(text) ?? [];
    if (params === undefined) break;
    style = styleAfter(style, params);
  }
  return style;
}
