import { ToruError, unreachable } from '../errors.ts';
import { type CharSet, isWord, type Place, parse } from './parse.ts';
import { compile, type Step } from './program.ts';

/** Where a pattern stands in a text: from, to. */
export interface Found {
  at: number;
  end: number;
}

/** A set of steps that a match may be at, and what came before it. */
interface State {
  steps: readonly number[];
  before: Before;
  /** By class of the next character; undefined where it was not needed yet, null where a match ends before that character. */
  next: (State | null | undefined)[];
  /** Does a match end here, if the line does? Undefined while nobody asked. */
  ends: boolean | undefined;
}

type Before = 'begin' | 'word' | 'other';
/** What follows a place: the end of the line, a word's character, another. */
type After = 'end' | 'word' | 'other';

/** More states are forgotten, and made again as they are needed. */
const MOST_STATES = 1000;
/**
 * Steps that may be looked at while states are made and matches are measured: so many at once, and so many for each character. Usual
 * patterns need a few; one that would hold up everything else is given up.
 */
const MOST_WORK = 100_000;
const WORK_PER_CHAR = 12;
const END = -1;

/**
 * Finds a pattern in time that grows with the text and the pattern, and never more: all ways to match go on side by side, and a set
 * of them is a state that is made once. Matches are the leftmost and, of these, the longest; an empty one is none. They never go over
 * the end of a line, which is a newline or a carriage return.
 */
export class LinearRegex {
  readonly #steps: readonly Step[];
  /** Borders between code points that no step of the pattern tells apart. */
  readonly #borders: readonly number[];
  readonly #ascii: Uint16Array;
  #states = new Map<string, State>();
  #work = MOST_WORK;
  /** In which round each step was reached last. */
  readonly #seen: Int32Array;
  #round = 0;
  #start: Record<Before, State>;

  /** @param exact tells `a` from `A`. @throws ToruError bad_request, which names what is wrong. */
  constructor(source: string, exact = false) {
    this.#steps = compile(parse(source, exact));
    this.#seen = new Int32Array(this.#steps.length);
    const sets = this.#steps.flatMap((step) => (step.is === 'chars' ? [step.set] : []));
    const borders = new Set([0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b]);
    for (const [first, last] of sets.flat()) borders.add(first).add(last + 1);
    this.#borders = [...borders].sort((a, b) => a - b);
    this.#ascii = Uint16Array.from({ length: 128 }, (_, code) => this.#classBelow(code));
    this.#start = this.#starts();
  }

  /**
   * The first match at or after `from`; null when there is none. @param bytes the text is UTF-8, each byte a character of latin1.
   * @throws ToruError input_invalid for a pattern that takes too long here.
   */
  find(text: string, from: number, bytes = false): Found | null {
    const read = bytes ? byteAt : unitAt;
    for (let line = from; line < text.length; ) {
      const end = this.#firstEnd(text, line, read);
      if (end.matched) return this.#leftmost(text, line, read);
      line = end.at;
    }
    return null;
  }

  /** Runs over a line. @returns whether there is a match in it, and where the next line begins. */
  #firstEnd(text: string, from: number, read: Read): { matched: boolean; at: number } {
    let state = this.#startAt(text, from);
    let at = from;
    let next: State | null | undefined = state;
    while (at < text.length) {
      const unit = text.charCodeAt(at);
      if (unit === 10 || unit === 13) break;
      const code = unit < 128 ? unit : read.code(text, at);
      const kind = unit < 128 ? (this.#ascii[unit] ?? 0) : this.#classBelow(code);
      next = state.next[kind];
      if (next === undefined) {
        next = this.#after(state, code);
        state.next[kind] = next;
      }
      if (next === null) break;
      state = next;
      at += unit < 128 ? 1 : read.length(code, text, at);
    }
    this.#work = Math.min(MOST_WORK, this.#work + (at - from) * WORK_PER_CHAR);
    if (next === null) return { matched: true, at };
    state.ends ??= this.#reached(state, 'end').includes(0);
    return { matched: state.ends, at: at + 1 };
  }

  /** All ways side by side, each with its begin: the leftmost match of a line that has one, as long as it can be. */
  #leftmost(text: string, from: number, read: Read): Found | null {
    let before = this.#startAt(text, from).before;
    /** The steps that ways are at, and where each way began: the leftmost first, and no step twice. */
    let ways: number[] = [];
    let begins: number[] = [];
    let best: Found | null = null;
    for (let at = from; ; ) {
      const unit = at < text.length ? text.charCodeAt(at) : END;
      const over = unit === END || unit === 10 || unit === 13;
      const code = over ? END : read.code(text, at);
      const after: After = over ? 'end' : isWord(code) ? 'word' : 'other';
      this.#round += 1;
      const here: number[] = [];
      const since: number[] = [];
      for (let i = 0; i < ways.length; i += 1) this.#reach(ways[i] ?? 0, before, after, here, since, begins[i] ?? 0);
      if (best === null) this.#reach(this.#steps.length - 1, before, after, here, since, at);
      const match = since[here.indexOf(0)];
      if (match !== undefined && match < at && (best === null || match <= best.at)) best = { at: match, end: at };
      if (over) return best;
      ways = [];
      begins = [];
      this.#round += 1;
      for (let i = 0; i < here.length; i += 1) {
        const step = this.#steps[here[i] ?? 0];
        const begin = since[i] ?? 0;
        if (step?.is !== 'chars' || this.#seen[step.next] === this.#round || (best !== null && begin > best.at) || !holds(step.set, code))
          continue;
        this.#seen[step.next] = this.#round;
        ways.push(step.next);
        begins.push(begin);
      }
      if (best !== null && ways.length === 0) return best;
      before = after === 'word' ? 'word' : 'other';
      at += read.length(code, text, at);
      this.#work = Math.min(MOST_WORK, this.#work + WORK_PER_CHAR);
    }
  }

