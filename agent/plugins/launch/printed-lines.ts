import type { Readable } from 'node:stream';
import { LineSplitter } from '../../../shared/line-splitter.ts';
import type { LineLog } from '../services/line-log.ts';

const NEWLINE = 10;
/** Longer printed lines are cut. */
const MAX_LINE = 8192;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What a plugin prints, into its log. It is always read, so that it never waits for us; what is too much is counted and
 * dropped, a whole chunk at once, so that a flood costs little.
 * @param onLine hears each line that is kept. @returns the end of the stream.
 */
export function capture(
  stream: Readable,
  source: 'stdout' | 'stderr',
  plugin: string,
  log: LineLog,
  onLine: (text: string) => void = () => undefined,
): Promise<void> {
  const lines = new LineSplitter(MAX_LINE, (line, cut) => {
    if (log.flooded) return log.drop(1);
    const text = utf8.decode(line).replace(/\r$/, '');
    if (text === '') return;
    log.write({ level: source === 'stderr' ? 'warn' : 'info', plugin, message: cut ? `${text}… (cut)` : text, source });
    onLine(text);
  });
  /** The rest of a line whose beginning was dropped is dropped, too. */
  let midLine = false;
  stream.on('data', (chunk: Buffer) => {
    if (log.flooded) {
      log.drop(newlinesIn(chunk));
      lines.forget();
      midLine = chunk.at(-1) !== NEWLINE;
      return;
    }
    const from = midLine ? chunk.indexOf(NEWLINE) + 1 : 0;
    if (midLine && from === 0) return;
    midLine = false;
    lines.push(chunk.subarray(from));
  });
  return new Promise((resolve) => {
    stream.on('close', () => {
      lines.flush();
      resolve();
    });
  });
}

function newlinesIn(chunk: Buffer): number {
  let count = 0;
  for (const byte of chunk) if (byte === NEWLINE) count += 1;
  return count;
}
