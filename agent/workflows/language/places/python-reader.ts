import type { Holes } from './place.ts';
import { HOLE, Unreadable } from './place.ts';

/** What would run a value, or compute with it as with a program. */
const RUNS = new Set([
  'eval',
  'exec',
  'compile',
  '__import__',
  'execfile',
  'system',
  'popen',
  'getoutput',
  'getstatusoutput',
  'import_module',
  'runpy',
  'shell',
  'spawn',
  'run_string',
  'literal_eval',
  'code',
  'pickle',
  'marshal',
  'ctypes',
  'create_subprocess_shell',
]);
const WORD = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/y;
const PREFIX = /^(?:[rRuUbBfFtT]|[bBfFtT][rR]|[rR][bBfFtT])$/;

/** Reads a Python script: comments, string literals with their prefixes, and all else, in which a value is an expression of its own. */
export function readPython(text: string, holes: Holes): void {
  const cookie = text.split('\n', 2).some((line) => /^[ \t\f]*#.*?coding[:=]/.test(line) && !/coding[:=][ \t]*utf-?8\b/i.test(line));
  if (cookie) throw new Unreadable('the script says that it is not UTF-8');
  let index = 0;
  let at = 0;
  const runs = new Set<string>();
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === HOLE) {
      holes.put(index, 'expression');
      const [before, after] = [text.charAt(at - 1), text.charAt(at + 1)];
      if (isWord(before) || isWord(after) || `"'\\${HOLE}`.includes(before || ' ') || `"'\\${HOLE}`.includes(after || ' '))
        holes.refuse([index], 'it touches a word or a quote; put a space between them');
      index += 1;
      at += 1;
    } else if (char === '#') {
      const end = Math.min(endOf(text, '\n', at), endOf(text, '\r', at));
      index += countHoles(text, at, end);
      at = end;
    } else if (char === '"' || char === "'") {
      ({ at, index } = string(text, at, index, '', holes));
    } else {
      WORD.lastIndex = at;
      const word = WORD.exec(text)?.[0];
      if (word === undefined) at += 1;
      else {
        at += word.length;
        const quote = text.charAt(at);
        if ((quote === '"' || quote === "'") && PREFIX.test(word)) ({ at, index } = string(text, at, index, word.toLowerCase(), holes));
        else if (RUNS.has(word)) runs.add(word);
      }
    }
  }
  for (const word of runs) holes.refuseAll(`the script has \`${word}\`, which may run it`);
}

/** From an opening quote. @returns where the text goes on, and the number of the next hole */
function string(text: string, from: number, first: number, prefix: string, holes: Holes): { at: number; index: number } {
  const quote = text.startsWith(text.charAt(from).repeat(3), from) ? text.charAt(from).repeat(3) : text.charAt(from);
  let at = from + quote.length;
  let index = first;
  for (; !text.startsWith(quote, at); at += 1) {
    const char = text.charAt(at);
    if (char === '') throw new Unreadable('a string of the script has no end');
    if ((char === '\n' || char === '\r') && quote.length === 1) throw new Unreadable('a string of the script ends with its line');
    if (char === HOLE) {
      holes.put(index, 'string');
      if (prefix.includes('f') || prefix.includes('t')) holes.refuse([index], 'it stands in an f-string');
      else if (prefix.includes('r')) holes.refuse([index], 'it stands in a raw string');
      else if (prefix.includes('b')) holes.refuse([index], 'it stands in bytes');
      index += 1;
    } else if (char === '\\') {
      if (text.charAt(at + 1) === HOLE) holes.refuse([index], 'a backslash stands before it');
      else at += 1;
    }
  }
  const body = text.slice(from + quote.length, at);
  // In newer Pythons a quote may stand inside of an f-string’s braces: with braces that do not match, where it ends is not certain.
  if (/[ft]/.test(prefix) && unbalanced(body)) throw new Unreadable('where an f-string of the script ends is not certain');
  at += quote.length;
  // `N{…}` of a name, `%` and `.format` read the text again.
  if (/^\s*(?:%|\.\s*(?:format|format_map|substitute|safe_substitute)\b)/.test(text.slice(at, at + 80)))
    holes.refuse(range(first, index), 'the text is a format, which is read once more');
  return { at, index };
}

function unbalanced(body: string): boolean {
  let depth = 0;
  for (const char of body.replaceAll('{{', '').replaceAll('}}', '')) {
    if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    if (depth < 0) return true;
  }
  return depth !== 0;
}

export const isWord = (char: string): boolean => /[\w$\u0080-\uffff]/.test(char);
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

export function endOf(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from);
  return end < 0 ? text.length : end;
}

export const countHoles = (text: string, from: number, to: number): number => text.slice(from, to).split(HOLE).length - 1;
