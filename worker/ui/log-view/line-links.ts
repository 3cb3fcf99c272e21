/** Lines by their numbers, from 1 on. */
export type LineRange = readonly [first: number, last: number];

/** The lines that the address names: `#L12`, `#L12-L20`; null when it names none. @param hash of the address. */
export function linesInHash(hash = location.hash): LineRange | null {
  const [, from, to] = /^#L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash) ?? [];
  if (from === undefined) return null;
  const lines = [Number(from), Number(to ?? from)].sort((a, b) => a - b);
  const [first = 1, last = 1] = lines;
  return first < 1 ? null : [first, last];
}

/** The hash of an address that names these lines; empty for none. */
export function hashOf(lines: LineRange | null): string {
  if (lines === null) return '';
  const [first, last] = lines;
  return first === last ? `#L${first}` : `#L${first}-L${last}`;
}
