/**
 * What a script printed, for a person's terminal: text, colours (SGR), progress (OSC 9;4) and http links (OSC 8). Every
 * other sequence is left out, because a terminal obeys them: they write files, answer as if typed, hide what ran.
 * Sequences may be split anywhere between chunks.
 */
export class TerminalFilter {
  #state: State = 'text';
  /** What was collected of the sequence under way, without its introducer. */
  #held = '';
  #styled = false;
  #linked = false;
  #progressing = false;

  /** @param text the next piece of output, decoded. @returns what the terminal may get of it. */
  write(text: string): string {
    if (this.#state === 'text' && !NEEDS_LOOK.test(text)) return text;
    let out = '';
    for (const char of text) out += this.#take(char);
    return out;
  }

  /** At the end of the output: leaves the terminal as it was. */
  end(): string {
    let out = '';
    if (this.#linked) out += `${ESC}]8;;${ESC}\\`;
    if (this.#progressing) out += `${ESC}]9;4;0${BEL}`;
    if (this.#styled) out += `${ESC}[0m`;
    this.#state = 'text';
    this.#held = '';
    this.#styled = this.#linked = this.#progressing = false;
    return out;
  }

  #take(char: string): string {
    switch (this.#state) {
      case 'text':
        return this.#takeText(char);
      case 'escape':
        return this.#takeEscape(char);
      case 'csi':
        return this.#takeCsi(char);
      case 'osc':
      case 'string':
        return this.#takeString(char);
      case 'string-escape':
        return this.#takeStringEscape(char);
    }
  }

  #takeText(char: string): string {
    const state = INTRODUCERS.get(char);
    if (state !== undefined) return this.#enter(state);
    return CONTROL.test(char) && !HARMLESS.has(char) ? '' : char;
  }

  #takeEscape(char: string): string {
    const state = INTRODUCERS.get(char) ?? AFTER_ESCAPE.get(char);
    if (state !== undefined) return this.#enter(state);
    // `ESC ( B` and its like: intermediates, then one final character.
    if (char >= ' ' && char <= '/') return '';
    this.#state = 'text';
    return char < ' ' ? this.#takeText(char) : '';
  }

  #takeCsi(char: string): string {
    const state = INTRODUCERS.get(char);
    if (state !== undefined) return this.#enter(state);
    if (char >= ' ' && char <= '?') {
      this.#hold(char);
      return '';
    }
    this.#state = 'text';
    if (char < ' ') return this.#takeText(char);
    if (char !== 'm' || !/^[\d;:]{0,200}$/.test(this.#held)) return '';
    this.#styled = !/^0*$/.test(this.#held);
    return `${ESC}[${this.#held}m`;
  }

  #takeString(char: string): string {
    switch (char) {
      case BEL:
      case ST:
        return this.#endString();
      case ESC:
        this.#state = this.#state === 'osc' ? 'string-escape' : 'escape';
        return '';
      case CAN:
      case SUB:
        this.#state = 'text';
        return '';
      case '\n':
        // No command of ours spans lines: this one was never finished, and must not swallow all that follows.
        this.#state = 'text';
        return char;
      default:
        this.#hold(char);
        return '';
    }
  }

  /** ESC inside an OSC: `ESC \` ends it, anything else begins another sequence. */
  #takeStringEscape(char: string): string {
    if (char === '\\') {
      this.#state = 'osc';
      return this.#endString();
    }
    this.#state = 'escape';
    return this.#takeEscape(char);
  }

  #endString(): string {
    const passed = this.#state === 'osc' ? this.#passOsc(this.#held) : '';
    this.#state = 'text';
    return passed;
  }

  #passOsc(body: string): string {
    if (/^9;4;[0-4](?:;\d{0,3})?$/.test(body)) {
      this.#progressing = !body.startsWith('9;4;0');
      return `${ESC}]${body}${BEL}`;
    }
    const link = /^8;([\w=:.-]*);(https?:\/\/[\x21-\x7e]*)?$/.exec(body);
    if (link === null) return '';
    this.#linked = link[2] !== undefined;
    return `${ESC}]8;${link[1] ?? ''};${link[2] ?? ''}${ESC}\\`;
  }

  #enter(state: State): string {
    this.#state = state;
    this.#held = '';
    return '';
  }

  /** Past the bound it only grows wrong, never long: a cut body is not one that passes. */
  #hold(char: string): void {
    if (this.#held.length < MAX_HELD) this.#held += char;
    else this.#held = `\0${this.#held.slice(1)}`;
  }
}

type State = 'text' | 'escape' | 'csi' | 'osc' | 'string' | 'string-escape';

const ESC = '\x1b';
const BEL = '\x07';
const CAN = '\x18';
const SUB = '\x1a';
const ST = '\x9c';
const MAX_HELD = 4096;
/** C0, DEL and C1. */
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
/** The controls that are not harmless: without one of them a chunk passes as it is. */
const NEEDS_LOOK = /[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
const HARMLESS = new Set(['\n', '\r', '\t', '\b']);

/** What begins a sequence anywhere: ESC, and the one-character forms of CSI, OSC, DCS, SOS, PM and APC. */
const INTRODUCERS: ReadonlyMap<string, State> = new Map([
  [ESC, 'escape'],
  ['\x9b', 'csi'],
  ['\x9d', 'osc'],
  ['\x90', 'string'],
  ['\x98', 'string'],
  ['\x9e', 'string'],
  ['\x9f', 'string'],
]);
const AFTER_ESCAPE: ReadonlyMap<string, State> = new Map([
  ['[', 'csi'],
  [']', 'osc'],
  ['P', 'string'],
  ['X', 'string'],
  ['^', 'string'],
  ['_', 'string'],
]);

/** For a name, a label or a message in a table: one line, without anything that a terminal obeys. */
export function plain(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ');
}
