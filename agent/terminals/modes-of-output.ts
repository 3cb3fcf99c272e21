import { SizeNotes } from '../../shared/terminal/size-notes.ts';
import { KEPT_BYTES } from '../../shared/terminal-limits.ts';
import type { RunTerminal } from '../../shared/terminal-size.ts';
import type { LogReader } from '../logs/viewers.ts';
import { TTY_SIZE } from '../pty/tty-run.ts';
import { SignalScanner } from './host/signals.ts';

const STEP = 256 * 1024;

/**
 * What the program of a run had set in its terminal where its output is read from `at` on, and the size that the terminal had there.
 * Looked for in as many bytes before it as a terminal keeps.
 */
export async function modesOfOutput(log: Pick<LogReader, 'start' | 'read'>, at: number): Promise<RunTerminal> {
  const scanner = new SignalScanner();
  const notes = new SizeNotes();
  let size: Omit<RunTerminal, 'modes'> = { ...TTY_SIZE, viewer: null };
  for (let from = Math.max(log.start, at - KEPT_BYTES); from < at; ) {
    const chunks = await log.read(from, Math.min(STEP, at - from));
    if (chunks.length === 0) break;
    for (const { bytes, to } of chunks) {
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      scanner.scan(piece);
      for (const part of notes.push(piece.toString('latin1'))) if (typeof part !== 'string') size = part;
      from = to;
    }
  }
  return { modes: scanner.modes.sequence, ...size };
}
