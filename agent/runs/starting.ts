import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { toToruError } from '../../shared/errors.ts';
import type { Role } from '../../shared/users.ts';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Cgroups } from '../process/owned-cgroups.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { identify } from '../process/process-identity.ts';
import type { Carrier, Spawner } from '../runner/spawner.ts';
import { isHostsOwn } from '../users/caller.ts';
import { forAsker } from '../users/for-asker.ts';
import { isDiskFull } from './disk.ts';
import type { Endings } from './endings.ts';
import { baseEnvironment, scriptEnvironment } from './environment.ts';
import type { Following } from './following.ts';
import { groupingOf } from './grouping.ts';
import type { Plan } from './launch.ts';
import { holdRunner, launch } from './launch.ts';
import type { LiveRun } from './live-run.ts';
import type { ActionsSeam, PluginsSeam, RunsLog, ScriptsSeam, SettingsSeam, UsersSeam } from './needs.ts';
import type { OpenRun } from './open-run.ts';
import { stdinOf } from './open-run.ts';
import type { Grouping } from './order.ts';
import { wrapperEnvironment } from './order.ts';
import type { RunQueue } from './queue.ts';
import { refusalOnLeaving } from './recheck.ts';
import type { Prepared } from './request.ts';
import type { SpareFiles } from './run-files.ts';
import { removeFile } from './run-files.ts';
import type { Room } from './wrapper-process.ts';

interface Options {
  /** TORU_HOME */
  home: string;
  history: History;
  journal: Journal;
  settings: SettingsSeam;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  users: UsersSeam;
  plugins: PluginsSeam;
  log: RunsLog;
  environment: Readonly<Record<string, string | undefined>>;
  boot: string;
  cgroups: Cgroups;
  files: SpareFiles;
  spawner: Spawner;
  endings: Endings;
  following: Following;
  queue: RunQueue;
  changed: (row: RunRow) => void;
}

const DISK_FULL = 'The host’s disk is full.';

/** From the journal to a process: runs whose turn has come. */
export class Starting {
  readonly #o: Options;
  readonly #grouping: Grouping;
  #launching: Promise<void> = Promise.resolve();
  readonly #launched = new Set<Promise<void>>();
  /** How many are to be started. */
  #due = 0;

  constructor(options: Options) {
    this.#o = options;
    this.#grouping = groupingOf(this.#base()['PATH'] ?? '');
    options.journal.gatherWhile(() => this.#due > 0);
  }

  /**
   * One after another, with the event loop between where several are due: a spawn of a shell blocks it for a millisecond or
   * two. Native runners are started by somebody else, many at a time.
   */
  soon(run: OpenRun): void {
    this.#due += 1;
    const launch = (): Promise<void> => {
      const launched = this.#launch(run).finally(() => {
        this.#due -= 1;
        this.#launched.delete(launched);
        this.#o.journal.caughtUp();
      });
      this.#launched.add(launched);
      return launched;
    };
    // Its runner waits for nothing but the word.
    if (run.held !== null) return void launch();
    this.#launching = this.#launching.then(async () => {
      if (this.#due > 1) await new Promise((next) => setImmediate(next));
      const launched = launch();
      if ((await this.#o.spawner.program) === null) await launched;
    });
  }

  /**
   * Has a runner made ready while the journal's entry of a run is written. Nothing of it starts before `soon`.
   * Where it can't be had, `soon` does all of it.
   */
  prepare(run: OpenRun): void {
    const { spawner, files } = this.#o;
    if (!spawner.ready || run.prepared === null || run.path === null) return;
    const folder = files.take();
    if (folder === null) return;
    try {
      const { plan, room } = this.#planOf(run, run.prepared, run.path, folder, this.#o.cgroups.reserve());
      run.held = { folder, runner: holdRunner(plan, run.folder, room, spawner) };
    } catch {
      // The disk is full, or the folder is gone: the start says so.
      this.#discard(run, folder);
    }
  }

  /** The run comes to nothing: what was made ready for it goes. */
  drop(run: OpenRun): void {
    if (run.held === null) return;
    run.held.runner.drop();
    this.#discard(run, run.held.folder);
    run.held = null;
  }

