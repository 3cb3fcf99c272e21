import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEPT_BYTES, SEGMENT_BYTES } from '../../../shared/terminal-limits.ts';
import { segmentOf } from '../segments.ts';

/**
 * The file `modes` of a terminal's folder: what its program had set where each segment of its log begins, or soon after. A screen is
 * drawn from the log's end, and what was set long before still holds.
 */

const MOST_NOTES = KEPT_BYTES / SEGMENT_BYTES + 2;

interface ModeNote {
  /** A position in the log between two sequences. */
  at: number;
  /** What sets the modes in a terminal that was reset. */
  sequence: string;
}

/** Writes them, as the log grows. */
export class ModeNotes {
  readonly #folder: string;
  #notes: ModeNote[];
  #segment: number;

  /** @param length of the log when the program begins: what another one set before holds no longer. */
  constructor(folder: string, length: number) {
    this.#folder = folder;
    this.#notes = modeNotes(folder);
    this.#segment = segmentOf(length);
    if (length > 0) this.#note({ at: length, sequence: '' });
  }

  /** @param sequence what holds at `length`; null: that is within a sequence. */
  grew(length: number, sequence: () => string | null): void {
    if (segmentOf(length) === this.#segment) return;
    const now = sequence();
    if (now === null) return;
    this.#segment = segmentOf(length);
    this.#note({ at: length, sequence: now });
  }

  #note(note: ModeNote): void {
    this.#notes = [...this.#notes, note].slice(-MOST_NOTES);
    try {
      const file = join(this.#folder, 'modes');
      writeFileSync(`${file}.new`, this.#notes.map(({ at, sequence }) => `${at} ${JSON.stringify(sequence)}\n`).join(''), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch {
      // On a full disk a screen is drawn with the modes that its last segment sets.
    }
  }
}

/** Oldest first; none where the host that keeps the terminal is older. */
export function modeNotes(folder: string): ModeNote[] {
  try {
    return readFileSync(join(folder, 'modes'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, at, quoted] = /^(\d+) (".*")$/.exec(line) ?? [];
        if (at === undefined || quoted === undefined) return [];
        return [{ at: Number(at), sequence: String(JSON.parse(quoted)) }];
      });
  } catch {
    return [];
  }
}
