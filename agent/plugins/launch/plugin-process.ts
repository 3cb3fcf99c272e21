import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PluginManifest } from '../../../shared/plugins.ts';
import type { Cgroups } from '../../process/owned-cgroups.ts';
import { identify } from '../../process/process-identity.ts';
import type { LineLog } from '../services/line-log.ts';
import type { Waiting } from './launch-plugin.ts';
import { launch, pluginEnvironment } from './launch-plugin.ts';
import type { LaunchRecord } from './launch-record.ts';
import { endProcesses, removeRecord, writeRecord } from './launch-record.ts';
import { capture } from './printed-lines.ts';
import type { PluginTiming } from './timing.ts';

export interface ProcessOptions {
  manifest: PluginManifest;
  argv: readonly string[];
  cwd: string;
  /** The agent's own environment. */
  host: Readonly<Record<string, string | undefined>>;
  /** Where sockets and records are. */
  folder: string;
  boot: string;
  cgroups: Cgroups;
  timing: PluginTiming;
  log: LineLog;
}

/** What was printed last may still be in the pipe when the process has ended. */
const LAST_WORDS_MS = 300;

/** The process of one launch: written down before it runs, its output read into the log, ended with all that it started. */
export class PluginProcess {
  readonly #options: ProcessOptions;
  #record: LaunchRecord;
  #waiting: Waiting | null = null;
  #printed: Promise<unknown> = Promise.resolve();
  #lastWords = '';

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#record = { plugin: options.manifest.id, launch: randomUUID(), socket: '', cgroup: null, identity: null };
  }

  get pid(): number | null {
    return this.#record.identity?.pid ?? null;
  }

  /** The last line on its standard error, without secrets; empty when it said nothing. */
  get lastWords(): string {
    return this.#options.log.mask(this.#lastWords);
  }

  /** Before there is a socket, or anything else that a killed agent would leave: says where the next one finds it. */
  async announce(socket: string): Promise<void> {
    this.#write({ socket, cgroup: await this.#options.cgroups.make() });
  }

  /** Makes it; nothing of the plugin runs before `go`. @throws what the system says when it can't be started. */
  async make(): Promise<void> {
    const { argv, cwd, host, manifest, boot, folder, log } = this.#options;
    const environment = pluginEnvironment(host, manifest.id, manifest.environment, this.#record.launch);
    const waiting = await launch({ argv, cwd, environment }, this.#record.cgroup, folder);
    this.#waiting = waiting;
    this.#write({ identity: identify(waiting.pid, boot) });
    const remember = (text: string): void => {
      this.#lastWords = text;
    };
    this.#printed = Promise.all([
      capture(waiting.stdout, 'stdout', manifest.id, log),
      capture(waiting.stderr, 'stderr', manifest.id, log, remember),
    ]);
  }

  /** Lets it become the plugin. @param token of this launch. @param exited once, when its first process has ended. */
  go(token: string, exited: (code: number | null, signal: NodeJS.Signals | null) => void): void {
    this.#waiting?.child.once('exit', exited);
    this.#waiting?.go({ plugin: this.#record.plugin, socket: this.#record.socket, token });
  }

  /** @returns when nothing of it is left, and what it printed is read. */
  async end(): Promise<void> {
    const { boot, cgroups, folder, timing } = this.#options;
    await endProcesses(this.#record, boot, timing.termMs);
    await Promise.race([this.#printed, sleep(LAST_WORDS_MS)]);
    // Something that escaped may still hold the other end.
    this.#waiting?.release();
    if (this.#record.cgroup !== null) cgroups.release(this.#record.cgroup);
    removeRecord(folder, this.#record.plugin);
  }

  #write(change: Partial<LaunchRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeRecord(this.#options.folder, this.#record);
  }
}
