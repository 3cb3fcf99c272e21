import type { OutputLine } from '../../../shared/runs.ts';
import { readOutput } from '../data/output-lines.ts';
import { LineBuffer } from './line-buffer.ts';
import { typedInto } from './typed-lines.ts';

/** How much is read at a time when the reader goes back. */
export const EARLIER_BYTES = 256 * 1024;

/**
 * The lines that end where `before` begins, read over HTTP. @param before the cursor of a line's beginning.
 * @returns the lines and where the first of them begins. @throws ToruError.
 */
export async function readEarlier(taskId: string, before: number): Promise<{ lines: LineBuffer; start: number }> {
  const from = Math.max(0, before - EARLIER_BYTES);
  const lines = new LineBuffer(typedInto(taskId));
  lines.reset(from);
  take(lines, await readOutput(taskId, { from, limit: before - from }), before);
  if (from > 0) lines.dropPartialFirst();
  return { lines, start: from > 0 ? lines.start : 0 };
}

/** Puts pieces of output at a buffer's end, up to a cursor. */
export function take(lines: LineBuffer, pieces: readonly OutputLine[], to: number): void {
  for (const piece of pieces) {
    if (lines.end >= to) return;
    if ('gap' in piece) lines.gap(piece.gap.from, piece.gap.to);
    else lines.append(piece.stream, piece.data, lines.end, piece.cursor);
  }
}
