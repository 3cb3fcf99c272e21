import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cgroupOf, removeCgroup } from './cgroup.ts';

/** A cgroup that is not empty yet is looked at again after so long, then ever more seldom. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 60_000;

/** The cgroups of one agent's runs, below its own: root has them wherever a cgroup2 is mounted, others where it is delegated. */
export class Cgroups {
  readonly #base: string | null;
  /** Those of ended runs in which something still lives: a background child that the script left on purpose. */
  readonly #leaving = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_LOOK_MS;

  /** @param base null: none; runs are swept for instead. */
  constructor(base: string | null) {
    this.#base = base;
  }

  /** One for a run that is about to start; null when it can't be had. */
  make(taskId: string): string | null {
    if (this.#base === null) return null;
    const path = join(this.#base, taskId);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      // Left by a start that failed half-way.
      return error instanceof Error && 'code' in error && error.code === 'EEXIST' ? path : null;
    }
  }

  /** The run has ended: its cgroup goes when the last process in it has. */
  release(path: string): void {
    if (removeCgroup(path)) return;
    this.#leaving.add(path);
    this.#waitMs = FIRST_LOOK_MS;
    this.#schedule();
  }

  /** At boot: releases those of runs that are over. @param isOpen by task id. */
  releaseOld(isOpen: (taskId: string) => boolean): void {
    if (this.#base === null) return;
    for (const entry of readdirSync(this.#base, { withFileTypes: true })) {
      if (entry.isDirectory() && !isOpen(basename(entry.name))) this.release(join(this.#base, entry.name));
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const path of this.#leaving) removeCgroup(path);
    // Only when it is empty.
    if (this.#base !== null && readdirSync(this.#base, { withFileTypes: true }).every((entry) => !entry.isDirectory()))
      removeCgroup(this.#base);
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const path of this.#leaving) if (removeCgroup(path)) this.#leaving.delete(path);
      this.#waitMs = Math.min(this.#waitMs * 2, LAST_LOOK_MS);
      if (this.#leaving.size > 0) this.#schedule();
    }, this.#waitMs);
    this.#timer.unref();
  }
}

/** Where the runs of the agent of this home have their cgroups, if it runs in this one. */
export function cgroupBase(own: string, home: string): string {
  return join(own, `toru-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`);
}

/** Makes the place for the runs' cgroups. @returns null when it can't be had here: no cgroup2, not ours, or Linux below 5.14. */
export function makeCgroupBase(home: string): string | null {
  const own = cgroupOf();
  if (own === null) return null;
  const base = cgroupBase(own, home);
  try {
    mkdirSync(base, { recursive: true });
    if (existsSync(join(base, 'cgroup.kill'))) return base;
    removeCgroup(base);
  } catch {
    // Not ours to divide.
  }
  return null;
}
