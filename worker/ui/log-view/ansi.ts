import { type Style, styleAfter } from './style.ts';

/** What a stream says, piece by piece. `at`: where in the given text the piece begins, in UTF-16 units; before it may be < 0. */
export type Token =
  | { kind: 'text'; text: string; style: Style | null; at: number }
  | { kind: 'newline'; at: number }
  /** To the first column: what follows overwrites (progress bars). */
  | { kind: 'return'; at: number }
  | { kind: 'back'; at: number }
  /** As in `ESC [ n K`: 0 = from here to the end of the line, 1 = up to here, 2 = the whole line. */
  | { kind: 'erase'; part: 0 | 1 | 2; at: number };

/** CSI; OSC; DCS, SOS, PM, APC; other escapes; single control characters (a tab is text). */
const CONTROL =
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-OQ-WYZ\\`-~]|[\x00-\x08\x0a-\x1f\x7f]/g;
/** A sequence that has begun and may go on in the next frame. */
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)$/;
/** Longer, and it never ends: it is shown as what it is. */
const MAX_UNFINISHED = 8192;

/**
 * Reads one stream of output across any cut between frames. Colours become styles; of the movements only those within a
 * line are understood; everything else a terminal would do is left out. Nothing here is ever markup.
 */
export class AnsiReader {
  #style: Style | null = null;
  #rest = '';

  read(text: string): Token[] {
    const all = this.#rest + text;
    const shift = this.#rest.length;
    const cut = all.length > 0 ? this.#cut(all) : 0;
    this.#rest = all.slice(cut);
    const tokens: Token[] = [];
    let from = 0;
    CONTROL.lastIndex = 0;
    const body = all.slice(0, cut);
    for (let match = CONTROL.exec(body); match !== null; match = CONTROL.exec(body)) {
      if (match.index > from) tokens.push({ kind: 'text', text: body.slice(from, match.index), style: this.#style, at: from - shift });
      from = match.index + match[0].length;
      const token = this.#control(match, match.index - shift);
      if (token !== null) tokens.push(token);
    }
    if (from < body.length) tokens.push({ kind: 'text', text: body.slice(from), style: this.#style, at: from - shift });
    return tokens;
  }

  /** Where the text ends that can be read now. */
  #cut(all: string): number {
    const last = all.lastIndexOf('\x1b');
    if (last === -1) return all.length;
    // A string sequence may end with ESC \: look from the ESC before, too.
    const before = last > 0 ? all.lastIndexOf('\x1b', last - 1) : -1;
    for (const start of [before, last]) {
      if (start >= 0 && all.length - start <= MAX_UNFINISHED && UNFINISHED.exec(all.slice(start))?.index === 0) return start;
    }
    return all.length;
  }

  #control(match: RegExpExecArray, at: number): Token | null {
    switch (match[0]) {
      case '\n':
        return { kind: 'newline', at };
      case '\r':
        return { kind: 'return', at };
      case '\b':
        return { kind: 'back', at };
    }
    if (match[2] === 'm' && /^[\d;:]*$/.test(match[1] ?? '')) this.#style = styleAfter(this.#style, match[1] ?? '');
    if (match[2] === 'K') return { kind: 'erase', part: match[1] === '1' ? 1 : match[1] === '2' ? 2 : 0, at };
    // Back to a column: `ESC [ G`, `ESC [ 1 G`. Other columns are for screens, not for logs.
    if (match[2] === 'G' && (match[1] === '' || match[1] === '1')) return { kind: 'return', at };
    return null;
  }
}
