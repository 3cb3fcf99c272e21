/** Longer than this nothing is held back: it is no query. */
const MOST_HELD = 256;
const BEGINS = /[\u001b\u0090\u009b\u009d]/;

/**
 * Takes out of what a program prints what it asks of its terminal (device attributes, status and cursor position, modes, colours, settings,
 * its version), so that an emulator that is fed with the rest answers nothing. Its pieces may be cut anywhere: what may become a
 * query is held back until it is known.
 */
export class QueryFilter {
  #held = '';
  /** Whether the queries that begin in what is held are answered here. */
  #heldAnswers = false;

  /** @param answers pass on its queries, too: they are answered here. @returns what is to be shown. */
  push(text: string, answers: boolean): string {
    if (this.#held === '' && !BEGINS.test(text)) return text;
    const own = this.#held.length;
    const all = this.#held + text;
    const before = this.#heldAnswers;
    this.#held = '';
    let shown = '';
    for (let at = 0; ; ) {
      const next = all.slice(at).search(BEGINS);
      if (next < 0) return shown + all.slice(at);
      shown += all.slice(at, at + next);
      at += next;
      const sequence = read(all, at);
      const mine = at < own ? before : answers;
      if (sequence === null) {
        this.#held = all.slice(at);
        this.#heldAnswers = mine;
        return shown;
      }
      const piece = all.slice(at, sequence.end);
      shown += sequence.isQuery && !mine ? withoutQuery(piece) : piece;
      at = sequence.end;
    }
  }
}

/** It still ends what was open before it, and control characters within it have their effect. */
function withoutQuery(piece: string): string {
  return `\u001b\\${piece.slice(0, -1).replaceAll(/[^\u0008-\u000f]/g, '')}`;
}

interface Sequence {
  end: number;
  isQuery: boolean;
}

const CONTROLS = '\\0-\\u0017\\u0019\\u001c-\\u001f';
/** One that a terminal reads on through control characters, up to its last character. */
const CSI = new RegExp(`^([${CONTROLS}\\u0020-\\u003f\\u007f]*)([\\u0040-\\u007e])?`);
const OSC_QUERIES = /^(?:4|5|1[0-9]|2[12]|5[02]|70[24]|777)?(?:$|;)/;

/** @returns null when its end is still to come, and it may be a query. */
function read(all: string, at: number): Sequence | null {
  const first = all[at];
  const kind = first === '\u001b' ? all[at + 1] : first;
  const begin = at + (first === '\u001b' ? 2 : 1);
  switch (kind) {
    case undefined:
      return null;
    case '[':
    case '\u009b':
      return readControl(all, begin);
    case ']':
    case '\u009d':
      return readString(all, begin, 'osc');
    case 'P':
    case '\u0090':
      return readString(all, begin, 'dcs');
    case 'Z':
      return { end: begin, isQuery: true };
    default:
      return { end: begin - 1, isQuery: false };
  }
}

function readControl(all: string, begin: number): Sequence | null {
  const [text = '', params = '', final] = CSI.exec(all.slice(begin, begin + MOST_HELD)) ?? [];
  const end = begin + text.length;
  if (final !== undefined) return { end, isQuery: asks(params.replaceAll(new RegExp(`[${CONTROLS}\\u007f]`, 'g'), ''), final) };
  return end < all.length || text.length >= MOST_HELD ? { end, isQuery: false } : null;
}

/** Does it ask for something? */
function asks(params: string, final: string): boolean {
  switch (final) {
    case 'c':
      return !params.startsWith('?');
    case 'n':
      return !params.startsWith('>');
    case 'p':
      return params.endsWith('$');
    case 'q':
      return params.startsWith('>');
    case 't':
      // The others change the window, or keep its title.
      return /^(?:1[13-9]|2[01])(?:;|$)/.test(params);
    case 'u':
    case 'S':
      return params.startsWith('?');
    case 'w':
      return params.endsWith('$');
    case 'y':
      return params.endsWith('*');
    case 'x':
      return /^\d*$/.test(params);
    default:
      return false;
  }
}

function readString(all: string, begin: number, kind: 'osc' | 'dcs'): Sequence | null {
  const found = all.slice(begin).search(/[\u0007\u0018\u001a\u001b\u009c]/);
  const isEnded = found >= 0;
  const text = isEnded ? all.slice(begin, begin + found) : all.slice(begin);
  const mayAsk = kind === 'osc' ? OSC_QUERIES.test(text) || /^\d{0,3}$/.test(text) : /^[\d;]*(?:$|[$+](?:$|q))/.test(text);
  if (!mayAsk || text.length > MOST_HELD) return { end: begin + text.length, isQuery: false };
  if (!isEnded) return null;
  // The ESC of its end begins the next, and ends it for who was given its beginning.
  const end = all[begin + found] === '\u001b' ? begin + found : begin + found + 1;
  return { end, isQuery: kind === 'dcs' || /(?:^|;)\?(?:;|$)/.test(text) };
}
