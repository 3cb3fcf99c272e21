/** The lines that the address names: `#L12`, `#L12-L20`; null when it names none. @param hash of the address. */
export function linesInHash(hash = location.hash): readonly [first: number, last: number] | null {
  const [, from, to] = /^#L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash) ?? [];
  if (from === undefined) return null;
  const lines = [Number(from), Number(to ?? from)].sort((a, b) => a - b);
  const [first = 1, last = 1] = lines;
  return first < 1 ? null : [first, last];
}
