import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../shared/errors.ts';
import type { History, Uncompressed } from '../history/history.ts';
import { packFile } from '../logs/pack.ts';
import { checkDisk, isDiskFull } from './disk.ts';
import type { RunsLog, SettingsSeam } from './needs.ts';

const EVERY_MS = 60_000;
const MINUTE_MS = 60_000;
/** Runs that one look into the history brings. */
const PAGE = 50;
/** After each megabyte it rests for as long as that took, within these: half a core at most, and no disk kept busy. */
const LEAST_REST_MS = 2;
const MOST_REST_MS = 500;

interface Options {
  /** Of all runs. */
  folder: string;
  history: History;
  settings: Pick<SettingsSeam, 'compress_after_minutes'>;
  log: RunsLog;
  /** What must stay free on the disk. */
  minFreeBytes: number;
  /** Does somebody read this run's output? Then it waits. */
  inUse: (taskId: string) => boolean;
}

/**
 * Compresses the output of runs that have ended, in the background: one file at a time, some minutes after a run's end.
 * Reading it is the same before, meanwhile and after. A run is done when its row says how much room it takes, so what
 * a crash broke off is begun again, and output of earlier versions is taken up too.
 */
export class Compression {
  readonly #o: Options;
  /** Those that could not be compressed: tried again by the next agent. */
  readonly #failed = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #passing: Promise<void> | null = null;
  #current: { taskId: string; stop: AbortController; done: Promise<void> } | null = null;
  #closed = false;

  constructor(options: Options) {
    this.#o = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#begin(), EVERY_MS).unref();
    this.#begin();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#current?.stop.abort();
    await this.#passing;
  }

  /** Lets go of a run's files. @returns when it has. */
  async release(taskId: string): Promise<void> {
    if (this.#current?.taskId !== taskId) return;
    this.#current.stop.abort();
    await this.#current.done;
  }

  /** Takes every run whose time has come. */
  async pass(now: number = Date.now()): Promise<void> {
    for (let after: Uncompressed | null = null; !this.#closed; ) {
      const { compress_after_minutes: minutes } = this.#o.settings;
      if (minutes === 0) return;
      const quietSince = now - minutes * MINUTE_MS;
      const page = this.#o.history.uncompressed(after, quietSince, PAGE);
      for (const { task_id } of page) {
        if (this.#closed) return;
        if (!this.#o.inUse(task_id) && !this.#failed.has(task_id) && !(await this.#take(task_id, quietSince))) return;
      }
      if (page.length < PAGE) return;
      after = page.at(-1) ?? null;
    }
  }

  #begin(): void {
    this.#passing ??= this.pass()
      .catch((error: unknown) => this.#o.log.error({ err: error }, 'the output of ended runs could not be compressed'))
      .finally(() => {
        this.#passing = null;
      });
  }

  /** @returns false when there is no room for this now, nor for the next. */
  async #take(taskId: string, quietSince: number): Promise<boolean> {
    const stop = new AbortController();
    const work = this.#compress(taskId, quietSince, stop.signal);
    this.#current = { taskId, stop, done: work.catch(() => undefined) };
    try {
      await work;
    } catch (error) {
      if (stop.signal.aborted) return true;
      if (isDiskFull(error) || (error instanceof ToruError && error.code === 'disk_full')) return false;
      this.#failed.add(taskId);
      this.#o.log.error({ err: error, task_id: taskId }, 'the output of a run could not be compressed, and stays as it is');
    } finally {
      this.#current = null;
    }
    return true;
  }

  async #compress(taskId: string, quietSince: number, signal: AbortSignal): Promise<void> {
    const folder = join(this.#o.folder, taskId);
    let since = performance.now();
    const pause = async (): Promise<void> => {
      signal.throwIfAborted();
      checkDisk(folder, this.#o.minFreeBytes);
      const rest = Math.min(MOST_REST_MS, Math.max(LEAST_REST_MS, performance.now() - since));
      await sleep(rest, undefined, { ref: false, signal });
      since = performance.now();
    };
    const outcomes = [await packFile(folder, 'out', quietSince, pause), await packFile(folder, 'err', quietSince, pause)];
    if (outcomes.includes('later')) return;
    let bytes = 0;
    for (const name of ['out', 'out.gz', 'err', 'err.gz', 'order']) {
      const found = await stat(join(folder, name)).catch(() => null);
      bytes += found?.size ?? 0;
    }
    this.#o.history.setDiskBytes(taskId, bytes);
  }
}
