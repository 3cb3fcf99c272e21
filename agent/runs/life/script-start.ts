import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunRow } from '../../history/run-row.ts';
import { ARTIFACTS_FOLDER } from '../../logs/artifacts.ts';
import type { Cgroups } from '../../process/owned-cgroups.ts';
import { inTerminal } from '../../pty/tty-run.ts';
import type { RunnerInput, RunnerOrder } from '../../runner/runner-order.ts';
import { secretWords } from '../../runner/secret-words.ts';
import type { Carrier, HeldRun, Spawner } from '../../runner/spawner.ts';
import type { Settings } from '../../settings/settings.ts';
import { launchWrapper } from '../wrapper/launch-wrapper.ts';
import { STDIN_FILE } from '../wrapper/typed-input.ts';
import { LIMIT_BLOCKS_PER_MB } from '../wrapper/wrapper.ts';
import { baseEnvironment, scriptEnvironment } from './environment.ts';
import type { Prepared } from './prepared.ts';
import type { SpareFiles } from './run-files.ts';
import { removeFile } from './run-files.ts';

export interface ScriptStartOptions {
  /** TORU_HOME */
  home: string;
  /** The agent's environment, of which scripts get the allowed part. */
  environment: Readonly<Record<string, string | undefined>>;
  settings: Pick<Settings, 'env_allow' | 'output_limit_mb'>;
  cgroups: Cgroups;
  files: SpareFiles;
  spawner: Spawner;
  /** Which boot of the host this is. */
  boot: string;
}

/** What is started. */
interface Started {
  row: RunRow;
  /** The run's own. */
  folder: string;
  prepared: Prepared;
  /** The script's absolute path. Its folder is the working directory, where no program says otherwise. */
  script: string;
  /** Proves the exit record (wrapper/seal.ts). */
  token: string;
}

/** The start of one script: its cgroup, its files, and the process that carries it. */
export class ScriptStart {
  readonly script: string;
  readonly #o: ScriptStartOptions;
  readonly #started: Started;
  readonly #host: Record<string, string>;
  #cgroup: string | null = null;
  /** A runner that has everything ready, and the folder in which the run's files are meanwhile. */
  #held: { runner: HeldRun; folder: string } | null = null;

  constructor(options: ScriptStartOptions, started: Started) {
    this.script = started.script;
    this.#o = options;
    this.#started = started;
    // Where the command `toru` finds this agent, when a script calls it.
    const socket = join(options.home, 'api.sock');
    this.#host = { ...baseEnvironment(options.environment, options.settings.env_allow), TORU_SOCKET: socket };
  }

  /** The cgroup that was made for the run; null without one. */
  get cgroup(): string | null {
    return this.#cgroup;
  }

  /** Does a runner wait for nothing but `go`? */
  get held(): boolean {
    return this.#held !== null;
  }

  /** Has a runner make everything ready, which runs nothing before `go`. Where that can't be had now, `makeFiles` and `go` do all of it. */
  hold(): void {
    const { spawner, files, cgroups } = this.#o;
    const folder = spawner.ready ? files.take() : null;
    if (folder === null) return;
    try {
      this.#cgroup = cgroups.reserve();
      this.#held = { runner: spawner.hold(this.#order(folder)), folder };
    } catch {
      // The disk is full, or the folder is gone: the start says so.
      this.#discard(folder);
    }
  }

  /** Makes the run's folder with its files. @throws when the disk is full. */
  makeFiles(): void {
    const { folder, prepared } = this.#started;
    if (this.#held === null) this.#o.files.make(folder);
    else renameSync(this.#held.folder, folder);
    for (const [name, text] of Object.entries(prepared.program?.files ?? {})) {
      mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
  }

  /** Starts the script. @returns what carries the run. @throws ToruError spawn_failed: nothing runs then. */
  go(): Promise<Carrier> {
    return this.#held?.runner.go() ?? this.#launch();
  }

  /** The start comes to nothing: what was made ready for it goes. */
  drop(): void {
    this.#held?.runner.drop();
    this.#discard(this.#held?.folder ?? null);
    this.#held = null;
  }

  async #launch(): Promise<Carrier> {
    const { spawner, cgroups } = this.#o;
    const { folder } = this.#started;
    const isNative = (await spawner.program) !== null;
    this.#cgroup = isNative ? cgroups.reserve() : await cgroups.make();
    return isNative ? spawner.run(this.#order(folder)) : launchWrapper(this.#order(folder), this.#host);
  }

  #discard(folder: string | null): void {
    if (folder !== null) removeFile(folder);
    if (this.#cgroup !== null) this.#o.cgroups.release(this.#cgroup);
    this.#cgroup = null;
  }

  /** @param folder in which the run's files are now. */
  #order(folder: string): RunnerOrder {
    const { row, folder: later, prepared, script, token } = this.#started;
    const directory = prepared.program?.directory ?? dirname(script);
    const variables = scriptEnvironment(this.#host, prepared.passed.env, { user: row.username, action: row.action });
    const environment = { PWD: directory, ...variables, TORU_TASK_ID: row.task_id, TORU_ARTIFACTS: join(later, ARTIFACTS_FOLDER) };
    const command = { script, args: prepared.passed.args, environment };
    return {
      folder,
      later,
      cgroup: this.#cgroup,
      boot: this.#o.boot,
      token,
      limitBlocks: this.#o.settings.output_limit_mb * LIMIT_BLOCKS_PER_MB,
      input: inputOf(prepared, folder),
      directory,
      ...(prepared.tty ? inTerminal({ ...command, folder: later }) : command),
      secrets: secretWords(prepared.secrets),
    };
  }
}

/** A text that the script is to read, and that holds no secret, is written into the folder. */
function inputOf({ passed, secrets, stdin }: Prepared, folder: string): RunnerInput {
  if (passed.stdin === null) return { kind: stdin ? 'typed' : 'none' };
  if (secrets.length > 0) return { kind: 'text', text: passed.stdin };
  writeFileSync(join(folder, STDIN_FILE), passed.stdin, { mode: 0o600 });
  return { kind: 'file' };
}
