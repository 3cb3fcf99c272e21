import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunLog } from '../../logs/run-log.ts';
import { Tailer } from '../../logs/tailer.ts';
import type { Stoppable } from '../../process/kill-tree.ts';
import type { ProcessIdentity } from '../../process/process-identity.ts';
import { isAlive } from '../../process/process-identity.ts';
import { silencePumps } from '../wrapper/pumps.ts';
import { markOf } from '../wrapper/seal.ts';
import type { OutputLeft, RunStatus } from '../wrapper/status.ts';
import { BLANK_STATUS, parseStatus } from '../wrapper/status.ts';
import { FULL_NOTE, TORN_NOTE } from '../wrapper/wrapper.ts';

/** When all is in that the script printed, the pumps get so long to end: after it, a background child holds their pipes. */
const DRAIN_MS = 300;
/** Where no process says any more that all output is in, the output must have been still for so long, … */
const STILL_MS = 100;
/** … and the end waits so long at most. */
const MAX_DRAIN_MS = 2000;
/** A pump whose disk is full tries once a second to say so, with what it still holds: the end waits so long for that. */
const CUT_DRAIN_MS = 5000;
const LOOK_MS = 20;
/** After so long, the look of every second is enough. */
const LOOK_FOR_MS = 2000;
/** A wrapper that went away without an exit record gets so long for a record that the agent has not seen yet. */
const LOST_MS = 300;
/** Of the looks of every second, one in so many asks whether the wrapper is still there. */
const IDENTITY_EVERY = 5;

interface FileWatchOptions {
  taskId: string;
  /** With all files of the run in it. */
  folder: string;
  /** As the journal has it; null: of the wrapper of an earlier agent. */
  seal: string | null;
  log: RunLog;
  boot: string;
  /** Called when the run's status has changed. */
  changed: () => void;
  /** Hears once of files that can't be followed at the moment. */
  trouble: (error: unknown) => void;
}

/** What a look at the files found. `againMs`: when the next look is due, at the latest. */
export type Look =
  /** The script runs. */
  | { is: 'running'; againMs: number }
  /** The script has ended, and its last output is waited for. */
  | { is: 'finishing'; againMs: number }
  /** All output has come that will come. Without an exit in the status, nobody knows how the script ended. */
  | { is: 'over'; output: OutputLeft }
  /** All output is in, and a background child holds the pipes. */
  | { is: 'left behind' };

/** Watches the files of one run: turns what is printed into its log, and tells when the script has ended and all of its output is in. */
export class FileWatch implements Stoppable {
  readonly taskId: string;
  readonly #o: FileWatchOptions;
  readonly #tailer: Tailer;
  #status: RunStatus = BLANK_STATUS;
  /** The wrapper, as the agent that started it saw it. */
  #started: ProcessIdentity | null = null;
  #exitSeenAt: number | null = null;
  /** When the wrapper was found gone, without an exit record. */
  #lostAt: number | null = null;
  /** When the wrapper was found gone, after its exit record. */
  #orphanedAt: number | null = null;
  #completeAt: number | null = null;
  #scriptGone = false;
  #checks = 0;

  /** @throws when a file is missing, or is none. */
  constructor(options: FileWatchOptions) {
    this.taskId = options.taskId;
    this.#o = options;
    this.#tailer = new Tailer(options.folder, options.log, (text) => this.#read(text), options.trouble);
  }

  status(): RunStatus {
    return this.#status.identity === null ? { ...this.#status, identity: this.#started } : this.#status;
  }

  /** Is all in that the script printed? */
  complete(): boolean {
    this.poke();
    return this.#isComplete();
  }

  /** Has the wrapper written who it is? Before that, the next agent would take the claim, and the script would not run. */
  get begun(): boolean {
    this.poke();
    return this.#status.identity !== null;
  }

  /** @param identity of the wrapper that was just started; null when it is gone already. */
  started(identity: ProcessIdentity | null): void {
    this.#started = identity;
  }

  /** Reads the files now. */
  poke(): void {
    this.#tailer.poke();
  }

