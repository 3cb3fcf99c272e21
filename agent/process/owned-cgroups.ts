import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupOf, removeCgroup } from './cgroup.ts';

/** A run's cgroup is removed so long after its end, when no press waits for that; one that is not empty yet, ever more seldom. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 60_000;

/** The cgroups of one agent's runs, below its own: root has them wherever a cgroup2 is mounted, others where it is delegated. */
export class Cgroups {
  readonly #base: string | null;
  /** The cgroups of ended runs in which something still lives: a background child that the script left on purpose. */
  readonly #leaving = new Set<string>();
  /** The cgroups that this agent made, and has not released. */
  readonly #mine = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #lookAt = 0;
  #waitMs = FIRST_LOOK_MS;

  /** @param base null: none; runs are swept for instead. */
  constructor(base: string | null) {
    this.#base = base;
  }

  /** The path of one that the native runner's spawner will make; null without cgroups. Its name means nothing. */
  reserve(): string | null {
    if (this.#base === null) return null;
    const path = join(this.#base, randomUUID());
    this.#mine.add(path);
    return path;
  }

  /** One for a wrapper that is about to start; null when it can't be had. */
  async make(): Promise<string | null> {
    const path = this.reserve();
    if (path === null) return null;
    try {
      // Not here and now: the kernel lets this wait while any process of the host changes its cgroup. The base may have
      // been taken for one that nobody uses any more.
      await mkdir(path).catch(() => mkdir(path, { recursive: true }));
      return path;
    } catch {
      this.#mine.delete(path);
      return null;
    }
  }

  /** The run has ended: its cgroup goes when the last process in it has. */
  release(path: string): void {
    this.#mine.delete(path);
    this.#leaving.add(path);
    this.#waitMs = FIRST_LOOK_MS;
    this.#schedule();
  }

  /** At boot: releases those that an earlier agent made. @param used by runs that are not over. */
  releaseOld(used: ReadonlySet<string>): void {
    for (const path of this.#below()) if (!used.has(path) && !this.#mine.has(path)) this.release(path);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const path of this.#leaving) if (removeCgroup(path)) this.#leaving.delete(path);
    if (this.#base !== null && this.#below().length === 0) removeCgroup(this.#base);
  }

  #below(): string[] {
    return this.#base === null ? [] : cgroupsIn(this.#base);
  }

  #schedule(): void {
    const at = performance.now() + this.#waitMs;
    if (this.#timer !== null) {
      if (at >= this.#lookAt) return;
      clearTimeout(this.#timer);
    }
    this.#lookAt = at;
    this.#timer = setTimeout(() => void this.#look(), this.#waitMs).unref();
  }

  async #look(): Promise<void> {
    for (const path of [...this.#leaving]) {
      const gone = await rmdir(path).then(
        () => true,
        // Gone already, not empty yet, or divided by the script.
        () => removeCgroup(path),
      );
      if (gone) this.#leaving.delete(path);
    }
    this.#timer = null;
    this.#waitMs = Math.min(this.#waitMs * 2, LAST_LOOK_MS);
    if (this.#leaving.size > 0) this.#schedule();
  }
}

/** Where the runs of the agent of this home have their cgroups, if it runs in this one. */
export function cgroupBase(own: string, home: string): string {
  return join(own, `toru-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`);
}

const OF_AN_AGENT = /\/toru-[0-9a-f]{8}$/;
/** A cgroup that was made this long ago and is still empty is nobody's: a wrapper enters its cgroup within milliseconds. */
const STALE_MS = 60_000;

/** Removes what an agent left that was killed and never came back. One that lives makes its base again when it needs it. */
function removeStale(base: string): void {
  const old = [...cgroupsIn(base), base].filter(
    (path) => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STALE_MS,
  );
  for (const path of old) {
    try {
      rmdirSync(path);
    } catch {
      // Not empty: in use.
    }
  }
}

/** The cgroups right below this one. Empty when it is gone. */
function cgroupsIn(cgroup: string): string[] {
  try {
    return readdirSync(cgroup, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(cgroup, entry.name)] : []));
  } catch {
    return [];
  }
}

/** Makes the place for the runs' cgroups. @returns null when it can't be had here: no cgroup2, not ours, or Linux below 5.14. */
export function makeCgroupBase(home: string): string | null {
  const own = cgroupOf();
  if (own === null) return null;
  const base = cgroupBase(own, home);
  for (const other of cgroupsIn(own)) if (other !== base && OF_AN_AGENT.test(other)) removeStale(other);
  try {
    mkdirSync(base, { recursive: true });
    if (existsSync(join(base, 'cgroup.kill'))) return base;
    removeCgroup(base);
  } catch {
    // Not ours to divide.
  }
  return null;
}
