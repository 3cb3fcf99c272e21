import { type Style, styleAfter } from './style.ts';

/** Output as it was printed. Lines of nothing but characters and colours need not be read until somebody looks at them. */

/**
 * What does more than add to a line: a control character, except a tab and what ends a line, and a sequence that is none of colours
 * and styles (SGR).
 */
const OTHER = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\r(?!\n)|\x1b(?!\[[\d;:]{0,200}m)/g;
const SGR = /\x1b\[([\d;:]*)m/y;
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

/** How many characters of a line of characters and colours belong to the colours. */
export function lengthOfSgr(text: string): number {
  let length = 0;
  for (let at = text.indexOf('\x1b'); at !== -1; at = text.indexOf('\x1b', at)) {
    const end = behindSgr(text, at);
    if (end === at) break;
    length += end - at;
    at = end;
  }
  return length;
}

/** The style behind a line of characters and colours. @param before the style in which it begins. */
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
