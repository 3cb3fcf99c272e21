import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError, toToruError } from '../../../shared/errors.ts';
import { MAX_ARTIFACT_BYTES } from '../../../shared/limits.ts';
import type { RunSize } from '../../../shared/terminal-size.ts';
import type { History } from '../../history/history.ts';
import type { Journal } from '../../history/journal.ts';
import type { Ending, RunRow } from '../../history/run-row.ts';
import type { Log } from '../../logger.ts';
import { settleArtifacts } from '../../logs/artifacts.ts';
import { RunLog } from '../../logs/run-log.ts';
import { SWITCHES_FILE } from '../../logs/switches.ts';
import { membersOf } from '../../process/cgroup.ts';
import { killTree } from '../../process/kill-tree.ts';
import { identify } from '../../process/process-identity.ts';
import { TTY_FILE } from '../../pty/tty-run.ts';
import type { Scripts } from '../../scripts/scripts.ts';
import type { Settings } from '../../settings/settings.ts';
import { isDiskFull } from '../../store/disk.ts';
import { loginPath } from '../../system/login-environment.ts';
import type { Uploads } from '../../uploads/uploads.ts';
import { newToken, sealOf } from '../wrapper/seal.ts';
import type { OutputLeft } from '../wrapper/status.ts';
import { readStatus, statusWrittenAt } from '../wrapper/status.ts';
import { HOLD_FILE, STDIN_FILE, TypedInput } from '../wrapper/typed-input.ts';
import type { Beside, WithEnd } from './beside.ts';
import { FileWatch } from './file-watch.ts';
import type { Prepared } from './prepared.ts';
import { PLAN_FILE, writePlan } from './prepared.ts';
import type { Slot } from './queue.ts';
import type { WhyStopped } from './reason.ts';
import { reasonOf } from './reason.ts';
import type { Interruption } from './recovery.ts';
import { findInterruption, KILLED_FROM_OUTSIDE, sweepUp, takeRest } from './recovery.ts';
import { removeFile } from './run-files.ts';
import type { ScriptStartOptions } from './script-start.ts';
import { ScriptStart } from './script-start.ts';
import type { GuardOptions } from './start-guard.ts';
import { forOwner, guard } from './start-guard.ts';
import type { StartLane } from './start-lane.ts';
import { TerminalPrompt } from './terminal-prompt.ts';

/** What the lives of all runs share. */
export interface RunLifeOptions extends GuardOptions, ScriptStartOptions {
  settings: Pick<Settings, 'env_allow' | 'output_limit_mb' | 'when_output_full'>;
  scripts: Pick<Scripts, 'resolve'>;
  history: History;
  journal: Journal;
  log: Log;
  lane: StartLane;
  /** From the signal of a stop to KILL, for a run that says nothing of its own. */
  graceMs: number;
  uploads: Pick<Uploads, 'release'>;
  /** Hears of a run's end, in the transaction in which the end is written. */
  ended: (row: RunRow) => void;
  /** Hears of every change of a run, when it is on the disk. */
  changed: (row: RunRow) => void;
}

interface Carried {
  watch: FileWatch;
  input: TypedInput;
  /** The script's absolute path; null where an earlier agent started it. */
  script: string | null;
}

/** What a run is doing, with what belongs to that alone. */
export type RunLifeState =
  /** The run is not on the disk yet. `script` is the absolute path; null: the run has to wait. `beside` is written in its transactions. */
  | { is: 'new'; prepared: Prepared; script: string | null; beside: Beside; written: PromiseWithResolvers<void> }
  /** The run waits for its slot. `prepared` is null after a restart of the agent, when it held secrets: these are kept nowhere. */
  | { is: 'queued'; prepared: Prepared | null }
  /** The run has its slot. `start` is null for a run that has waited: its script may be elsewhere now, and is looked up again. */
  | { is: 'starting'; prepared: Prepared; token: string; start: ScriptStart | null }
  /** An earlier agent has started the run: what became of it is to be found out. */
  | { is: 'found' }
  | { is: 'running'; carried: Carried }
  /** The script has ended; its last output is waited for. */
  | { is: 'finishing'; carried: Carried }
  | { is: 'stopping'; carried: Carried; finishing: boolean }
  /** The end is being written down. */
  | { is: 'ending' }
  | { is: 'ended' }
  /** The agent has let go of the run, which goes on by itself. */
  | { is: 'detached' };

