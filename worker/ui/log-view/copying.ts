import { ToruError } from '../../../shared/errors.ts';
import { readOutput } from '../data/output-lines.ts';
import { t } from '../translate.ts';
import { take } from './earlier.ts';
import { LineBuffer } from './line-buffer.ts';
import { lineBegin } from './places.ts';
import { joinLines } from './selection.ts';

/** More than this is downloaded, and not copied: what is pasted is held in memory several times. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Read at a time. */
const PART_BYTES = 1024 * 1024;

/** Where lines stand in a run's output, as cursors; the last one ends where the next begins. @throws ToruError. */
export async function placeOfLines(taskId: string, [first, last]: readonly [number, number]): Promise<{ from: number; to: number | null }> {
  const [begin, next] = await Promise.all([lineBegin(taskId, first), lineBegin(taskId, last + 1)]);
  // Of fewer lines the host gives the last.
  return { from: begin.cursor, to: next.line === last + 1 ? next.cursor : null };
}

/**
 * A part of a run's output as it is read on the page, from the host: also what is not loaded.
 * @throws ToruError too_large when it is too much to be copied.
 */
export async function textOf(taskId: string, from: number, to: number): Promise<string> {
  if (to - from > MOST_BYTES)
    throw new ToruError('too_large', t('That is more than 8 MB, too much to be copied. Download it, or choose fewer lines.'));
  const lines = new LineBuffer();
  lines.reset(from);
  while (lines.end < to) {
    const { end } = lines;
    take(lines, await readOutput(taskId, { from: end, limit: Math.min(PART_BYTES, to - end) }), to);
    if (lines.end === end) break;
  }
  lines.finish();
  return joinLines(lines.lines);
}
