import { readOutput } from '../data/output-lines.ts';
import { LineBuffer } from './line-buffer.ts';

/** How much is read at a time when the reader goes back. */
export const EARLIER_BYTES = 1024 * 1024;

/**
 * The lines that end where `before` begins, read over HTTP. @param before the cursor of a line's beginning.
 * @returns the lines and where the first of them begins. @throws ToruError.
 */
export async function readEarlier(taskId: string, before: number): Promise<{ lines: LineBuffer; start: number }> {
  const from = Math.max(0, before - EARLIER_BYTES);
  const lines = new LineBuffer();
  lines.reset(from);
  await readInto(lines, taskId, before);
  if (from > 0) lines.dropPartialFirst();
  return { lines, start: from > 0 ? lines.start : 0 };
}

/** Reads on where the buffer ends, up to a cursor. @throws ToruError. */
export async function readInto(lines: LineBuffer, taskId: string, to: number): Promise<void> {
  for (const line of await readOutput(taskId, { from: lines.end, limit: to - lines.end })) {
    if (lines.end >= to) return;
    if ('gap' in line) lines.gap(line.gap.from, line.gap.to);
    else lines.append(line.stream, line.data, lines.end, line.cursor);
  }
}
