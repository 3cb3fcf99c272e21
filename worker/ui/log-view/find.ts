import type { LogLine } from './shown-line.ts';

/** Ids of the lines that contain `wanted`, without regard to case, in their order. At most `limit` of them. */
export function findLines(lines: readonly LogLine[], wanted: string, limit = 10_000): number[] {
  if (wanted === '') return [];
  const needle = wanted.toLowerCase();
  const found: number[] = [];
  for (const line of lines) {
    if (!line.text.toLowerCase().includes(needle)) continue;
    found.push(line.id);
    if (found.length >= limit) break;
  }
  return found;
}
