import { type Line, textOf } from './line.ts';

/** Ids of the lines that contain `wanted`, without regard to case, in their order. At most `limit` of them. */
export function findLines(lines: readonly Line[], wanted: string, limit = 10_000): number[] {
  if (wanted === '') return [];
  const needle = wanted.toLowerCase();
  const found: number[] = [];
  for (const line of lines) {
    if (!textOf(line).toLowerCase().includes(needle)) continue;
    found.push(line.id);
    if (found.length >= limit) break;
  }
  return found;
}
