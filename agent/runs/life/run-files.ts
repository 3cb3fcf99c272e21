import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACTS_FOLDER } from '../../logs/artifacts.ts';

/**
 * `status` begins as so many spaces: on a full disk, overwriting still works. (Not on btrfs, which never overwrites in
 * place. ext4 and XFS set the room aside at the write, so no fsync is needed for it.)
 */
const STATUS_RESERVED = ' '.repeat(1024);
const STREAMS = ['out', 'err', 'order'];

/** Makes a run's folder and its files, empty. Files that are there already (a queued run's plan) stay. @throws when the disk is full. */
export function makeFiles(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, ARTIFACTS_FOLDER), { recursive: true, mode: 0o700 });
  for (const name of STREAMS) closeSync(openSync(join(folder, name), 'a', 0o600));
  const status = openSync(join(folder, 'status'), 'wx', 0o600);
  try {
    writeSync(status, STATUS_RESERVED);
  } finally {
    closeSync(status);
  }
}

/** Removes a file that is needed no more. A script may have put anything in its place: what can't be removed stays. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The end of a run does not wait for a file that can't be removed.
  }
}

/** So many folders are kept ready for presses that come in one moment; … */
const SPARE = 16;
/** … and so many once more presses came in a row. */
const MOST_SPARE = 64;
/** Presses come first: spare folders are made when no press has come for so long, and beside presses when few folders are left. */
const IDLE_MS = 50;
const FEW = SPARE / 2;

/**
 * Folders with files that wait for a run. Making one costs 2 ms of a press, and 10 where many files were removed lately; renaming one
 * costs 0.1 ms. When no folder is left, the press makes its own.
 */
export class SpareFiles {
  readonly #folder: string;
  readonly #ready: string[] = [];
  #wanted = SPARE;
  #made = 0;
  #takenAt = Number.NEGATIVE_INFINITY;
  /** `#fill` is under way, perhaps waiting for a pause. */
  #filling = false;
  /** A file is being made just now. */
  #making = false;
  #closed = false;

  /** @param runs the folder of all runs. Spare folders of an earlier agent are removed: they may be half made. */
  constructor(runs: string) {
    this.#folder = join(runs, '.spare');
    rmSync(this.#folder, { recursive: true, force: true });
    this.#takenAt = performance.now();
    void this.#fill(IDLE_MS);
  }

  /** A folder for a run that may come to nothing. Null when none is left. */
  take(): string | null {
    this.#takenAt = performance.now();
    const spare = this.#ready.pop() ?? null;
    // More presses came in a row than there were folders for.
    if (spare !== null && this.#ready.length < FEW) this.#wanted = MOST_SPARE;
    void this.#fill();
    return spare;
  }

  /** Makes `folder` with its files, of a spare folder where one is left. @throws when the disk is full. */
  make(folder: string): void {
    const spare = this.take();
    if (spare === null) return makeFiles(folder);
    try {
      renameSync(spare, folder);
    } catch {
      // A queued run's folder is there already, with its plan.
      rmSync(spare, { recursive: true, force: true });
      makeFiles(folder);
    }
  }

  close(): void {
    this.#closed = true;
    if (!this.#making) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #fill(firstMs = 0): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      if (firstMs > 0) await sleep(firstMs, undefined, { ref: false });
      await this.#turn();
      while (this.#ready.length < this.#wanted) {
        this.#made += 1;
        const spare = join(this.#folder, String(this.#made));
        await mkdir(join(spare, ARTIFACTS_FOLDER), { recursive: true, mode: 0o700 });
        for (const name of STREAMS) {
          await (await open(join(spare, name), 'a', 0o600)).close();
          await this.#turn();
        }
        const status = await open(join(spare, 'status'), 'wx', 0o600);
        await status.writeFile(STATUS_RESERVED).finally(() => status.close());
        this.#ready.push(spare);
        await this.#turn();
      }
    } catch {
      // Closed; or a full disk, or a folder that was taken away: a press makes its own files, and says what is wrong.
    } finally {
      this.#filling = this.#making = false;
      if (this.#closed) rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** Until no press has come for a moment, where the presses can do without. */
  async #turn(): Promise<void> {
    this.#making = false;
    for (;;) {
      const left = this.#takenAt + IDLE_MS - performance.now();
      if (this.#closed) throw new Error('nothing more is made');
      if (left <= 0 || this.#ready.length < FEW) break;
      await sleep(left, undefined, { ref: false });
    }
    this.#making = true;
  }
}
