import { signal } from '@preact/signals';
import { unreachable } from '../../../shared/errors.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import type { Progress } from '../../../shared/terminal/osc.ts';
import { sentence } from '../api.ts';
import { hostNow } from '../clock.ts';
import { streams } from '../connection/live-runs.ts';
import type { StreamEvent } from '../connection/run-streams.ts';
import { readOutput } from '../data/output-lines.ts';
import { toast } from '../toasts.ts';
import { EARLIER_BYTES, readEarlier, take } from './earlier.ts';
import { LineBuffer, MAX_CHARS, MAX_LINES } from './line-buffer.ts';
import { Margin } from './margin.ts';
import { lineBegin } from './places.ts';
import type { LogLine } from './shown-line.ts';
import { ShownLines, type StreamFilter } from './shown-lines.ts';
import { type Decor, Surface } from './surface.ts';
import { noteTyped, typedInto } from './typed-lines.ts';

/** Of a long output, so much of the end is read first: what people look at, and little for a phone on a slow line. */
const FIRST_READ = 128 * 1024;
/** So near to an end of what is loaded, in heights of the view, the next part is read. */
const NEAR = 2;
/** After a read that failed, the next one by itself waits so long. */
const REST_MS = 5000;

/** Reads in a row that brought nothing to be seen, of one stream: then the reader is asked first. */
const MOST_IN_VAIN = 16;

/** A place in the output that is to be seen, and marked. */
export type LogPlace = { lines: readonly [first: number, last: number] } | { cursor: number };

/** What of the output is loaded. */
interface Part {
  start: number;
  end: number;
}

/**
 * A run's output as somebody reads it: a part of it is loaded, of any size the whole may have. It follows the end while that is
 * loaded, reads on at both ends as the reader comes near, and goes to any other place at once. What the reader looks at is never
 * taken away: where more is printed than is kept, the loaded part stays and does not follow any more.
 */
export class LogViewer {
  readonly follow = signal({ following: true, unseen: 0 });
  readonly part = signal<Part>({ start: 0, end: 0 });
  /** How many bytes the run has printed, as far as is known. */
  readonly size = signal(0);
  /** Something is being read that the reader waits for. */
  readonly reading = signal(false);
  /** When output came last on this page, in the host's time; null before the first. */
  readonly cameAt = signal<number | null>(null);
  /** How far the run says it is; null when it does not say, or is over. */
  readonly progress = signal<Progress | null>(null);
  /** The stream that is shown, and whether there are groups, and whether they are folded. */
  readonly shown = signal<{ stream: StreamFilter; grouped: boolean; folded: boolean }>({ stream: 'all', grouped: false, folded: false });
  /** So much was read in vain for the stream that is shown. */
  readonly stalled = signal(false);
  /** Somebody reads, far from the end and from the beginning. */
  readonly away = signal(false);
  /** The last line of the output, of a run that is typed into: what it asks. */
  readonly lastLine = signal('');
  /** The cursor and the number of the first line in view. */
  readonly top = signal<{ cursor: number; line: number | null }>({ cursor: 0, line: null });
  readonly #run: Run;
  readonly #surface: Surface;
  readonly #lines: LineBuffer;
  readonly #shown: ShownLines;
  #inVain = 0;
  readonly #margin: Margin;
  readonly #onChanged: () => void;
  #detach: (() => void) | null = null;
  /** What the buffer begins with is only the end of a line. */
  #partial = false;
  /** Jumps so far: what was asked for before the last is not taken. */
  #jumps = 0;
  /** How often something else was loaded: what was read on for another part is not taken. */
  #loads = 0;
  #size: number;
  #reads = 0;
  #closed = false;
  /** The row of the end when the reader last saw it. */
  #seenRow = 0;
  #drawnMargin = 0;
  #restUntil = 0;
  /** When output came last. */
  #cameAt: number | null = null;

