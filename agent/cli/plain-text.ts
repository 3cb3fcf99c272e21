import { plain } from './terminal-filter.ts';

/**
 * Rows as columns, the header first, for a person. The last column is cut to the terminal's width: a wrapped table can't be read.
 * @param width of the terminal; null when the table goes to a file, where nothing is cut.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[], width: number | null): string {
  const cells = [header, ...rows].map((row) => row.map(plain));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => lengthOf(row[column] ?? ''))));
  return cells
    .map((row) => {
      const line = row
        .map((cell, column) => (column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell))))
        .join('  ');
      return width === null || lengthOf(line) <= width
        ? line.trimEnd()
        : `${Array.from(line)
            .slice(0, width - 1)
            .join('')}…`;
    })
    .join('\n');
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** “3 s”, “2 min 5 s”, “1 h 3 min”. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** “2026-11-21 09:30:12”, in the local time zone. */
export function when(iso: string): string {
  const at = new Date(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
