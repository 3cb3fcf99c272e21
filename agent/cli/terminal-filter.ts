import { Parser, type Sink } from '../../shared/terminal/parser.ts';
import { sgrParts } from '../../shared/terminal/style.ts';

/**
 * The output of a script, for a person's terminal: text, colours (SGR), progress (OSC 9;4) and http links (OSC 8). Every
 * other sequence is left out, because a terminal obeys them: they write files, answer as if typed, hide what ran. So is what
 * conceals text (SGR 8), and characters that turn the direction of the text are named. Sequences may be split anywhere
 * between chunks.
 */
export class TerminalFilter implements Sink {
  readonly #parser = new Parser(this, { overlong: 'out' });
  #out = '';
  #styled = false;
  #linked = false;
  #progressing = false;

  /** @param text the next piece of output, decoded. @returns what the terminal may get of it. */
  write(text: string): string {
    if (this.#parser.idle && !NEEDS_LOOK.test(text)) return text;
    this.#parser.feed(text);
    return this.#taken();
  }

  /** At the end of the output: what was held of it as text, and the terminal is left as it was. */
  end(): string {
    this.#parser.end();
    if (this.#linked) this.#out += `${ESC}]8;;${ESC}\\`;
    if (this.#progressing) this.#out += `${ESC}]9;4;0${BEL}`;
    if (this.#styled) this.#out += `${ESC}[0m`;
    this.#styled = this.#linked = this.#progressing = false;
    return this.#taken();
  }

  text(text: string): void {
    this.#out += withoutDirections(text);
  }

  control(char: string): void {
    if (HARMLESS.has(char)) this.#out += char;
  }

  csi(params: string, final: string): void {
    if (final !== 'm' || !/^[\d;:]{0,200}$/.test(params)) return;
    const parts = sgrParts(params).filter((part) => !CONCEAL.test(part));
    if (parts.length === 0) return;
    this.#styled = !/^0*$/.test(parts.at(-1) ?? '');
    this.#out += `${ESC}[${parts.join(';')}m`;
  }

  escape(): void {
    // Resets, character sets, saved places: none of them is the script's.
  }

  osc(body: string): void {
    if (/^9;4;[0-4](?:;\d{0,3})?$/.test(body)) {
      this.#progressing = !body.startsWith('9;4;0');
      this.#out += `${ESC}]${body}${BEL}`;
      return;
    }
    const link = /^8;([\w=:.-]*);(https?:\/\/[\x21-\x7e]*)?$/.exec(body);
    if (link === null) return;
    this.#linked = link[2] !== undefined;
    this.#out += `${ESC}]8;${link[1] ?? ''};${link[2] ?? ''}${ESC}\\`;
  }

  #taken(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }
}

const ESC = '\x1b';
const BEL = '\x07';
const HARMLESS = new Set(['\n', '\r', '\t', '\b']);
/** Concealed, or shown again: `8`, `08`, `28`, alone and not as a part of a colour. */
const CONCEAL = /^0*2?8(?::|$)/;
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The controls that are not harmless, and half a character at the end: without one of them a chunk passes as it is. */
const NEEDS_LOOK = /[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff]$/;

/** A character that turns the direction of a text makes it read as another text: such a character is shown by its number. */
function withoutDirections(text: string): string {
  return text.replace(DIRECTIONS, (char) => `<U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}>`);
}

/** For a name, a label or a message in a table: one line, without anything that a terminal obeys. */
export function plain(text: string): string {
  return withoutDirections(text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' '));
}
