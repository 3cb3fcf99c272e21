import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ToruError } from '../../shared/errors.ts';
import { SEGMENT_BYTES } from '../../shared/terminal-limits.ts';
import type { ScrollbackQuery, TerminalServerFrame } from '../../shared/terminals.ts';
import { inBackground } from '../background.ts';
import type { Log } from '../logger.ts';
import { packageRoot } from '../system/package-root.ts';
import type { FromWorker, LogPlace, ToWorker } from './screen/screen-protocol.ts';
import { fromWorker } from './screen/screen-protocol.ts';
import type { TerminalLog } from './terminal-log.ts';
import type { Terminals } from './terminals.ts';

/** What draws a terminal's screen on an emulator that was reset. Output from `cursor` on follows it. */
export type Screen = Omit<Extract<TerminalServerFrame, { type: 'screen' }>, 'type' | 'terminal_id'>;

/** Where no screen is drawn, a viewer begins so many bytes before the end: most programs have drawn theirs again in them. */
const RECENT_BYTES = 256 * 1024;
/** Longer than this nobody waits for a screen. */
const DRAW_MS = 3000;
/** … and for lines above it, which may be 100,000. */
const LINES_MS = 20_000;
/** A terminal without viewers is forgotten after so long, … */
const KEPT_MS = 30_000;
/** … which is looked for so often, and whether a screen fell behind. */
const LOOK_MS = 1000;
/** So far behind its terminal a screen is brought up to it, for the next one who comes. */
const BEHIND_BYTES = 256 * 1024;
/** A worker that takes more is ended: its viewers begin at `recent`, as if there were none. */
const WORKER_MB = 512;

interface Options {
  terminals: Pick<Terminals, 'has' | 'log' | 'folderOf' | 'viewers'>;
  log: Pick<Log, 'warn'>;
  limits?: { screenMs?: number; screenKeptMs?: number };
}

interface Kept {
  /** Where its screen was asked for last, or brought to. */
  end: number;
  /** When somebody looked last. */
  at: number;
}

/** The screens of terminals, for viewers that attach `from: "screen"`. They are drawn in a thread that is there only while somebody looks, or is about to. */
export class Screens {
  readonly #o: Options;
  readonly #kept = new Map<string, Kept>();
  readonly #waiting = new Map<number, (answer: FromWorker | null) => void>();
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Until then somebody may come to look. */
  #expectedUntil = 0;
  #seq = 0;

  constructor(options: Options) {
    this.#o = options;
  }

  /** Is there a thread for screens now? */
  get working(): boolean {
    return this.#worker !== null;
  }

  /** Somebody is about to look at one: the thread is there when they do. */
  expect(): void {
    this.#expectedUntil = performance.now() + (this.#o.limits?.screenKeptMs ?? KEPT_MS);
    this.#start();
  }

  /** @returns null where none can be drawn, or not in time: the viewer begins at `recent` then. */
  async screen(id: string): Promise<Screen | null> {
    const place = this.#place(id);
    this.#kept.set(id, { end: place.end, at: performance.now() });
    const answer = await this.#ask((seq) => ({ type: 'draw', seq, ...place }), this.#o.limits?.screenMs ?? DRAW_MS);
    return answer?.type === 'drawn' ? answer.screen : null;
  }

  /** The last lines as they stand on the screen and above it. @returns null where they can't be drawn, or not in time. */
  async lines(id: string, query: Pick<ScrollbackQuery, 'lines' | 'format'>): Promise<string | null> {
    const place = this.#place(id);
    const answer = await this.#ask((seq) => ({ type: 'lines', seq, ...place, ...query }), LINES_MS);
    return answer?.type === 'lines' ? answer.text : null;
  }

  /** A page of the lines above the screen as it was at a cursor. @returns null where they can't be drawn, or not in time. @throws ToruError bad_cursor */
  async above(id: string, { above: end, ...query }: ScrollbackQuery & { above: number }): Promise<string | null> {
    const place = this.#place(id);
    if (end < place.start || end > place.end)
      throw new ToruError('bad_cursor', `“above” is a cursor from ${place.start} to ${place.end} now.`, { extra: { end: place.end } });
    const answer = await this.#ask((seq) => ({ type: 'above', seq, ...place, end, ...query }), LINES_MS);
    return answer?.type === 'lines' ? answer.text : null;
  }

  async #ask(order: (seq: number) => ToWorker, limitMs: number): Promise<FromWorker | null> {
    const worker = this.#start();
    this.#seq += 1;
    const seq = this.#seq;
    const answer = Promise.withResolvers<FromWorker | null>();
    this.#waiting.set(seq, answer.resolve);
    this.#post(worker, order(seq));
    const timer = setTimeout(() => {
      this.#o.log.warn({ seq }, 'what a terminal shows took too long to be drawn');
      answer.resolve(null);
    }, limitMs);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(seq);
    }
  }

  /** The cursor at which a viewer without a screen begins. */
  recent({ start, end }: Pick<TerminalLog, 'start' | 'end'>): number {
    return Math.max(start, end - RECENT_BYTES);
  }

  close(): void {
    if (this.#worker !== null) this.#end(this.#worker);
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(workerProgram(), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_MB },
      stdin: false,
      env: {},
      execArgv: [],
    });
    worker.unref();
    worker.on('message', (message: unknown) => {
      const answer = fromWorker.parse(message);
      if (answer.type === 'failed') this.#o.log.warn({ reason: answer.message }, 'a screen could not be drawn');
      this.#waiting.get(answer.seq)?.(answer);
    });
    worker.on('error', (error) => this.#o.log.warn({ err: error }, 'the thread that draws screens failed'));
    worker.on('exit', () => this.#gone(worker));
    this.#worker = worker;
    this.#timer = setInterval(
      inBackground('the screens of terminals could not be looked at', this.#o.log, () => this.#look(worker)),
      LOOK_MS,
    ).unref();
    return worker;
  }

  #look(worker: Worker): void {
    const now = performance.now();
    for (const [id, kept] of this.#kept) {
      const removed = !this.#o.terminals.has(id);
      if (this.#o.terminals.viewers(id) > 0) kept.at = now;
      else if (removed || now - kept.at > (this.#o.limits?.screenKeptMs ?? KEPT_MS)) {
        this.#kept.delete(id);
        this.#post(worker, { type: 'drop', id });
        continue;
      }
      this.#catchUp(worker, id, kept);
    }
    if (this.#kept.size === 0 && this.#waiting.size === 0 && now > this.#expectedUntil) this.#end(worker);
  }

  /** A flood is not followed: whoever comes then waits for the last segment to be read. */
  #catchUp(worker: Worker, id: string, kept: Kept): void {
    const place = this.#place(id);
    const behind = place.end - kept.end;
    if (behind < BEHIND_BYTES) return;
    kept.end = place.end;
    if (behind < SEGMENT_BYTES) this.#post(worker, { type: 'feed', ...place });
  }

  #place(id: string): LogPlace {
    const { start, end } = this.#o.terminals.log(id);
    return { id, folder: this.#o.terminals.folderOf(id), start, end };
  }

  #post(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }

  #end(worker: Worker): void {
    this.#gone(worker);
    void worker.terminate();
  }

  /** It ended: who waits for it gets no screen, and the next one starts another. */
  #gone(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#kept.clear();
    for (const resolve of this.#waiting.values()) resolve(null);
  }
}

/** As it was built, or from the sources. */
function workerProgram(): string {
  const sources = import.meta.filename.endsWith('.ts');
  return join(packageRoot(), sources ? 'agent/entry/screen-worker.ts' : 'dist/agent/screen-worker.js');
}
