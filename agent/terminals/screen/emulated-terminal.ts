import type { IBuffer, Terminal } from '@xterm/headless';
import xterm from '@xterm/headless';
import { takeWidths } from '../../../shared/terminal/emulator-widths.ts';
import { CellDrawing } from './draw-cells.ts';
import type { NotedState } from './draw-screen.ts';
import { drawScreen } from './draw-screen.ts';
import { isAtRest } from './internals.ts';

/** What has begun and not ended is drawn with the screen up to so many bytes; a longer one (a picture) is left to the output after it. */
const MOST_PENDING = 4096;
/** Of colours that a program may set: 256 by number, and those of text, ground and cursor. */
const MOST_COLORS = 300;
const SCREENS = new Set([47, 1047, 1049]);
const OF_THEME = [10, 11, 12];

export interface DrawnScreen {
  /** Draws the screen on an emulator of this size that was reset; what is at `cursor` in the log follows it. */
  data: string;
  cursor: number;
  cols: number;
  rows: number;
}

/** A terminal as it would stand on a screen, fed with what its program printed. */
export class EmulatedTerminal {
  readonly #term: InstanceType<typeof xterm.Terminal>;
  readonly #noted: NotedState & { colors: Map<string, string> } = { title: '', alternate: 1049, colors: new Map() };
  /** The bytes of a sequence that is not complete, without those that worked by themselves. */
  #pending: Buffer | null = null;
  /** Where it begins in the log. */
  #pendingAt = 0;
  #cursor: number;

  constructor(at: { cursor: number; cols: number; rows: number; scrollback: number }) {
    const { cursor, cols, rows, scrollback } = at;
    this.#cursor = cursor;
    this.#term = new xterm.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
    takeWidths(this.#term);
    const { parser } = this.#term;
    this.#term.onTitleChange((title) => {
      this.#noted.title = title.replaceAll(/\p{Cc}/gu, '');
    });
    // Each of these only looks, and the emulator goes on with it.
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => {
      for (const mode of params) if (typeof mode === 'number' && SCREENS.has(mode)) this.#noted.alternate = mode;
      return false;
    });
    for (const what of OF_THEME) parser.registerOscHandler(what, (color) => this.#colored(String(what), color));
    parser.registerOscHandler(4, (list) => {
      const parts = list.split(';');
      for (let i = 0; i + 1 < parts.length; i += 2) this.#colored(`4;${Number(parts[i])}`, parts[i + 1] ?? '');
      return false;
    });
    for (const what of OF_THEME) parser.registerOscHandler(100 + what, () => this.#uncolored((known) => known === String(what)));
    parser.registerOscHandler(104, (list) => {
      const which = new Set(list.split(';').map((number) => `4;${number}`));
      return this.#uncolored((known) => known.startsWith('4;') && (list === '' || which.has(known)));
    });
    parser.registerEscHandler({ final: 'c' }, () => this.#uncolored(() => true));
  }

  /** The byte of the log that comes next. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What it prints goes before what is fed, and is not of the log. */
  begin(sequence: string): Promise<void> {
    return new Promise((resolve) => this.#term.write(sequence, resolve));
  }

  resize(cols: number, rows: number): void {
    this.#term.resize(cols, rows);
  }

  /** Takes what comes next in the log. */
  async feed(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    await new Promise<void>((resolve) => this.#term.write(bytes, resolve));
    const before = this.#cursor;
    this.#cursor += bytes.length;
    if (isAtRest(this.#term)) {
      this.#pending = null;
      return;
    }
    const began = lastIntroducer(bytes);
    if (began >= 0) this.#pendingAt = before + began;
    const piece = began < 0 ? bytes : bytes.subarray(began);
    const kept = began < 0 && this.#pending !== null ? Buffer.concat([this.#pending, piece]) : piece;
    // One more than is drawn says that it is too long.
    this.#pending = Buffer.from(kept.subarray(0, MOST_PENDING + 1));
  }

  draw(): DrawnScreen {
    const { cols, rows } = this.#term;
    const data = drawScreen(this.#term, this.#noted);
    const pending = this.#pending;
    if (pending === null) return { data, cursor: this.#cursor, cols, rows };
    if (pending.length > MOST_PENDING) return { data, cursor: this.#pendingAt, cols, rows };
    return { data: data + withoutControls(pending.toString('utf8')), cursor: this.#cursor, cols, rows };
  }

  /** The last lines of text, each in one piece however it was wrapped; below them what a program has drawn on the alternate screen. */
  lines(most: number, format: 'text' | 'ansi'): string {
    const { normal, alternate, active } = this.#term.buffer;
    const lines = (active.type === 'alternate' ? [normal, alternate] : [normal]).flatMap((buffer) =>
      withoutBlank(printed(this.#term, buffer, format)),
    );
    return lines.slice(-most).join('\n');
  }

  /** The last lines above the screen, each in one piece. What a program has drawn on the alternate screen is no part of them. */
  above(most: number, format: 'text' | 'ansi'): string[] {
    const { normal } = this.#term.buffer;
    return printed(this.#term, normal, format, normal.baseY).slice(-most);
  }

  close(): void {
    this.#term.dispose();
  }

  #colored(what: string, color: string): boolean {
    if (!color.startsWith('?') && color.length < 64 && this.#noted.colors.size < MOST_COLORS) this.#noted.colors.set(what, color);
    return false;
  }

  #uncolored(which: (what: string) => boolean): boolean {
    for (const what of [...this.#noted.colors.keys()]) if (which(what)) this.#noted.colors.delete(what);
    return false;
  }
}

/** @param end the first row that is none of it. */
function printed(term: Terminal, buffer: IBuffer, format: 'text' | 'ansi', end = buffer.length): string[] {
  const lines: string[] = [];
  for (let y = 0; y < end; ) {
    let to = y + 1;
    while (to < end && buffer.getLine(to)?.isWrapped === true) to += 1;
    if (format === 'ansi') lines.push(new CellDrawing(term, buffer).rows(y, to).replaceAll('\r\n', ''));
    else lines.push(Array.from({ length: to - y }, (_, i) => buffer.getLine(y + i)?.translateToString(y + i === to - 1) ?? '').join(''));
    y = to;
  }
  return lines;
}

function withoutBlank(lines: string[]): string[] {
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Where the last sequence begins: ESC, or an introducer of C1 as UTF-8 has it. −1: none does. */
function lastIntroducer(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x1b) return at;
    if (byte === 0xc2 && C1.has(bytes[at + 1] ?? 0)) return at;
  }
  return -1;
}
/** DCS, SOS, CSI, OSC, PM, APC */
const C1 = new Set([0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f]);

/** Control characters within a control sequence have worked already; in a string they mean nothing. */
function withoutControls(pending: string): string {
  return pending.slice(0, 1) + pending.slice(1).replaceAll(/[\0-\u001a\u001c-\u001f]/g, '');
}
