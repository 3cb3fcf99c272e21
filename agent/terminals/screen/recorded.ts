import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { SEGMENT_BYTES } from '../../../shared/terminal-limits.ts';
import { modeNotes } from '../host/mode-notes.ts';
import { SignalScanner } from '../host/signals.ts';
import { segmentFile, segmentOf } from '../segments.ts';
import { EmulatedTerminal } from './emulated-terminal.ts';

/** Before the kept part of a log is drawn from its middle, it is begun at a sequence or a line within so many bytes. */
const LOOK_BYTES = 4096;
const STEP = 128 * 1024;
const USUAL = { cols: 80, rows: 24 };

interface SizeChange {
  at: number;
  cols: number;
  rows: number;
}

/** What is on disk of a terminal: what it printed, and which size it had while it did. */
export class Recorded {
  readonly #folder: string;
  readonly #sizes: SizeChange[];

  /** @param folder the terminal's. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#sizes = sizesOf(folder);
  }

  /** @param lines above the screen, as far as `mostCells` has room for them. @returns an emulator that begins at `from`, or soon after it where that is within something. */
  async begin(from: number, end: number, lines: number, mostCells = Number.POSITIVE_INFINITY): Promise<EmulatedTerminal> {
    const cursor = from === 0 ? 0 : from + beginning(this.#read(from, Math.min(end, from + LOOK_BYTES)));
    const { cols, rows } = this.#sizes.findLast(({ at }) => at <= cursor) ?? this.#sizes[0] ?? USUAL;
    const widest = Math.max(cols, ...this.#sizes.map((size) => size.cols));
    const terminal = new EmulatedTerminal({ cursor, cols, rows, scrollback: Math.min(lines, Math.floor(mostCells / widest)) });
    if (cursor > 0) await terminal.begin(this.#modesAt(cursor));
    return terminal;
  }

  /** What its program had set before `cursor`: as its host noted where that segment begins, and from there on as the log says. */
  #modesAt(cursor: number): string {
    const scanner = new SignalScanner();
    const note = modeNotes(this.#folder).findLast(({ at }) => at <= cursor);
    if (note !== undefined) scanner.scan(Buffer.from(note.sequence));
    const beginning = segmentOf(cursor) * SEGMENT_BYTES;
    // A note stands soon after the beginning of its segment; before it in that segment nobody knows better than the log.
    for (let at = Math.max(note?.at ?? 0, beginning - SEGMENT_BYTES, 0); at < cursor; ) {
      const bytes = this.#kept(at, Math.min(cursor, at + STEP));
      if (bytes.length === 0) break;
      scanner.scan(bytes);
      at += bytes.length;
    }
    return scanner.modes.sequence;
  }

  /** Nothing for what is no longer there. */
  #kept(from: number, to: number): Buffer {
    try {
      return this.#read(from, to);
    } catch {
      return Buffer.alloc(0);
    }
  }

  /** Feeds what comes next up to `end`, with the sizes that came between. */
  async feed(terminal: EmulatedTerminal, end: number): Promise<void> {
    const from = terminal.cursor;
    // It may have been resized since, while it printed nothing.
    const now = this.#sizes.findLast(({ at }) => at <= from);
    if (now !== undefined) terminal.resize(now.cols, now.rows);
    const changes = this.#sizes.filter(({ at }) => at > from && at <= end);
    for (const { at, cols, rows } of changes) {
      await this.#feedTo(terminal, at);
      terminal.resize(cols, rows);
    }
    await this.#feedTo(terminal, end);
  }

  async #feedTo(terminal: EmulatedTerminal, end: number): Promise<void> {
    while (terminal.cursor < end) {
      const bytes = this.#read(terminal.cursor, Math.min(end, terminal.cursor + STEP));
      if (bytes.length === 0) throw new Error('what a terminal printed is no longer there');
      await terminal.feed(bytes);
    }
  }

  #read(from: number, to: number): Buffer {
    const segment = segmentOf(from);
    const length = Math.min(to, (segment + 1) * SEGMENT_BYTES) - from;
    const bytes = Buffer.allocUnsafe(length);
    const fd = openSync(segmentFile(this.#folder, segment), 'r');
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, length, from - segment * SEGMENT_BYTES));
    } finally {
      closeSync(fd);
    }
  }
}

/** The first place that is within nothing: an escape, or after a line. */
function beginning(bytes: Buffer): number {
  const sequence = bytes.indexOf(0x1b);
  const line = bytes.indexOf(0x0a) + 1;
  if (sequence < 0) return line;
  return line === 0 ? sequence : Math.min(sequence, line);
}

function sizesOf(folder: string): SizeChange[] {
  try {
    return readFileSync(join(folder, 'sizes'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, at, cols, rows] = /^(\d+) (\d+) (\d+)$/.exec(line) ?? [];
        return at === undefined ? [] : [{ at: Number(at), cols: Number(cols), rows: Number(rows) }];
      });
  } catch {
    return [];
  }
}