  #discard(run: OpenRun, folder: string): void {
    removeFile(folder);
    if (run.cgroup !== null) this.#o.cgroups.release(run.cgroup);
    run.cgroup = null;
  }

  /** A queued run has its place now: asks again whether it may run, writes that it starts, and starts it. */
  async leaveQueue(run: OpenRun): Promise<void> {
    const refusal = refusalOnLeaving(run.row, this.#o.users, this.#o.actions, this.#o.plugins);
    if (refusal !== null) return this.#o.endings.end(run, { state: 'refused', reason: refusal });
    const at = Date.now();
    try {
      await this.#o.journal.write(() => this.#o.history.start(run.row.task_id, at, run.row.seal));
    } catch (error) {
      return this.#o.endings.end(run, { state: 'refused', reason: isDiskFull(error) ? DISK_FULL : toToruError(error).message });
    }
    run.row = { ...run.row, state: 'starting', started_at: at };
    // The script's place was looked at when it was asked for, which may be long ago.
    run.path = null;
    this.#o.changed(run.row);
    this.soon(run);
  }

  /** @returns when every run that was accepted is started: nobody is told “started” for what the next agent would call interrupted. */
  async close(): Promise<void> {
    await this.#launching;
    await Promise.all(this.#launched);
  }

  async #launch(run: OpenRun): Promise<void> {
    const { prepared, row } = run;
    const { endings, following } = this.#o;
    if (prepared === null) return;
    let live: LiveRun | null = null;
    const started = Promise.withResolvers<ProcessIdentity | null>();
    try {
      run.path ??= await this.#o.scripts.resolve(row.script);
      // From here on a stop waits for the start.
      if (run.why !== null) {
        this.drop(run);
        return void endings.end(run, { state: run.why === 'timed_out' ? 'timed_out' : 'cancelled', reason: null });
      }
      if (run.held === null) this.#o.files.make(run.folder);
      else renameSync(run.held.folder, run.folder);
      // Watched before anything runs: nothing has to be caught up with, and what nobody can watch is not started.
      live = following.follow(run, started.promise);
      const followed = live;
      const carrier = await (run.held?.runner.go() ?? this.#spawn(run, prepared, run.path));
      started.resolve(identify(carrier.pid, this.#o.boot));
      void carrier.gone.then(() => followed.wrapperGone());
      live.poke();
    } catch (error) {
      run.held?.runner.drop();
      live?.close();
      started.resolve(null);
      const known = forAsker(toToruError(error), { role: this.#roleOf(row) });
      if (known.code === 'internal') this.#o.log.error({ err: error, task_id: row.task_id }, 'a run could not be started');
      else this.#o.log.warn({ err: error, task_id: row.task_id }, 'a run could not be started');
      void endings.end(run, { state: 'refused', reason: isDiskFull(error) ? DISK_FULL : known.message });
    }
  }

  /** Whose run it is reads its reason. The local socket's callers are no users, and own the host. */
  #roleOf({ user_id }: RunRow): Role {
    return isHostsOwn(user_id) ? 'admin' : (this.#o.users.get(user_id)?.role ?? 'client');
  }

  #base(): Record<string, string> {
    // Where the command `toru` finds this agent, when a script calls it.
    return { ...baseEnvironment(this.#o.environment, this.#o.settings.env_allow), TORU_SOCKET: join(this.#o.home, 'api.sock') };
  }

  async #spawn(run: OpenRun, prepared: Prepared, script: string): Promise<Carrier> {
    const { spawner, cgroups } = this.#o;
    const cgroup = (await spawner.program) === null ? await cgroups.make() : cgroups.reserve();
    const { plan, room } = this.#planOf(run, prepared, script, run.folder, cgroup);
    return launch(plan, room, spawner);
  }

  /** @param folder where its files are now. */
  #planOf(run: OpenRun, prepared: Prepared, script: string, folder: string, cgroup: string | null): { plan: Plan; room: Room } {
    const { row } = run;
    run.cgroup = cgroup;
    const base = this.#base();
    const outputLimitMb = this.#o.settings.output_limit_mb;
    const plan = {
      taskId: row.task_id,
      token: run.token,
      folder,
      script,
      args: prepared.passed.args,
      environment: scriptEnvironment(base, prepared.passed.env, { user: row.username, action: row.action }),
      stdin: stdinOf(prepared),
      outputLimitMb,
      secrets: prepared.secrets,
    };
    const room = { folder, environment: wrapperEnvironment(base), grouping: this.#grouping, cgroup, outputLimitMb, boot: this.#o.boot };
    return { plan, room };
  }
}