/** The ways from state to state. */
const WAYS: Record<RunLifeState['is'], readonly RunLifeState['is'][]> = {
  new: ['queued', 'starting', 'ended'],
  queued: ['starting', 'ending', 'detached'],
  starting: ['running', 'ending', 'detached'],
  found: ['running', 'ending', 'detached'],
  running: ['finishing', 'stopping', 'ending', 'detached'],
  finishing: ['stopping', 'ending', 'detached'],
  stopping: ['ending', 'detached'],
  ending: ['ended', 'detached'],
  ended: [],
  // The end was being written down when the agent let go.
  detached: ['ended'],
};

type End = Partial<Ending> & Pick<Ending, 'state' | 'reason'>;

const DISK_FULL = 'The host’s disk is full.';
/** While the disk is full, an end is written again so often. */
const RETRY_MS = 1000;
/** Of a run that waited, and never began. */
export const LOST_SECRETS = 'The agent was restarted while it waited, and its secret inputs are kept nowhere: ask for it again.';

/** One run, from its entry in the journal to its end. */
export class RunLife {
  row: RunRow;
  readonly folder: string;
  readonly log: RunLog;
  readonly #o: RunLifeOptions;
  readonly #slot: Slot;
  #state: RunLifeState;
  #left = Promise.withResolvers<void>();
  /** Why the run is being stopped. The first reason stays. */
  #why: WhyStopped | null = null;
  #cgroup: string | null = null;
  #waits = false;
  #hidden = false;
  /** Looks whether the script waits, where it has a terminal. */
  readonly #prompt: TerminalPrompt;
  #looking = false;
  /** How often somebody has typed. */
  #typed = 0;
  #timer: NodeJS.Timeout | null = null;
  #wake = (): void => undefined;
  readonly #beside: Beside | null;

  constructor(options: RunLifeOptions, row: RunRow, folder: string, slot: Slot, state: RunLifeState) {
    this.#o = options;
    this.row = row;
    this.folder = folder;
    this.log = new RunLog(folder, false);
    this.#prompt = new TerminalPrompt(folder);
    this.#slot = slot;
    this.#state = state;
    this.#beside = state.is === 'new' ? state.beside : null;
  }

  /** Is it being stopped? True until it has ended. */
  get stopping(): boolean {
    return this.#why !== null || this.row.cancel_requested_at !== null;
  }

  /** Its place in the queue, from 1 on; null when it waits no longer. */
  get queuePlace(): number | null {
    return this.#slot.place;
  }

  /** The script has ended, and its last output is waited for. */
  get finishing(): boolean {
    return this.#state.is === 'finishing' || (this.#state.is === 'stopping' && this.#state.finishing);
  }

  /** The script waits for something that a viewer types: it has read all that was typed so far. */
  get waitsForInput(): boolean {
    return this.#waits && this.#is('running');
  }

  /** It waits, and its terminal does not show what is typed. */
  get hidesInput(): boolean {
    return this.#hidden && this.waitsForInput;
  }

