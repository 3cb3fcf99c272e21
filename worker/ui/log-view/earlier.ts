import { call } from '../api.ts';
import { isRecord } from '../guards.ts';
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
  const from = lines.end;
  const response = await call(`/api/runs/${encodeURIComponent(taskId)}/output?format=jsonl&from=${from}&limit=${to - from}`, {});
  for (const text of (await response.text()).split('\n')) {
    if (text === '' || lines.end >= to) continue;
    takeLine(lines, JSON.parse(text));
  }
}

function takeLine(lines: LineBuffer, message: unknown): void {
  if (!isRecord(message) || typeof message['cursor'] !== 'number') return;
  const { stream, data, gap, cursor } = message;
  if ((stream === 'stdout' || stream === 'stderr') && typeof data === 'string') lines.append(stream, data, lines.end, cursor);
  else if (isRecord(gap) && typeof gap['from'] === 'number' && typeof gap['to'] === 'number') lines.gap(gap['from'], gap['to']);
}