  /** @param onChanged is called when the run began, ended, or failed: its details are read again then. */
  constructor(run: Run, scroller: HTMLElement, sheet: HTMLElement, wrap: boolean, place: LogPlace | null, onChanged: () => void) {
    this.#run = run;
    this.#onChanged = onChanged;
    this.#lines = new LineBuffer(typedInto(run.task_id));
    // Of a run that is over, an overview; of one that goes on, all that comes.
    this.#shown = new ShownLines(this.#lines, isFinal(run.state));
    this.#margin = new Margin(run.task_id, () => this.#decorate());
    this.#size = run.output_bytes;
    this.size.value = this.#size;
    this.#surface = new Surface(
      scroller,
      sheet,
      this.#shown,
      wrap,
      {
        draws: () => this.#tell(),
        follow: (following) => this.#follows(following),
        drawn: ({ lines, above, below }) => this.#drawn(lines, above, below),
      },
      place === null,
    );
    if (place === null) this.toEnd();
    else void this.goTo(place);
  }

  get lines(): readonly LogLine[] {
    return this.#lines.lines;
  }

  /** Follows the end from now on. */
  toEnd(): void {
    if (this.#detach === null) {
      this.#leave();
      const from = Math.max(0, this.#size - FIRST_READ);
      this.#begin(from);
      this.#followFrom(from);
    }
    this.#surface.toEnd();
  }

  toBeginning(): Promise<void> {
    return this.goTo({ cursor: 0 }, false);
  }

  /** Shows a place in the middle of the view, marked, wherever it is in the output. */
  async goTo(place: LogPlace, mark = true): Promise<void> {
    this.#jumps += 1;
    const jump = this.#jumps;
    await this.#read(async () => {
      const cursor = 'cursor' in place ? place.cursor : await this.#cursorOf(place.lines[0]);
      if (jump !== this.#jumps) return;
      const { start, end } = this.#lines;
      if (cursor < start || cursor > end || this.#lines.empty) await this.#load(cursor, jump);
      if (jump !== this.#jumps || this.#closed) return;
      const line = this.#lines.lines.findLast(({ from }) => from <= cursor) ?? this.#lines.lines[0];
      this.#margin.mark('lines' in place ? { lines: place.lines } : mark && line !== undefined ? { id: line.id } : null);
      this.#decorate();
      if (line === undefined) return;
      if (this.#shown.reveal(line)) this.#tellShown();
      this.#surface.show(line.id);
    });
  }

  /** Shows what was typed into the run, where its output stands. @param text as it may be seen: never a secret. */
  typed(text: string): void {
    const atEnd = this.#detach !== null;
    const line = noteTyped(this.#run.task_id, atEnd ? this.#lines.end : this.#size, text);
    if (atEnd) this.#lines.echo(line);
    this.toEnd();
    this.#changed();
  }

  /** Marks lines by their numbers, where they stand; null marks none. */
  mark(lines: readonly [number, number] | null): void {
    this.#margin.mark(lines === null ? null : { lines });
    this.#decorate();
  }

  /** @param paint marks what is looked for in the rows of each frame; null: nobody looks for anything any more. */
  seek(paint: Decor['paint']): void {
    this.#surface.decorate({ paint });
  }

  /** Shows one stream only, or both. */
  only(stream: StreamFilter): void {
    this.#inVain = 0;
    this.#rearrange(() => this.#shown.only(stream));
  }

  /** Reads on for the stream that is shown. */
  readOn(): void {
    this.#inVain = 0;
    this.stalled.value = false;
    this.#surface.changed();
  }

  /** Folds the group that begins with this line, or unfolds it. @returns whether one begins there. */
  turn(line: LogLine): boolean {
    if (this.#shown.foldOf(line) === null) return false;
    this.#rearrange(() => this.#shown.turn(line));
    return true;
  }

  /** Folds all groups, or unfolds them. */
  foldAll(folded: boolean): void {
    this.#rearrange(() => {
      this.#shown.folded = folded;
    });
  }

  setWrap(wrap: boolean): void {
    this.#surface.setWrap(wrap);
  }

  setTimes(shown: boolean): void {
    void this.#margin.showTimes(shown);
  }

  /** The number of a drawn line; null while it is not known, and for what is no line of the output. */
  numberOf(line: LogLine): number | null {
    return this.#margin.numberOf(line);
  }

  close(): void {
    this.#closed = true;
    this.#leave();
    this.#margin.close();
    this.#surface.close();
  }

  /** From here on nothing that was under way is taken any more. */
  #leave(): void {
    this.#jumps += 1;
    this.#detach?.();
    this.#detach = null;
  }

  #begin(from: number): void {
    this.#loads += 1;
    this.#lines.reset(from);
    this.#partial = from > 0;
    this.#margin.begin(from);
    this.#changed();
  }

  async #cursorOf(line: number): Promise<number> {
    const loaded = this.#lines.lines.find((one) => this.numberOf(one) === line);
    return loaded?.from ?? (await lineBegin(this.#run.task_id, line)).cursor;
  }

  /** Reads what stands around a place, instead of what is loaded. */
  async #load(cursor: number, jump: number): Promise<void> {
    const from = Math.max(0, cursor - EARLIER_BYTES / 2);
    const to = cursor + EARLIER_BYTES / 2;
    const pieces = await readOutput(this.#run.task_id, { from, limit: to - from });
    if (jump !== this.#jumps || this.#closed) return;
    this.#detach?.();
    this.#detach = null;
    this.#begin(from);
    take(this.#lines, pieces, to);
    this.#grown();
    this.#reachedEnd();
  }

  async #earlier(): Promise<void> {
    const load = this.#loads;
    await this.#read(async () => {
      const { lines, start } = await readEarlier(this.#run.task_id, this.#lines.start);
      if (load !== this.#loads || this.#closed) return;
      const before = this.#shown.lines.length;
      this.#lines.prepend(lines, start);
      this.#shown.keepOpen(lines.lines);
      this.#inVain = this.#shown.lines.length > before ? 0 : this.#inVain + 1;
      this.#tellShown();
      // What is far below is read again when the reader comes back.
      if (this.#lines.cutEnd(MAX_LINES * 2)) this.#leave();
      this.#changed();
    });
  }

  async #later(): Promise<void> {
    const load = this.#loads;
    await this.#read(async () => {
      const { end } = this.#lines;
      const pieces = await readOutput(this.#run.task_id, { from: end, limit: EARLIER_BYTES });
      if (load !== this.#loads || this.#closed || this.#detach !== null) return;
      const before = this.#shown.lines.length;
      take(this.#lines, pieces, end + EARLIER_BYTES);
      this.#shown.changed();
      this.#inVain = this.#shown.lines.length > before ? 0 : this.#inVain + 1;
      this.#tellShown();
      this.#grown();
      this.#reachedEnd();
    });
  }

  /** All that is known is loaded: from here on it comes by itself. */
  #reachedEnd(): void {
    if (this.#lines.end >= this.#size) this.#followFrom(this.#lines.end);
  }

  #followFrom(cursor: number): void {
    if (this.#detach !== null) return;
    this.#seenRow = this.#lines.endRow;
    if (cursor === this.#lines.end) this.#lines.echoRest();
    this.#detach = streams.attach(this.#run.task_id, cursor, (event) => this.#take(event));
  }

  #take(event: StreamEvent): void {
    switch (event.kind) {
      case 'attached':
        // Somewhere else than where we stopped: what we have is not the beginning of what comes.
        if (event.cursor !== this.#lines.end) this.#begin(event.cursor);
        return;
      case 'output':
        this.#lines.append(event.stream, event.text, event.from, event.to);
        this.#lines.echoRest();
        this.#cameAt = hostNow();
        this.#grown();
        return;
      case 'gap':
        this.#lines.gap(event.from, event.to);
        this.#grown();
        return;
      case 'ended':
        this.#lines.finish();
        this.#lines.progress = null;
        this.#grown();
        this.#onChanged();
        return;
      case 'failed':
        toast(event.message, 'bad');
        return;
      case 'replaced':
        return;
      default:
        unreachable(event);
    }
  }

  #rearrange(change: () => void): void {
    this.#surface.rearrange(change);
    this.#tellShown();
  }

  #tellShown(): void {
    const { stream, folded } = this.#shown;
    const { grouped } = this.#lines;
    const before = this.shown.peek();
    if (before.stream !== stream || before.folded !== folded || before.grouped !== grouped) this.shown.value = { stream, folded, grouped };
    this.stalled.value = stream !== 'all' && this.#inVain >= MOST_IN_VAIN;
  }

  #grown(): void {
    if (this.#partial && this.#lines.lines.length > 1) {
      this.#lines.dropPartialFirst();
      this.#partial = false;
    }
    const { pinned } = this.#surface;
    const { lines, start, end } = this.#lines;
    if (pinned || this.#detach === null) this.#lines.trim(pinned ? 1 : 2);
    else if (lines.length > MAX_LINES * 2 || end - start > MAX_CHARS * 2) {
      // A reader further up, or a selection, keeps what is loaded, however much is printed.
      this.#surface.stay();
      this.#leave();
    }
    this.#changed();
  }

  #changed(): void {
    const { end, progress } = this.#lines;
    this.#shown.changed();
    this.#size = Math.max(this.#size, end);
    // Told at once: the title shows them also while nobody looks at the page, and nothing is drawn.
    if (this.#run.stdin) this.lastLine.value = this.#lines.lines.at(-1)?.text.slice(-500) ?? '';
    if (progress !== this.progress.peek()) this.progress.value = progress;
    this.#surface.changed();
  }

  /** Tells what changed since the last frame: once, however much was printed. */
  #tell(): void {
    const { start, end, grouped } = this.#lines;
    if (grouped !== this.shown.peek().grouped) this.#tellShown();
    this.size.value = this.#size;
    this.cameAt.value = this.#cameAt;
    const before = this.part.peek();
    if (before.start !== start || before.end !== end) this.part.value = { start, end };
    if (this.#margin.widthBeside(this.#lines.lines.at(-1)) !== this.#drawnMargin) this.#decorate();
  }

  #drawn(lines: readonly LogLine[], above: number, below: number): void {
    const [first] = lines;
    if (this.#surface.following || (above === 0 && this.#lines.start === 0)) this.away.value = false;
    // Not next to an end, which a view that grows would bring into sight.
    else if (below > 1 && above > 0) this.away.value = true;
    if (first !== undefined) {
      this.top.value = { cursor: first.from, line: this.numberOf(first) };
      this.#margin.seen(first.from, lines.at(-1)?.from ?? first.from);
    }
    if (this.reading.peek() || this.#closed || performance.now() < this.#restUntil || this.stalled.peek()) return;
    // Also where all that there is of the end fits into the view.
    const nearBegin = this.#surface.following ? above === 0 && this.#lines.end >= this.#size : above < NEAR;
    if (nearBegin && this.#lines.start > 0 && !this.#partial) void this.#earlier();
    else if (below < NEAR && this.#detach === null && this.#lines.end < this.#size) void this.#later();
  }

  /** How many lines were printed since the reader looked elsewhere, while they still come. */
  #follows(following: boolean): void {
    const before = this.follow.peek();
    if (following || before.following) this.#seenRow = this.#lines.endRow;
    const unseen = following || this.#detach === null ? 0 : this.#lines.endRow - this.#seenRow;
    if (before.following !== following || before.unseen !== unseen) this.follow.value = { following, unseen };
  }

  #decorate(): void {
    if (this.#closed) return;
    this.#drawnMargin = this.#margin.widthBeside(this.#lines.lines.at(-1));
    this.#surface.decorate(this.#margin.decor(this.#drawnMargin));
  }

  async #read(work: () => Promise<void>): Promise<void> {
    this.#reads += 1;
    this.reading.value = true;
    try {
      await work();
    } catch (error) {
      if (this.#closed) return;
      this.#restUntil = performance.now() + REST_MS;
      toast(sentence(error), 'bad');
    } finally {
      this.#reads -= 1;
      this.reading.value = this.#reads > 0;
      this.#surface.changed();
    }
  }
}
