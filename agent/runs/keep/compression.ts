import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../../shared/errors.ts';
import type { History, Uncompressed } from '../../history/history.ts';
import type { Log } from '../../logger.ts';
import { packFile } from '../../logs/pack.ts';
import type { Settings } from '../../settings/settings.ts';
import { checkDisk, isDiskFull } from '../../store/disk.ts';

const EVERY_MS = 60_000;
const MINUTE_MS = 60_000;
/** Runs that one look into the history brings. */
const PAGE = 50;
/** After each megabyte comes a rest as long as the megabyte took, within these limits: at most half a core, and a free disk between. */
const LEAST_REST_MS = 2;
const MOST_REST_MS = 500;

interface CompressionOptions {
  /** Of all runs. */
  folder: string;
  history: History;
  settings: Pick<Settings, 'compress_after_minutes'>;
  log: Pick<Log, 'error'>;
  /** So much of the disk must stay free. */
  minFreeBytes: number;
  /** Does somebody read this run's output? Then its compression waits. */
  inUse: (taskId: string) => boolean;
}

/**
 * Compresses the output of runs that have ended, in the background: one file at a time, some minutes after a run's end. Readers see
 * the same bytes before, meanwhile and after. A run is done when its row says how many bytes it takes on the disk, so work that a
 * crash broke off is begun again, and output of earlier versions is compressed, too.
 */
export class Compression {
  readonly #o: CompressionOptions;
  /** Runs that could not be compressed: the next agent tries again. */
  readonly #failed = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #passing: Promise<void> | null = null;
  #current: { taskId: string; stop: AbortController; done: Promise<void> } | null = null;
  #closed = false;

  constructor(options: CompressionOptions) {
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

  /** Stops work on a run's files. @returns when they are free. */
  async release(taskId: string): Promise<void> {
    if (this.#current?.taskId !== taskId) return;
    this.#current.stop.abort();
    await this.#current.done;
  }

  /** Compresses every run whose time has come. */
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
