import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { RunLog } from '../logs/run-log.ts';
import { Tailer } from '../logs/tailer.ts';
import { STDIN_FILE } from './launch.ts';
import { isAlive } from './processes.ts';
import type { ProcessIdentity, RunStatus } from './status.ts';
import { parseStatus } from './status.ts';
import type { Farewell, Stoppable } from './stop.ts';
import { stopRun } from './stop.ts';
import { Typing } from './typing.ts';

/** After the script's end its last output may still be in the pumps: so long they get, … */
const DRAIN_MS = 300;
/** … so long output must have been still, … */
const STILL_MS = 100;
/** … and so long at most, while a background child goes on writing. */
const MAX_DRAIN_MS = 2000;
/** A pump whose disk is full tries once a second to say so, with what it still holds: this long, the end waits for that. */
const CUT_DRAIN_MS = 5000;
const LOOK_MS = 20;
/** A wrapper that went away without an exit record gets so long for a record that we have not seen yet. */
const LOST_MS = 300;
/** Of the checks that come every second, one in so many looks whether the wrapper is still there. */
const IDENTITY_EVERY = 5;

/**
 * One run under way: follows its files until it has ended, and stops it when asked. It has ended when the script has and
 * its output is in, whatever background child still holds a pipe; or when a stop is through.
 */
export class LiveRun implements Stoppable {
  readonly taskId: string;
  readonly #tailer: Tailer;
  readonly #typing: Typing;
  readonly #boot: string;
  readonly #spawned: ProcessIdentity | null;
  readonly #onEnd: (status: RunStatus) => void;
  readonly #onFull: () => void;
  #status: RunStatus = parseStatus('');
  #stopping: Promise<void> | null = null;
  #exitSeenAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;
  #checks = 0;

  /**
   * @param of.folder with all its files. @param of.spawned the wrapper, when we just started it: it can be stopped before it
   * has said who it is. @param on.end is called once; `exit` is null when nobody knows how it ended. @param on.full
   * is called when more was printed than is kept, perhaps more than once. @param on.trouble is
   * told when the files can't be followed at the moment.
   */
  constructor(
    { taskId, folder, log, boot, spawned }: { taskId: string; folder: string; log: RunLog; boot: string; spawned: ProcessIdentity | null },
    on: { end: (status: RunStatus) => void; full: () => void; trouble: (error: unknown) => void },
  ) {
    this.taskId = taskId;
    this.#spawned = spawned;
    this.#boot = boot;
    this.#onEnd = on.end;
    this.#onFull = on.full;
    this.#typing = new Typing(join(folder, STDIN_FILE));
    this.#tailer = new Tailer(folder, log, (text) => this.#onStatus(text), on.trouble);
  }

  status(): RunStatus {
    return this.#status.identity === null ? { ...this.#status, identity: this.#spawned } : this.#status;
  }

  /** Has the wrapper said who it is? Before that, the next agent would take the claim, and the script would not run. */
  get begun(): boolean {
    this.poke();
    return this.#ended || this.#status.identity !== null;
  }

  /** Looks at the files now: at the start, and when an event may have been missed. */
  poke(): void {
    if (!this.#ended) this.#tailer.poke();
  }

  /** Called about once a second. */
  check(): void {
    this.poke();
    this.#checks += 1;
    const { identity, exit } = this.#status;
    if (this.#ended || exit !== null || identity === null || this.#checks % IDENTITY_EVERY !== 0) return;
    if (!isAlive(identity, this.#boot)) this.wrapperGone();
  }

  /** The wrapper has left. Without an exit record, nobody will say how the script ends. */
  wrapperGone(): void {
    this.poke();
    if (this.#ended || this.#status.exit !== null || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.poke();
      // A stop ends it itself, when all that it started is gone.
      if (this.#status.exit === null && this.#stopping === null) this.#finish();
    }, LOST_MS);
  }

  /** Its signal, grace, KILL. A second call changes nothing. @returns when nothing of the run is left that can be found. */
  stop(farewell: Farewell): Promise<void> {
    this.#stopping ??= stopRun(this, this.#boot, farewell).finally(() => {
      this.poke();
      this.#finish();
    });
    return this.#stopping;
  }

  /** @throws ToruError input_not_accepted */
  type(data: string): void {
    if (this.#ended || this.#status.exit !== null) throw new ToruError('not_running', 'The script has ended.');
    this.#typing.write(data);
  }

  /** Stops following. The run itself goes on. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    this.#tailer.close();
  }

  #onStatus(text: string): void {
    this.#status = parseStatus(text);
    if (this.#status.full.length > 0 && this.#status.exit === null) setImmediate(() => this.#onFull());
    if (this.#status.exit === null || (this.#exitSeenAt !== null && !this.#status.drained)) return;
    this.#exitSeenAt ??= performance.now();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopping === null) setImmediate(() => this.#settle());
  }

  /** Waits for the pumps, not for those who hold them. */
  #settle(): void {
    this.#timer = null;
    if (this.#ended || this.#stopping !== null || this.#exitSeenAt === null) return;
    this.poke();
    if (this.#timer !== null) clearTimeout(this.#timer);
    const waited = performance.now() - this.#exitSeenAt;
    const still = Date.now() - this.#tailer.grewAt >= STILL_MS;
    const isCut = this.#status.cut.length > 0;
    const [least, most] = isCut ? [CUT_DRAIN_MS, CUT_DRAIN_MS] : [DRAIN_MS, MAX_DRAIN_MS];
    if (this.#status.drained || (waited >= least && still) || waited >= most) return this.#finish();
    this.#timer = setTimeout(() => this.#settle(), LOOK_MS);
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    this.#tailer.finish();
    this.#onEnd(this.#status);
  }

  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#typing.close();
  }
}

/** What a run's status file says now; blank when there is none. */
export function readStatus(folder: string): RunStatus {
  try {
    return parseStatus(readFileSync(join(folder, 'status'), 'latin1'));
  } catch {
    return parseStatus('');
  }
}