  /** Called about once a second: asks whether script and wrapper are still there. */
  check(): void {
    const { identity, leader, exit } = this.#status;
    this.#checks += 1;
    if (exit !== null) return;
    if (leader !== null && !isAlive(leader, this.#o.boot)) this.#scriptGone = true;
    if (identity !== null && this.#checks % IDENTITY_EVERY === 0) this.wrapperGone();
  }

  /** The wrapper may have gone. Without an exit record, nobody will say how the script ends. */
  wrapperGone(): void {
    if (this.#status.exit === null) this.#lostAt ??= performance.now();
  }

  /** Reads the files, and judges. */
  look(): Look {
    this.poke();
    const now = performance.now();
    return this.#status.exit === null ? this.#lookForExit(now) : this.#lookForOutput(now);
  }

  /**
   * A background child goes on, and so may its output: it is read from now on, and not kept.
   * @returns what is there of the output when that is done.
   */
  async leaveBehind(): Promise<OutputLeft> {
    const { identity, ends } = this.#status;
    // The native runner keeps nothing by itself.
    const silent = ends !== null || (identity !== null && (await silencePumps(this.#o.folder, identity, this.#o.boot)));
    return silent ? 'left behind' : 'complete';
  }

  /**
   * Takes what the files hold, and stops. What comes later is not the run's.
   * @returns the last status, and a function to be called when the end is on the disk: it takes away what is no output.
   */
  finish(output: OutputLeft): { status: RunStatus; settle: () => void } {
    this.poke();
    const { drained, identity, full } = this.#status;
    const nobodyWrites = drained || output === 'left behind' || identity === null || !isAlive(identity, this.#o.boot);
    const over = nobodyWrites ? this.#tailer.over : [];
    if (output === 'torn') this.#noteTorn();
    const settle = this.#tailer.finish(nobodyWrites ? `\n${FULL_NOTE}\n` : null);
    return { status: { ...this.#status, full: [...full, ...over] }, settle };
  }

  /** Stops following. The run itself goes on. */
  close(): void {
    this.#tailer.close();
  }

  #read(text: string): void {
    this.#status = this.#remembered(parseStatus(text, this.#o.seal));
    const { limit, full, ends, token } = this.#status;
    if (limit !== null) this.#tailer.keep(limit, full);
    if (ends !== null) this.#tailer.endAt(ends);
    else if (token !== null) this.#tailer.endAtMark(markOf(token));
    this.#o.changed();
  }

  /** The first word of who is who counts, whatever a script writes over it. */
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

  #lookForExit(now: number): Look {
    const is = this.#scriptGone ? 'finishing' : 'running';
    const { identity } = this.#status;
    // Another wrapper than the one that went had the claim, and carries the run.
    if (identity !== null && this.#lostAt !== null && isAlive(identity, this.#o.boot)) this.#lostAt = null;
    if (this.#lostAt === null) return { is, againMs: Number.POSITIVE_INFINITY };
    const left = this.#lostAt + LOST_MS - now;
    return left <= 0 ? { is: 'over', output: 'complete' } : { is, againMs: left };
  }

  /** The end waits for what the script printed, and not for the processes that hold its pipes. */
  #lookForOutput(now: number): Look {
    this.#exitSeenAt ??= now;
    if (this.#status.drained) {
      // The pumps' last word was read after the sizes of the files: now these are what they will be.
      this.poke();
      return { is: 'over', output: this.#missesMark() ? 'torn' : 'complete' };
    }
    const waited = now - this.#exitSeenAt;
    if (this.#isComplete()) {
      this.#completeAt ??= now;
      if (now - this.#completeAt >= DRAIN_MS) return { is: 'left behind' };
      return { is: this.#scriptGone ? 'finishing' : 'running', againMs: LOOK_MS };
    }
    if (this.#isGivenUp(now, waited)) return { is: 'over', output: this.#o.seal === null ? 'complete' : 'torn' };
    const is = waited >= DRAIN_MS || this.#scriptGone ? 'finishing' : 'running';
    return { is, againMs: waited < LOOK_FOR_MS ? LOOK_MS : Number.POSITIVE_INFINITY };
  }

  #isComplete(): boolean {
    const { drained, settled, full, token } = this.#status;
    return drained || settled || (token !== null && this.#tailer.unended.every((stream) => full.includes(stream)));
  }

  /** A pump has ended, and did not pass on the mark that was the last thing it read. */
  #missesMark(): boolean {
    const { token, settled, cut, full } = this.#status;
    return token !== null && !settled && cut.length === 0 && this.#tailer.unended.some((stream) => !full.includes(stream));
  }

  /** No process will say that all output is in: neither the wrapper of an earlier agent, nor a dead one, nor a pump that has lost some. */
  #isGivenUp(now: number, waited: number): boolean {
    const { identity, cut } = this.#status;
    if (cut.length > 0) return waited >= CUT_DRAIN_MS;
    let since = waited;
    if (this.#o.seal !== null) {
      if (identity !== null && isAlive(identity, this.#o.boot)) return false;
      this.#orphanedAt ??= now;
      since = now - this.#orphanedAt;
    }
    return since >= MAX_DRAIN_MS || (since >= DRAIN_MS && Date.now() - this.#tailer.grewAt >= STILL_MS);
  }

  /** Says in the output itself, too, that some of it is missing. */
  #noteTorn(): void {
    for (const stream of this.#tailer.unended) {
      try {
        if (!this.#status.full.includes(stream)) appendFileSync(join(this.#o.folder, stream), `\n${TORN_NOTE}\n`);
      } catch {
        // The disk is full. The run's reason says that output is missing.
      }
    }
  }
}
