/** A text of a YAML file: from where to where it stands, with its quotes or header, and how it is written. */
export interface WrittenScalar {
  start: number;
  end: number;
  value: string;
  /** `PLAIN`, `QUOTE_SINGLE`, `QUOTE_DOUBLE`, `BLOCK_LITERAL`, `BLOCK_FOLDED`. */
  style: string | null | undefined;
}

/**
 * Where a character of a value stands in the file.
 *
 * Characters that are no space keep their order in every style. So both texts are walked together: the file's own spaces (indents, folded
 * line ends) are passed over, and an escape or a doubled quote is one character of the value. In double quotes, where an escape can be a
 * space, the folding of lines is followed to the letter.
 * @param offset of the character in the value. @returns its offset in the file
 */
export function offsetInScalar(file: string, { start, end, value, style }: WrittenScalar, offset: number): number {
  let at = start;
  if (style === 'QUOTE_DOUBLE' || style === 'QUOTE_SINGLE') at += 1;
  // The header of a block, `|-2 # comment`, ends with its line.
  if (style === 'BLOCK_LITERAL' || style === 'BLOCK_FOLDED') at = file.indexOf('\n', start) + 1;
  for (let index = 0; index <= offset && at < end; ) {
    const wanted = value.charAt(index);
    if (style === 'QUOTE_DOUBLE' && file[at] === '\\') {
      const { length, stands } = escapeAt(file, at);
      if (index === offset && stands > 0) return at;
      at += length;
      index += stands;
      continue;
    }
    const fold = style === 'QUOTE_DOUBLE' ? foldedLine(file, at) : null;
    if (fold !== null) {
      if (offset < index + fold.stands) return at;
      at += fold.length;
      index += fold.stands;
    } else if (!isSpace(wanted) && isSpace(file.charAt(at))) at += 1;
    else if (isSpace(wanted) && !isSpace(file.charAt(at))) {
      if (index === offset) return at;
      index += 1;
    } else {
      if (index === offset) return at;
      at += style === 'QUOTE_SINGLE' && file.startsWith("''", at) ? 2 : 1;
      index += 1;
    }
  }
  return Math.min(at, end);
}

const isSpace = (char: string): boolean => char === ' ' || char === '\n' || char === '\t' || char === '\r';

/** How long an escape is, and for how many UTF-16 units of the value it stands: none for an escaped line end. */
function escapeAt(file: string, at: number): { length: number; stands: number } {
  const kind = file.charAt(at + 1);
  if (kind === 'x') return { length: 4, stands: 1 };
  if (kind === 'u') return { length: 6, stands: 1 };
  if (kind === 'U') return { length: 10, stands: Number.parseInt(file.slice(at + 2, at + 10), 16) > 0xffff ? 2 : 1 };
  if (kind !== '\n' && kind !== '\r') return { length: 2, stands: 1 };
  const rest = /^\r?\n[ \t]*/.exec(file.slice(at + 1));
  return { length: 1 + (rest?.[0].length ?? 1), stands: 0 };
}

/** Line ends inside of double quotes: one is a space, more are one less. */
function foldedLine(file: string, at: number): { length: number; stands: number } | null {
  FOLD.lastIndex = at;
  const found = FOLD.exec(file)?.[0];
  if (found === undefined) return null;
  return { length: found.length, stands: Math.max(1, found.split('\n').length - 2) };
}
const FOLD = /[ \t]*(?:\r?\n[ \t]*)+/y;
