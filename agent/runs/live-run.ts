import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { readRegular } from '../logs/regular-file.ts';
import type { RunLog } from '../logs/run-log.ts';
import { Tailer } from '../logs/tailer.ts';
import type { Farewell, Stoppable } from '../process/kill-tree.ts';
import { killTree } from '../process/kill-tree.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { isAlive } from '../process/process-identity.ts';
import { HOLD_FILE, STDIN_FILE } from './launch.ts';
import { silencePumps } from './pumps.ts';
import { markOf } from './seal.ts';
import type { RunStatus } from './status.ts';
import { parseStatus } from './status.ts';
import { Typing } from './typing.ts';
import { FULL_NOTE, TORN_NOTE } from './wrapper.ts';

/** When all is in that the script printed, the pumps get so long to end: after it, a background child holds them. */
const DRAIN_MS = 300;
/** Where nobody says any more that all is in: so long output must have been still, … */
const STILL_MS = 100;
/** … and so long the end waits at most. */
const MAX_DRAIN_MS = 2000;
/** A pump whose disk is full tries once a second to say so, with what it still holds: this long, the end waits for that. */
const CUT_DRAIN_MS = 5000;
const LOOK_MS = 20;
/** After so long, the once-a-second check is enough. */
const LOOK_FOR_MS = 2000;
/** A wrapper that went away without an exit record gets so long for a record that we have not seen yet. */
const LOST_MS = 300;
/** Of the checks that come every second, one in so many looks whether the wrapper is still there. */
const IDENTITY_EVERY = 5;

/** What is followed. */
export interface Followed {
  taskId: string;
  folder: string;
  /** As the journal has it; null: of an earlier agent's wrapper. */
  seal: string | null;
  log: RunLog;
  boot: string;
  /** Its wrapper, which is being started now; null: it was started before. */
  spawned: Promise<ProcessIdentity | null> | null;
}

export interface RunEnd {
  status: RunStatus;
  /**
   * `whole`: all that the script printed is there. `torn`: some of it may be missing, and nothing in it says so. `left behind`:
   * all is there, and what a background child prints from now on is not kept.
   */
  output: 'whole' | 'torn' | 'left behind';
  /** To be called when the end is on the disk: lets go of the files, and takes away what is no output. */
  settle: () => void;
}

/**
 * One run under way: follows its files until it has ended, and stops it when asked. It has ended when the script has and
 * its output is in, whatever background child still holds a pipe; or when a stop is through.
 */
export class LiveRun implements Stoppable {
  readonly taskId: string;
  readonly #folder: string;
  readonly #seal: string | null;
  readonly #tailer: Tailer;
  readonly #typing: Typing;
  readonly #boot: string;
  readonly #started: Promise<void>;
  #spawned: ProcessIdentity | null = null;
  readonly #onEnd: (end: RunEnd) => void;
  readonly #onFull: () => void;
  readonly #onFinishing: () => void;
  #status: RunStatus = parseStatus('', null);
  #stopping: Promise<void> | null = null;
  #exitSeenAt: number | null = null;
  /** When the wrapper was found gone after its exit record. */
  #orphanedAt: number | null = null;
  #completeAt: number | null = null;
  #finishing = false;
  #leaving = false;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;
  #checks = 0;

