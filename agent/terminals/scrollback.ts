import { stripVTControlCharacters } from 'node:util';
import type { ScrollbackQuery } from '../../shared/terminals.ts';
import type { TerminalLog } from './terminal-log.ts';

const STEP = 256 * 1024;
/** So far back it is looked for lines. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The last lines that were printed, with their escape sequences or without. A program that draws a screen of its own shows as what it sent. */
export async function scrollback(
  log: Pick<TerminalLog, 'start' | 'end' | 'read'>,
  { format, lines }: Pick<ScrollbackQuery, 'format' | 'lines'>,
): Promise<string> {
  const { end } = log;
  const least = Math.max(log.start, end - MOST_BYTES);
  let text = '';
  for (let length = STEP; ; length *= 4) {
    const from = Math.max(least, end - length);
    text = await textFrom(log, from, end);
    if (from <= least || text.split('\n').length > lines) break;
  }
  const kept = text
    .replace(/\r?\n$/, '')
    .split('\n')
    .slice(-lines);
  return kept.map((line) => (format === 'ansi' ? line : plain(line))).join('\n');
}

async function textFrom(log: Pick<TerminalLog, 'read'>, from: number, end: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let at = from; at < end; ) {
    const [chunk] = await log.read(at, Math.min(STEP, end - at));
    if (chunk === undefined) break;
    parts.push(chunk.bytes);
    at = chunk.to;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** As it stands on the screen in the end: what a carriage return went back over is gone. */
function plain(line: string): string {
  const shown = stripVTControlCharacters(line).replace(/\r+$/, '');
  return shown.slice(shown.lastIndexOf('\r') + 1);
}
