import type { ChildProcess } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cgroups } from '../process/owned-cgroups.ts';
import type { Plan } from './launch.ts';
import { orderOf } from './launch.ts';
import type { Grouping } from './order.ts';
import { linesOf } from './order.ts';
import type { SpareFiles } from './run-files.ts';
import type { Room } from './wrapper-process.ts';
import { NO_INPUT, spawnWrapper } from './wrapper-process.ts';

/** One waits at rest (0.5 MB, five processes that do nothing); this many at most while presses come quickly. */
const MOST = 4;
/** Presses within this time of each other are quick. */
const QUICK_MS = 1000;
/** After so long without a quick one, one is enough again. */
const QUIET_MS = 60_000;
/** A press comes first: the next wrapper is started so long after it. Also how often a busy host is asked again. */
const REFILL_MS = 10;
/** With more runs than this under way, new wrappers would only take time from them. */
const BUSY_RUNS = 4;
/** One that ended without an order says that something is wrong here: no other is tried for this long. */
const BROKEN_MS = 60_000;
/** How long they get to leave, when the agent does. */
const LEAVE_MS = 1000;

interface Options {
  boot: string;
  cgroups: Cgroups;
  grouping: Grouping;
  files: SpareFiles;
  /** How many runs are under way. */
  running: () => number;
  /** What the next run's wrapper will most likely be started with. */
  usual: () => { environment: Readonly<Record<string, string>>; outputLimitMb: number };
}

interface Warm {
  room: Room;
  child: ChildProcess;
  /** The only writing end. */
  orders: Socket;
  /** It is gone. */
  gone: Promise<void>;
}

/**
 * Wrappers that wait for their run: in their cgroup, with their files open and their pumps running. Entering a cgroup
 * takes the kernel up to 18 ms, starting a process from here takes 3, and the pumps take 3: a press has it all behind it.
 * Each belongs to one run, and ends by itself when its order can't come any more, because we are gone.
 */
export class WarmWrappers {
  readonly #o: Options;
  readonly #all = new Set<Warm>();
  #ready: Warm[] = [];
  #wanted = 1;
  #takenAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #fillAt = 0;
  #notBefore = 0;
  #filling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: Options) {
    this.#o = options;
    this.#soon(REFILL_MS);
  }

  /** How many wait. */
  get waiting(): number {
    return this.#ready.length;
  }

  /**
   * Hands a run to a wrapper that waits: its files become `plan.folder`, and its script starts.
   * @returns null when none fits: start a new one.
   */
  take(plan: Plan): { child: ChildProcess; cgroup: string | null } | null {
    const now = performance.now();
    if (now - this.#takenAt < QUICK_MS) this.#wanted = Math.min(MOST, this.#wanted + 1);
    this.#takenAt = now;
    this.#soon(REFILL_MS);
    // What waits in line has its folder already.
    if (plan.stdin.kind !== 'none' || existsSync(plan.folder)) return null;
    const warm = this.#ready.shift();
    if (warm === undefined) return null;
    const { room, child, orders } = warm;
    const lines =
      room.outputLimitMb === plan.outputLimitMb ? linesOf(orderOf(plan), plan.environment, room.environment, room.grouping) : null;
    if (lines === null) {
      // Does it wait for another kind of run than those that come now?
      if (this.#isUsual(room)) this.#ready.unshift(warm);
      else this.#drop(warm);
      return null;
    }
    try {
      renameSync(room.folder, plan.folder);
    } catch {
      this.#drop(warm);
      return null;
    }
    this.#all.delete(warm);
    // It is read at once or, when it has just died, by nobody: then its claim is not made.
    orders.end(`${plan.token}\n${lines}`);
    return { child, cgroup: room.cgroup };
  }

  /** @returns when none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#filling;
    const all = [...this.#all];
    for (const warm of all) this.#drop(warm);
    await Promise.race([Promise.all(all.map(({ gone }) => gone)), sleep(LEAVE_MS, undefined, { ref: false })]);
  }

  #soon(ms: number): void {
    const now = performance.now();
    const at = Math.max(now + ms, this.#notBefore);
    if (this.#closed || (this.#timer !== null && this.#fillAt <= at)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#fillAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#filling = this.#filling.then(() => this.#fill());
    }, at - now).unref();
  }

  #broken(): void {
    this.#notBefore = performance.now() + BROKEN_MS;
    this.#soon(BROKEN_MS);
  }

  /** One at a time, so that the event loop is free between. */
  async #fill(): Promise<void> {
    const quietFor = performance.now() - this.#takenAt;
    if (quietFor >= QUIET_MS) this.#wanted = 1;
    if (this.#closed) return;
    while (this.#ready.length > this.#wanted) this.#drop(this.#ready[0]);
    if (this.#ready.length < this.#wanted) {
      if (this.#o.running() > BUSY_RUNS) return this.#soon(REFILL_MS);
      if (!(await this.#add())) return this.#broken();
    }
    if (this.#ready.length < this.#wanted) this.#soon(REFILL_MS);
    else if (this.#wanted > 1) this.#soon(QUIET_MS);
  }

  /** @returns false when it can't be had now. */
  async #add(): Promise<boolean> {
    const { boot, cgroups, files, usual } = this.#o;
    const cgroup = await cgroups.make();
    let folder: string | null = null;
    try {
      folder = files.take();
      const room: Room = { folder, boot, cgroup, grouping: this.#o.grouping, ...usual() };
      const { child, orders } = await spawnWrapper(room, NO_INPUT);
      let warm: Warm | null = null;
      const gone = new Promise<void>((resolve) => {
        child.once('exit', () => {
          resolve();
          if (warm !== null && this.#all.has(warm)) this.#ended(warm);
        });
      });
      warm = { room, child, orders, gone };
      this.#all.add(warm);
      this.#ready.push(warm);
      return true;
    } catch {
      this.#forget({ folder, cgroup });
      return false;
    }
  }

  #isUsual({ environment, outputLimitMb }: Room): boolean {
    const usual = this.#o.usual();
    return usual.outputLimitMb === outputLimitMb && JSON.stringify(usual.environment) === JSON.stringify(environment);
  }

  #drop(warm: Warm | undefined): void {
    if (warm === undefined) return;
    this.#ready = this.#ready.filter((other) => other !== warm);
    warm.orders.destroy();
  }

  /** Without an order: we did not want it any more, or somebody has ended it. */
  #ended(warm: Warm): void {
    this.#all.delete(warm);
    this.#forget(warm.room);
    if (!this.#ready.includes(warm)) return;
    this.#ready = this.#ready.filter((other) => other !== warm);
    this.#broken();
  }

  #forget({ folder, cgroup }: { folder: string | null; cgroup: string | null }): void {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    if (cgroup !== null) this.#o.cgroups.release(cgroup);
  }
}
