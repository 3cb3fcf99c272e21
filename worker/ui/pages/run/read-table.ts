/** The rows of a CSV (RFC 4180) or TSV text: quoted cells may hold separators, line breaks and doubled quotes. In one pass over the text. */
export function readTable(text: string): string[][] {
  const source = text.replace(/^\ufeff/, '');
  const separator = separatorOf(source.slice(0, /\r?\n/.exec(source)?.index ?? source.length));
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < source.length) {
    const [cell, end] = source[at] === '"' ? quoted(source, at) : plain(source, at, separator);
    row.push(cell);
    at = end;
    if (source[at] === separator) {
      at += 1;
      // The last cell of the text may be empty.
      if (at === source.length) row.push('');
    } else {
      rows.push(row);
      row = [];
      at += source.startsWith('\r\n', at) ? 2 : 1;
    }
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

/** The one that the first line has most of. */
function separatorOf(line: string): string {
  const counts = ['\t', ',', ';'].map((one) => ({ one, count: line.split(one).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

function plain(source: string, from: number, separator: string): [cell: string, end: number] {
  let end = from;
  while (end < source.length && source[end] !== separator && source[end] !== '\n' && !source.startsWith('\r\n', end)) end += 1;
  return [source.slice(from, end), end];
}

/** What stands behind the closing quote belongs to the cell: nothing is lost of a file that is no CSV. */
function quoted(source: string, from: number): [cell: string, end: number] {
  let cell = '';
  let at = from + 1;
  for (;;) {
    const quote = source.indexOf('"', at);
    if (quote < 0) return [cell + source.slice(at), source.length];
    cell += source.slice(at, quote);
    if (source[quote + 1] !== '"') {
      const rest = /^[^\t,;\r\n]*/.exec(source.slice(quote + 1, quote + 1001))?.[0] ?? '';
      return [cell + rest, quote + 1 + rest.length];
    }
    cell += '"';
    at = quote + 2;
  }
}
