import { MAX_COLS, MAX_ROWS } from '../limits.ts';

/**
 * A run's terminal has the size that a viewer gave it last. Each change of it stands in the output where it was made, as a sequence that
 * terminals pass over: whoever reads the output later draws it as it was drawn, and knows which viewer answers what its program asks.
 */

const BEGIN = '\u001b]5379;size;';
const NOTE = /\u001b\]5379;size;(\d{1,4});(\d{1,4});([0-9a-f-]{0,36})\u0007/;
/** What may still become a note, at the end of a piece. */
const BEGUN = /\u001b(?:\](?:5379;size;[\d;a-f-]{0,48}|5(?:3(?:7(?:9(?:;(?:s(?:i(?:z(?:e)?)?)?)?)?)?)?)?)?)?$/;

export interface SizeNote {
  cols: number;
  rows: number;
  /** The name that the viewer chose for itself; null: one that draws nothing by these notes. */
  viewer: string | null;
}

export function sizeNote({ cols, rows, viewer }: SizeNote): string {
  return `${BEGIN}${cols};${rows};${viewer ?? ''}\u0007`;
}

/** Takes the notes out of what a program printed; the pieces may be cut anywhere. */
export class SizeNotes {
  #held = '';

  /** @returns text and notes in their order. */
  push(text: string): (string | SizeNote)[] {
    const parts: (string | SizeNote)[] = [];
    let rest = this.#held + text;
    for (let found = NOTE.exec(rest); found !== null; found = NOTE.exec(rest)) {
      const [note, cols = '', rows = '', viewer = ''] = found;
      if (found.index > 0) parts.push(rest.slice(0, found.index));
      // A script may print one, too.
      const size = { cols: Math.min(MAX_COLS, Math.max(2, Number(cols))), rows: Math.min(MAX_ROWS, Math.max(1, Number(rows))) };
      parts.push({ ...size, viewer: viewer === '' ? null : viewer });
      rest = rest.slice(found.index + note.length);
    }
    const begun = BEGUN.exec(rest)?.index ?? rest.length;
    this.#held = rest.slice(begun);
    if (begun > 0) parts.push(rest.slice(0, begun));
    return parts;
  }
}
