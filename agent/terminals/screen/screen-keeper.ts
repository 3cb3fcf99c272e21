import { SEGMENT_BYTES } from '../../../shared/terminal-limits.ts';
import type { DrawnScreen, EmulatedTerminal } from './emulated-terminal.ts';
import { Recorded } from './recorded.ts';
import type { Above, LastLines, LogPlace } from './screen-protocol.ts';

/** Lines above the screen, for whoever makes it higher. */
const SCROLLBACK = 1000;

/** Cells of a scrollback: 12 bytes each. */
const MOST_CELLS = 8_000_000;
const LINE_BYTES = 200;

/** The last lines, drawn for this alone. @throws when the log can't be read. */
export async function linesOf({ folder, start, end }: LogPlace, { lines, format }: LastLines): Promise<string> {
  const recorded = new Recorded(folder);
  const terminal = await recorded.begin(Math.max(start, end - Math.max(SEGMENT_BYTES, lines * LINE_BYTES)), end, lines, MOST_CELLS);
  try {
    await recorded.feed(terminal, end);
    return terminal.lines(lines, format);
  } finally {
    terminal.close();
  }
}

/** A page of the lines above the screen as it was at `end`, without the last `skip` of them. @throws when the log can't be read. */
export async function linesAbove({ folder, start, end }: LogPlace, { lines, skip, format, cols, rows }: Above): Promise<string> {
  const recorded = new Recorded(folder);
  // Lines may be long: it is looked further back until they are enough.
  for (let bytes = Math.max(SEGMENT_BYTES, (lines + skip) * LINE_BYTES); ; bytes *= 4) {
    const begin = Math.max(start, end - bytes);
    const terminal = await recorded.begin(begin, end, lines + skip + SCROLLBACK, MOST_CELLS);
    try {
      await recorded.feed(terminal, end);
      // Right after the screen was drawn, who looks at it may have given it another size.
      if (cols !== undefined && rows !== undefined) terminal.resize(cols, rows);
      const found = terminal.above(lines + skip, format);
      if (begin === start || found.length >= lines + skip)
        return found
          .slice(0, Math.max(0, found.length - skip))
          .slice(-lines)
          .map((line) => `${line}\n`)
          .join('');
    } finally {
      terminal.close();
    }
  }
}

/** The emulators of the terminals that somebody looks at, in the worker. */
export class ScreenKeeper {
  readonly #kept = new Map<string, EmulatedTerminal>();
  /** For each terminal one thing at a time. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @throws when the log can't be read. */
  draw(log: LogPlace): Promise<DrawnScreen> {
    return this.#inTurn(log.id, async () => (await this.#at(log)).draw());
  }

  feed(log: LogPlace): Promise<void> {
    return this.#inTurn(log.id, async () => {
      await this.#at(log);
    });
  }

  drop(id: string): Promise<void> {
    return this.#inTurn(id, () => {
      this.#kept.get(id)?.close();
      this.#kept.delete(id);
      return Promise.resolve();
    });
  }

  async #at({ id, folder, start, end }: LogPlace): Promise<EmulatedTerminal> {
    const recorded = new Recorded(folder);
    let terminal = this.#kept.get(id);
    if (terminal === undefined || terminal.cursor < Math.max(start, end - SEGMENT_BYTES)) {
      terminal?.close();
      terminal = await recorded.begin(Math.max(start, end - SEGMENT_BYTES), end, SCROLLBACK);
      this.#kept.set(id, terminal);
    }
    try {
      await recorded.feed(terminal, end);
    } catch (error) {
      // What it shows now is of no use to the next.
      terminal.close();
      this.#kept.delete(id);
      throw error;
    }
    return terminal;
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(id, settled);
    void settled.then(() => {
      if (this.#turns.get(id) === settled) this.#turns.delete(id);
    });
    return turn;
  }
}