  /**
   * Adds the steps that wait for a character, and the end of a match, to be reached from a step on. What was reached in the same round
   * is not reached again. @param begins gets `begin` for each.
   */
  #reach(first: number, before: Before, after: After, into: number[], begins: number[], begin: number): void {
    const waiting = [first];
    for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
      if (this.#seen[step] === this.#round) continue;
      this.#seen[step] = this.#round;
      this.#work -= 1;
      const is = this.#steps[step];
      if (is === undefined) continue;
      if (is.is === 'fork') waiting.push(is.other, is.next);
      else if (is.is === 'at') {
        if (stands(is.place, before, after)) waiting.push(is.next);
      } else {
        into.push(step);
        begins.push(begin);
      }
    }
    if (this.#work >= 0) return;
    this.#work = MOST_WORK;
    throw new ToruError('input_invalid', 'That pattern takes too long on this output. Repeat less in it, or look for something simpler.', {
      extra: { field: 'q' },
    });
  }

  /** The steps that a state waits at. */
  #reached(state: State, after: After): number[] {
    const here: number[] = [];
    this.#round += 1;
    for (const step of state.steps) this.#reach(step, state.before, after, here, [], 0);
    return here;
  }

  /** The state behind a character; null when a match ends before it. */
  #after(state: State, code: number): State | null {
    const after: After = isWord(code) ? 'word' : 'other';
    const here = this.#reached(state, after);
    if (here.includes(0)) return null;
    this.#reach(this.#steps.length - 1, state.before, after, here, [], 0);
    const steps = new Set<number>();
    for (const at of here) {
      const step = this.#steps[at];
      if (step?.is === 'chars' && holds(step.set, code)) steps.add(step.next);
    }
    return this.#state(
      [...steps].sort((a, b) => a - b),
      after === 'word' ? 'word' : 'other',
    );
  }

  #state(steps: readonly number[], before: Before): State {
    const key = `${before} ${steps.join(' ')}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= MOST_STATES) {
      this.#states = new Map();
      this.#start = this.#starts();
    }
    const state: State = { steps, before, next: [], ends: undefined };
    this.#states.set(key, state);
    return state;
  }

  #starts(): Record<Before, State> {
    const start = (before: Before): State => ({ steps: [], before, next: [], ends: undefined });
    return { begin: start('begin'), word: start('word'), other: start('other') };
  }

  #startAt(text: string, at: number): State {
    if (at === 0) return this.#start.begin;
    const unit = text.charCodeAt(at - 1);
    return unit === 10 || unit === 13 ? this.#start.begin : isWord(unit) ? this.#start.word : this.#start.other;
  }

  /** Which class a code point is in: how many borders are at or below it. */
  #classBelow(code: number): number {
    let low = 0;
    let high = this.#borders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#borders[middle] ?? 0) <= code) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function holds(set: CharSet, code: number): boolean {
  return set.some(([first, last]) => code >= first && code <= last);
}

function stands(place: Place, before: Before, after: After): boolean {
  switch (place) {
    case 'begin':
      return before === 'begin';
    case 'end':
      return after === 'end';
    case 'word':
      return (before === 'word') !== (after === 'word');
    case 'inside':
      return (before === 'word') === (after === 'word');
    default:
      return unreachable(place);
  }
}

interface Read {
  code: (text: string, at: number) => number;
  /** How many units of the text the character takes. */
  length: (code: number, text: string, at: number) => number;
}

const unitAt: Read = {
  code: (text, at) => text.codePointAt(at) ?? 0,
  length: (code) => (code > 0xffff ? 2 : 1),
};

/** UTF-8 whose bytes are the text's characters. What is none counts as the replacement character, a byte each. */
const byteAt: Read = {
  code(text, at) {
    const length = lengthAt(text, at);
    const first = text.charCodeAt(at);
    if (length === 1) return first < 0x80 ? first : 0xfffd;
    let code = first & (0xff >> (length + 1));
    for (let i = 1; i < length; i += 1) code = (code << 6) | (text.charCodeAt(at + i) & 0x3f);
    return code;
  },
  length: (_code, text, at) => lengthAt(text, at),
};

function lengthAt(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  for (let i = 1; i < length; i += 1) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 1;
  return length;
}