  /**
   * @param of.folder with all its files. @param of.spawned null when its
   * wrapper can't be started: then there is nothing to stop. @param on.end is called once; `exit` is null when nobody knows how it ended. @param on.full
   * is called when more was printed than is kept, perhaps more than once. @param on.finishing when the script has ended, and
   * its last output is waited for. @param on.trouble is
   * told when the files can't be followed at the moment.
   */
  constructor(
    { taskId, folder, seal, log, boot, spawned }: Followed,
    on: { end: (end: RunEnd) => void; full: () => void; finishing: () => void; trouble: (error: unknown) => void },
  ) {
    this.#folder = folder;
    this.#seal = seal;
    this.#onFinishing = on.finishing;
    this.taskId = taskId;
    this.#started = Promise.resolve(spawned).then((identity) => {
      this.#spawned = identity;
    });
    this.#boot = boot;
    this.#onEnd = on.end;
    this.#onFull = on.full;
    this.#typing = new Typing(join(folder, STDIN_FILE), join(folder, HOLD_FILE));
    if (spawned === null) this.#typing.takeUp();
    this.#tailer = new Tailer(folder, log, (text) => this.#onStatus(text), on.trouble);
  }

  /** The script has ended, and its last output is waited for. */
  get finishing(): boolean {
    return this.#finishing && !this.#ended;
  }

  complete(): boolean {
    this.poke();
    const { drained, settled, full } = this.#status;
    return drained || settled || (this.#status.token !== null && this.#tailer.unended.every((stream) => full.includes(stream)));
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
    const { identity, leader, exit } = this.#status;
    if (exit !== null) return this.#settle();
    if (!this.#ended && leader !== null && !isAlive(leader, this.#boot)) this.#nowFinishing();
    if (this.#ended || identity === null || this.#checks % IDENTITY_EVERY !== 0) return;
    if (!isAlive(identity, this.#boot)) this.wrapperGone();
  }

  /** The wrapper has left. Without an exit record, nobody will say how the script ends. */
  wrapperGone(): void {
    this.poke();
    if (this.#ended || this.#status.exit !== null || this.#timer !== null) return;
    const { identity } = this.#status;
    // Another one had the claim.
    if (identity !== null && isAlive(identity, this.#boot)) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.poke();
      // A stop ends it itself, when all that it started is gone.
      if (this.#status.exit === null && this.#stopping === null) this.#finish('whole');
    }, LOST_MS);
  }

  /** Its signal, grace, KILL. A second call changes nothing. @returns when nothing of the run is left that can be found. */
  stop(farewell: Farewell): Promise<void> {
    this.#stopping ??= this.#started
      .then(() => killTree(this, this.#boot, farewell))
      .finally(() => {
        this.#finish(this.complete() ? 'whole' : 'torn');
      });
    return this.#stopping;
  }

  /** @throws ToruError input_not_accepted */
  type(data: string, eof: boolean): void {
    if (this.#ended || this.#status.exit !== null) throw new ToruError('not_running', 'The script has ended.');
    if (data !== '') this.#typing.write(data);
    if (eof) this.#typing.end();
  }

  /** Stops following. The run itself goes on. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    this.#tailer.close();
  }

  #onStatus(text: string): void {
    this.#status = this.#remembered(parseStatus(text, this.#seal));
    if (this.#status.limit !== null) this.#tailer.keep(this.#status.limit, this.#status.full);
    if (this.#status.ends !== null) this.#tailer.endAt(this.#status.ends);
    else if (this.#status.token !== null) this.#tailer.endAtMark(markOf(this.#status.token));
    if (this.#status.full.length > 0 && this.#status.exit === null) setImmediate(() => this.#onFull());
    if (this.#status.exit === null || (this.#exitSeenAt !== null && !this.#status.drained)) return;
    this.#exitSeenAt ??= performance.now();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopping === null) setImmediate(() => this.#settle());
  }

  /** What the file said once of who is who stays, whatever somebody writes over it. */
  #remembered(status: RunStatus): RunStatus {
    const { identity, leader, cgroup, limit, pipes } = this.#status;
    return {
      ...status,
      identity: identity ?? status.identity,
      leader: leader ?? status.leader,
      cgroup: cgroup ?? status.cgroup,
      limit: limit ?? status.limit,
      pipes: pipes.length > 0 ? pipes : status.pipes,
    };
  }

  /** Waits for what the script printed, and not for those who hold its pipes. */
  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#ended || this.#stopping !== null || this.#exitSeenAt === null) return;
    const complete = this.complete();
    // What came with this look may have begun another one.
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = performance.now();
    if (this.#status.drained) {
      // It was read after the sizes of the files: now these are what they will be.
      this.poke();
      return this.#finish(this.#missesMark() ? 'torn' : 'whole');
    }
    if (complete) {
      this.#completeAt ??= now;
      if (now - this.#completeAt >= DRAIN_MS) return void this.#leaveBehind();
    } else if (this.#isGivenUp(now)) return this.#finish(this.#seal === null ? 'whole' : 'torn');
    const waited = now - this.#exitSeenAt;
    if (waited >= DRAIN_MS && !complete) this.#nowFinishing();
    if (waited < LOOK_FOR_MS || complete) this.#timer = setTimeout(() => this.#settle(), LOOK_MS);
  }

  #nowFinishing(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#onFinishing();
  }

  /** A pump has ended, and did not pass on the mark that was its last. */
  #missesMark(): boolean {
    const { token, settled, cut, full } = this.#status;
    return token !== null && !settled && cut.length === 0 && this.#tailer.unended.some((stream) => !full.includes(stream));
  }

  /** Nobody will say that all is in: not an earlier agent's wrapper, nor a dead one, nor a pump that has lost some of it. */
  #isGivenUp(now: number): boolean {
    const { identity, cut } = this.#status;
    const waited = now - (this.#exitSeenAt ?? now);
    if (cut.length > 0) return waited >= CUT_DRAIN_MS;
    if (this.#seal !== null) {
      if (identity !== null && isAlive(identity, this.#boot)) return false;
      this.#orphanedAt ??= now;
    }
    const since = now - (this.#seal === null ? (this.#exitSeenAt ?? now) : (this.#orphanedAt ?? now));
    return since >= MAX_DRAIN_MS || (since >= DRAIN_MS && Date.now() - this.#tailer.grewAt >= STILL_MS);
  }

  /** A background child goes on, and so may its output: it is read from now on, and not kept. */
  async #leaveBehind(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    const { identity, ends } = this.#status;
    // The native runner does so by itself.
    const silent = ends !== null || (identity !== null && (await silencePumps(this.#folder, identity, this.#boot)));
    this.#finish(silent ? 'left behind' : 'whole');
  }

  #finish(output: RunEnd['output']): void {
    this.poke();
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    const { drained, identity } = this.#status;
    const cut = drained || output === 'left behind' || identity === null || !isAlive(identity, this.#boot);
    const over = cut ? this.#tailer.over : [];
    if (output === 'torn') this.#sayTorn();
    const settle = this.#tailer.finish(cut ? `\n${FULL_NOTE}\n` : null);
    this.#onEnd({ status: { ...this.#status, full: [...this.#status.full, ...over] }, output, settle });
  }

  /** What can't be had is said where it is missing, too. */
  #sayTorn(): void {
    for (const stream of this.#tailer.unended) {
      try {
        if (!this.#status.full.includes(stream)) appendFileSync(join(this.#folder, stream), `\n${TORN_NOTE}\n`);
      } catch {
        // The disk is full. The reason says it.
      }
    }
  }

  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#typing.close();
  }
}

/** What a run's status file says now; blank when there is none. @param seal as the journal has it. */
export function readStatus(folder: string, seal: string | null): RunStatus {
  try {
    return parseStatus(readRegular(join(folder, 'status'), 'latin1'), seal);
  } catch {
    return parseStatus('', null);
  }
}
