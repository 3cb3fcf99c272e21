import type { FlowViewer } from './flow.ts';
import { mustWait } from './flow.ts';
import type { HostLink } from './host-link.ts';
import type { TerminalLog } from './terminal-log.ts';

/** While a program waits for its viewers, it is looked again in so long whether one of them still reads. */
const LOOK_MS = 1000;

/** One that is attached to a terminal. */
export interface TerminalViewer extends FlowViewer {
  readonly user_id: string;
  resized(cols: number, rows: number): void;
  /** May it type now? */
  types: boolean;
  /** It knows where its output begins. */
  ready: boolean;
  /** When it typed last; 0: never. */
  typedAt: number;
  /** What a program asks of its terminal from `from` on is for this viewer to answer, or no longer. */
  answers(yes: boolean, from: number): void;
  /** It may look no longer, or the terminal is removed. */
  leave(): void;
}

/** A terminal whose log somebody reads, or whose program runs. */
export class LiveTerminal {
  readonly id: string;
  readonly log: TerminalLog;
  readonly viewers = new Set<TerminalViewer>();
  /** Null once it ended, and while its host is not reached. */
  link: HostLink | null = null;
  /** In ms since 1970; null: not since the agent started. */
  lastOutputAt: number | null = null;
  lastInputAt: number | null = null;
  #answerer: TerminalViewer | null = null;
  #paused = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(id: string, log: TerminalLog) {
    this.id = id;
    this.log = log;
  }

  /** It grew, or a viewer came, went or acknowledged. */
  flow(): void {
    const now = performance.now();
    const wait = this.link !== null && mustWait(this.viewers, this.log.end, now);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = wait ? setTimeout(() => this.flow(), LOOK_MS).unref() : null;
    if (wait === this.#paused) return;
    this.#paused = wait;
    this.link?.flow(this.id, wait);
  }

  /** Its host is reached (again): it does not know whether this one waits. */
  reached(link: HostLink): void {
    this.link = link;
    this.#paused = false;
    link.flow(this.id, false);
    this.flow();
  }

  /**
   * A viewer came, went or typed, or may type no longer: exactly one of them answers what programs ask, the one that typed last, else
   * the one that is here longest. What was printed before belongs to who answered then, or to nobody.
   */
  chooseAnswerer(): void {
    let chosen: TerminalViewer | null = null;
    for (const viewer of this.viewers)
      if (viewer.ready && viewer.types && (chosen === null || viewer.typedAt > chosen.typedAt)) chosen = viewer;
    if (chosen === this.#answerer) return;
    const before = this.#answerer;
    this.#answerer = chosen;
    if (before !== null && this.viewers.has(before)) before.answers(false, this.log.end);
    chosen?.answers(true, this.log.end);
  }

  resized(cols: number, rows: number): void {
    for (const viewer of [...this.viewers]) viewer.resized(cols, rows);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.log.close();
  }
}