  /** Would the next agent find the process that carries the run? */
  get begun(): boolean {
    return !('carried' in this.#state) || this.#state.carried.watch.begun;
  }

  /**
   * The whole life, entered at the state that the run is in.
   * @returns when the end is on the disk and has been told, or when the agent has let go of the run.
   */
  async live(): Promise<void> {
    const { history, journal, settings, log, boot, changed } = this.#o;
    const { task_id } = this.row;

    // Begin: a run is on the disk before anything follows from it.
    if (this.#state.is === 'new') {
      const { prepared, script, beside, written } = this.#state;
      const token = newToken();
      const start = script === null ? null : this.#startOf(prepared, token, script);
      if (start !== null) this.row = { ...this.row, seal: sealOf(token) };
      // The runner is made ready while the journal is written.
      start?.hold();
      try {
        if (script === null && prepared.secrets.length === 0) await writePlan(this.folder, prepared);
        await journal.write(() => {
          history.insert(this.row);
          beside.accepted();
        });
      } catch (error) {
        start?.drop();
        rmSync(this.folder, { recursive: true, force: true });
        this.#become({ is: 'ended' });
        this.#slot.release();
        return written.reject(isDiskFull(error) ? notWritten(error) : error);
      }
      this.#become(start === null ? { is: 'queued', prepared } : { is: 'starting', prepared, token, start });
      written.resolve();
      if (start === null) changed(this.row);
    }

    // Guard: what may have changed while the run waited for its slot is checked again.
    if (this.#state.is === 'queued') {
      const { prepared } = this.#state;
      if (prepared === null) return this.#end({ state: 'interrupted', reason: LOST_SECRETS });
      const granted = this.row.cancel_requested_at === null && (await this.#slot.granted) && this.#why === null;
      if (!granted) return this.#end({ state: 'cancelled', reason: null });
      const token = newToken();
      this.#become({ is: 'starting', prepared, token, start: null });
      const refusal = guard(this.row, this.#o);
      if (refusal !== null) return this.#end({ state: 'refused', reason: refusal });
      const started = { started_at: Date.now(), seal: sealOf(token) };
      try {
        await journal.write(() => history.start(task_id, started.started_at, started.seal));
      } catch (error) {
        return this.#end({ state: 'refused', reason: isDiskFull(error) ? DISK_FULL : toToruError(error).message });
      }
      this.row = { ...this.row, ...started, state: 'starting' };
    }

    // Start. Of a run that an earlier agent has started, it is found out what became of it.
    if (this.#state.is === 'starting') {
      const { prepared, token, start } = this.#state;
      const starting = this.#o.lane.run(() => this.#start(prepared, token, start), start?.held === true);
      // The start comes first: telling everyone takes longer.
      changed(this.row);
      const refused = await starting;
      if (refused !== null) return this.#end(refused);
    }
    if (this.#state.is === 'found') {
      try {
        const interruption = await findInterruption(this.folder, boot, this.row.seal);
        if (interruption !== null) return this.#interrupt(interruption);
        const carried = this.#carry(null);
        carried.input.resume();
        if (this.row.cancel_requested_at !== null) this.#why ??= 'cancelled';
        this.#run(carried);
        log.info({ task_id }, 'took up a run that outlived the agent');
      } catch (error) {
        this.#trouble(error);
        return this.#end({ state: 'interrupted', reason: 'What it left on the disk could not be read.' });
      }
    }

    // Run: the files say when the script has ended, and when all that it printed is in.
    if (!('carried' in this.#state)) return;
    const { carried } = this.#state;
    const { watch, input, script } = carried;
    const { timeout_s, started_at, stop_signal, grace_s } = this.row;
    let until = timeout_s > 0 ? (started_at ?? Date.now()) + timeout_s * 1000 : Number.POSITIVE_INFINITY;
    let output: OutputLeft = 'torn';
    while (this.#is('running', 'finishing')) {
      const look = watch.look();
      if (look.is === 'over' || look.is === 'left behind') {
        output = look.is === 'over' ? look.output : await watch.leaveBehind();
        break;
      }
      if (look.is === 'finishing' && this.#is('running')) {
        this.#become({ is: 'finishing', carried });
        changed(this.row);
      }
      const { full, exit } = watch.status();
      if (full.length > 0 && exit === null && settings.when_output_full === 'halt') this.stop('output_full');
      if (Date.now() >= until) {
        until = Number.POSITIVE_INFINITY;
        this.stop('timed_out');
      }
      if (this.#is('running', 'finishing')) await this.#sleep(Math.min(look.againMs, until - Date.now()));
    }
    if (this.#is('stopping')) {
      const farewell = { signal: stop_signal, graceMs: grace_s === null ? this.#o.graceMs : grace_s * 1000 };
      await killTree(watch, boot, farewell).catch((error: unknown) => {
        log.error({ err: error, task_id }, 'a run could not be stopped cleanly');
      });
      output = watch.complete() ? 'complete' : 'torn';
    }
    if (this.#is('detached')) return;

    // End: what the status says, in the words of the history.
    const { status, settle } = watch.finish(output);
    const { exit } = status;
    const why = this.#why;
    this.#cgroup ??= status.cgroup;
    input.close();
    if (exit === null && why === null) {
      settle();
      return this.#interrupt({ reason: KILLED_FROM_OUTSIDE, sweep: true });
    }
    const path = loginPath(this.#o.environment['PATH']);
    const end: End = {
      state: why === null ? 'exited' : why === 'timed_out' ? 'timed_out' : 'cancelled',
      reason: reasonOf({ why, status, output, timeout_s, script, log: this.log, path }),
      exit_code: exit?.code ?? null,
      signal: exit?.signal ?? null,
      ended_at: status.endedAt ?? statusWrittenAt(this.folder),
    };
    await this.#end(end, settle);
  }

  /**
   * Stops the run: takes it from the queue, or its signal, grace, KILL.
   * @returns `again` when it is being stopped already, `late` when its script has ended by itself.
   */
  stop(why: WhyStopped): 'stopping' | 'again' | 'late' {
    if (this.#why !== null) return 'again';
    const state = this.#state;
    if (state.is === 'ending' || state.is === 'ended' || state.is === 'detached') return 'late';
    if (state.is === 'queued') this.#slot.release();
    if (state.is === 'running' || state.is === 'finishing') {
      const { carried } = state;
      carried.watch.poke();
      // A run that only waits for its last output can be given up.
      if (state.is === 'running' && carried.watch.status().exit !== null) return 'late';
      this.#become({ is: 'stopping', carried, finishing: state.is === 'finishing' });
    }
    this.#why = why;
    this.#wake();
    return 'stopping';
  }

  /** Types into the script's standard input. @param eof the input ends after `data`. @throws ToruError not_running, input_not_accepted */
  async type(data: string, eof: boolean): Promise<void> {
    const input = await this.#input();
    if (data !== '') input.write(data);
    if (eof) input.end();
    this.#typed += 1;
    this.#setWaits(false, false);
  }

  /** Gives the script's terminal a size. @throws ToruError not_running, input_not_accepted */
  async resize(size: RunSize): Promise<void> {
    (await this.#input()).resize(size);
  }

  /** @throws ToruError not_running */
  async #input(): Promise<TypedInput> {
    // A viewer that types right after the press is a few milliseconds early.
    await this.past('new', 'starting', 'found');
    const state = this.#state;
    if (!('carried' in state)) throw new ToruError('not_running', 'It has ended, or could not be started.');
    if (state.carried.watch.status().exit !== null) throw new ToruError('not_running', 'The script has ended.');
    return state.carried.input;
  }

  /** @returns when the run is in none of these states any more. */
  async past(...states: RunLifeState['is'][]): Promise<void> {
    while (this.#is(...states)) await this.#left.promise;
  }

  /** To be called about once a second: looks again, in case an event was lost. */
  check(): void {
    if (!('carried' in this.#state)) return;
    const { watch } = this.#state.carried;
    watch.check();
    if (this.#is('stopping')) watch.poke();
    else this.#wake();
    if (!this.row.stdin || this.#state.is !== 'running') return;
    if (this.row.tty) void this.#lookAtTerminal(this.#state.carried);
    else this.#setWaits(this.#state.carried.input.wantedBy(this.#scriptPids(watch)), false);
  }

  /** What was found before somebody typed counts no longer. */
  async #lookAtTerminal({ watch, input }: Carried): Promise<void> {
    if (this.#looking || !input.sent) return;
    this.#looking = true;
    const typed = this.#typed;
    try {
      const { waits, hidden } = await this.#prompt.look(this.#scriptPids(watch), this.log, performance.now());
      if (this.#typed === typed && this.#is('running')) this.#setWaits(waits, hidden);
    } finally {
      this.#looking = false;
    }
  }

  #scriptPids(watch: FileWatch): number[] {
    const { leader, cgroup, identity } = watch.status();
    const script = leader ?? identity;
    return [...(script === null ? [] : [script.pid]), ...(cgroup === null ? [] : membersOf(cgroup))];
  }

  #setWaits(waits: boolean, hidden: boolean): void {
    if (this.#waits === waits && this.#hidden === hidden) return;
    this.#waits = waits;
    this.#hidden = hidden;
    this.#o.changed(this.row);
  }

  /** The agent lets go of the run, which goes on by itself. */
  detach(): void {
    const state = this.#state;
    if (state.is === 'ended') return;
    this.#become({ is: 'detached' });
    if ('carried' in state) close(state.carried);
    this.#slot.release();
    this.#wake();
    this.log.closeFiles();
  }

  #startOf(prepared: Prepared, token: string, script: string): ScriptStart {
    const { row, folder } = this;
    return new ScriptStart(this.#o, { row, folder, prepared, script, token });
  }

  /**
   * Starts the script. The files are watched before anything runs: nothing has to be caught up with, and what nobody can watch is
   * not started.
   * @param known a start that was begun already. @returns why the script does not run; null when it runs.
   */
  async #start(prepared: Prepared, token: string, known: ScriptStart | null): Promise<End | null> {
    const { row } = this;
    let start = known;
    let carried: Carried | null = null;
    try {
      start ??= this.#startOf(prepared, token, prepared.program?.path ?? (await this.#o.scripts.resolve(row.script)));
      // From here on a stop waits for the start.
      if (this.#why !== null) {
        start.drop();
        return { state: 'cancelled', reason: null };
      }
      start.makeFiles();
      carried = this.#carry(start.script);
      const { watch } = carried;
      const carrier = await start.go();
      this.#cgroup = start.cgroup;
      watch.started(identify(carrier.pid, this.#o.boot));
      void carrier.gone.then(() => {
        watch.wrapperGone();
        this.#wake();
      });
      this.#run(carried);
      return null;
    } catch (error) {
      start?.drop();
      if (carried !== null) close(carried);
      const { code, message } = forOwner(toToruError(error), row, this.#o.users);
      this.#o.log[code === 'internal' ? 'error' : 'warn']({ err: error, task_id: row.task_id }, 'a run could not be started');
      return { state: 'refused', reason: isDiskFull(error) ? DISK_FULL : message };
    }
  }

  /** @throws when the files can't be opened. */
  #carry(script: string | null): Carried {
    const { row, folder, log } = this;
    const watch = new FileWatch({
      taskId: row.task_id,
      folder,
      seal: row.seal,
      log,
      boot: this.#o.boot,
      changed: () => this.#wake(),
      trouble: (error) => this.#trouble(error),
    });
    return { watch, input: new TypedInput(folder, row.tty), script };
  }

  /** The run is under way. A stop that was requested before takes effect now. */
  #run(carried: Carried): void {
    this.#become({ is: 'running', carried });
    const why = this.#why;
    this.#why = null;
    if (why !== null && this.stop(why) === 'late') this.#why = why;
  }

  /** Nobody will say how the run ended. */
  async #interrupt({ reason, sweep }: Interruption): Promise<void> {
    const { row, folder, log } = this;
    this.#become({ is: 'ending' });
    if (sweep) await sweepUp(row, folder, this.#o.boot);
    if (this.#is('detached')) return;
    this.#cgroup ??= readStatus(folder, row.seal).cgroup;
    takeRest(folder, log, (error) => this.#trouble(error));
    await this.#end({ state: row.cancel_requested_at === null ? 'interrupted' : 'cancelled', reason });
  }

  /** Closes the row, takes away what is left, and tells everyone; when the disk is full, as soon as there is room. */
  async #end(how: End, settle = (): void => undefined): Promise<void> {
    const { history, journal, log, cgroups, changed, ended } = this.#o;
    const { task_id } = this.row;
    if (this.#is('detached')) return;
    if (!this.#is('ending')) this.#become({ is: 'ending' });
    const results = settleArtifacts(this.folder);
    const ending: Ending = { exit_code: null, signal: null, ended_at: Date.now(), output_bytes: this.log.end, ...how };
    if (results.removed.length > 0) ending.reason ??= tooLarge(results.removed);
    const beside = await this.#atEnd({ ...this.row, ...ending });
    for (let failures = 0; ; failures += 1) {
      if (this.#is('detached')) return;
      try {
        const written = journal.write(() => {
          history.end(task_id, ending);
          if (results.bytes > 0) history.keepArtifacts(task_id, results.bytes);
          ended({ ...this.row, ...ending });
          // What takes the end back is left out the next time: whoever gave it hears of the end.
          if (failures === 0) beside?.write();
        });
        if (failures === 0) beside?.waits?.();
        await written;
        break;
      } catch (error) {
        if (failures === 0) log.error({ err: error, task_id }, 'the end of a run could not be written yet');
        await this.#sleep(RETRY_MS);
      }
    }
    // What was begun beside the end has its process before this one is cleared away.
    if (beside?.waits !== undefined) await new Promise((next) => setImmediate(next));
    settle();
    this.row = { ...this.row, ...ending };
    this.#become({ is: 'ended' });
    for (const name of [PLAN_FILE, STDIN_FILE, HOLD_FILE, TTY_FILE, SWITCHES_FILE]) removeFile(join(this.folder, name));
    this.#o.uploads.release(task_id);
    this.log.finish();
    if (this.#cgroup !== null) cgroups.release(this.#cgroup);
    changed(this.row);
    this.#slot.release();
  }

  /** What is to be written with the end. Never in the way of it. */
  async #atEnd(row: RunRow): Promise<WithEnd | undefined> {
    try {
      return await this.#beside?.ending?.(row);
    } catch (error) {
      this.#o.log.error({ err: error, task_id: row.task_id }, 'what follows from the end of a run was not written with it');
      return undefined;
    }
  }

  /** @returns when something has happened to the run, or after so many ms. */
  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (Number.isFinite(ms)) this.#timer = setTimeout(resolve, ms).unref();
    await promise;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #is(...states: RunLifeState['is'][]): boolean {
    return states.includes(this.#state.is);
  }

  #become(state: RunLifeState): void {
    if (!WAYS[this.#state.is].includes(state.is)) throw new Error(`no way from ${this.#state.is} to ${state.is}`);
    this.#state = state;
    this.#left.resolve();
    this.#left = Promise.withResolvers();
  }

  #trouble(error: unknown): void {
    this.#o.log.error({ err: error, task_id: this.row.task_id }, 'the output of a run can’t be followed at the moment');
  }
}

function close({ watch, input }: Carried): void {
  watch.close();
  input.close();
}

function tooLarge(names: readonly string[]): string {
  const some = names
    .slice(0, 3)
    .map((name) => `“${name.slice(0, 60)}”`)
    .join(', ');
  return `Its results were larger than ${MAX_ARTIFACT_BYTES / 1024 / 1024} MiB together: ${some}${names.length > 3 ? ' and others' : ''} went.`;
}

function notWritten(cause: unknown): ToruError {
  const message = 'The host’s disk is full: the run could not be written down, so it was not started.';
  return new ToruError('disk_full', message, { cause });
}
