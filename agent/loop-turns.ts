import { getOrInsert } from '../shared/get-or-insert.ts';
import { CpuShare } from './cpu-share.ts';
import { TimeBudget } from './time-budget.ts';

/** The work for other users may take so much of a turn of the process's loop; then everything else gets its own. */
const TURN_MS = 4;
/** One user's work, over all their sessions. Acknowledging output at full speed takes a quarter of it. */
const USER = { burstMs: 400, msPerS: 400 };

type Work = () => void;

/** Where one connection's work waits: it is done in its order, and in turns with that of others. */
export interface Lane {
  /** How many pieces of it wait. */
  readonly waiting: number;
  /** Does it now, if nothing has to be done before it and there is time left. @returns false when it was not done. */
  try(work: Work): boolean;
  /** Does it now, or when it is this lane's turn. */
  do(work: Work): void;
  /** Drops what waits. */
  clear(): void;
}

/** Lanes of nobody's that are one owner, however many they are, and together take so many ms of a turn. */
export interface LaneGroup {
  readonly kind: string;
  readonly turnMs: number;
}

interface Owner {
  /** Whose budget it is; null: nobody's. */
  readonly user: string | null;
  /** It may take so much of a turn, in ms. */
  readonly turnMs: number;
  /** The lanes in which work waits, the next one first. */
  readonly lanes: Set<Work[]>;
}

/** The functions of the machine that it needs, and that a test replaces. */
interface Loop {
  now(): number;
  /** After other events of the process had their turn. */
  soon(callback: () => void): void;
  later(callback: () => void, ms: number): void;
  /** Which part of its time the loop has a processor: a user does not pay for what other processes had. */
  share(): number;
}

const cpu = new CpuShare();

const NODE: Loop = {
  now: () => performance.now(),
  soon: (callback) => void setImmediate(callback),
  later: (callback, ms) => void setTimeout(callback, ms),
  share: () => cpu.now,
};

/**
 * Turns in one loop. What others send (frames of browsers, requests, messages of plugins) is worked off for TURN_MS at a
 * time: owners one after another, and of an owner the lanes one after another. So a flood on a hundred sockets of one user
 * delays another user's cancel by one piece of work. Who used up their budget rests until it is paid back; what they sent
 * waits, and how much may wait is bounded by whoever pushes.
 */
export class LoopTurns {
  readonly #loop: Loop;
  readonly #budget = new TimeBudget(USER);
  /** The lanes with work that waits, the next one first. */
  readonly #owners = new Map<string, Owner>();
  #lanes = 0;
  /** Of this turn, in ms: by all, and by each. */
  #used = 0;
  readonly #usedBy = new Map<string, number>();
  #scheduled = false;
  #sleeping = false;

  constructor(loop: Loop = NODE) {
    this.#loop = loop;
  }

  /** @param user whose time the work takes. Null: nobody's, as a plugin's, which waits for its turns only. */
  lane(user: string | null, group?: LaneGroup): Lane {
    this.#lanes += 1;
    const name = user === null ? (group?.kind ?? `lane ${this.#lanes}`) : `user ${user}`;
    const turnMs = group?.turnMs ?? TURN_MS;
    const owner = (): Owner => ({ user, turnMs, lanes: new Set() });
    const queue: Work[] = [];
    const tryNow = (work: Work): boolean => {
      const full = this.#used >= TURN_MS || (this.#usedBy.get(name) ?? 0) >= turnMs;
      if (queue.length > 0 || full || this.#rests(user) || this.#next() !== undefined) return false;
      this.#run(name, user, work);
      this.#schedule();
      return true;
    };
    return {
      get waiting() {
        return queue.length;
      },
      try: tryNow,
      do: (work) => {
        if (tryNow(work)) return;
        queue.push(work);
        getOrInsert(this.#owners, name, owner).lanes.add(queue);
        this.#schedule();
      },
      clear: () => {
        queue.length = 0;
        this.#forget(name, queue);
      },
    };
  }

  #rests(user: string | null): boolean {
    return user !== null && this.#budget.left(user, this.#loop.now()) <= 0;
  }

  /** Whose turn it is: the first that waits, has not had its part of this turn, and does not rest. */
  #next(): [string, Owner] | undefined {
    for (const entry of this.#owners) {
      const [name, { user, turnMs }] = entry;
      if ((this.#usedBy.get(name) ?? 0) < turnMs && !this.#rests(user)) return entry;
    }
    return undefined;
  }

  #run(name: string, user: string | null, work: Work): void {
    const began = this.#loop.now();
    try {
      work();
    } finally {
      const now = this.#loop.now();
      this.#used += now - began;
      this.#usedBy.set(name, (this.#usedBy.get(name) ?? 0) + now - began);
      if (user !== null) this.#budget.spend(user, (now - began) * this.#loop.share(), now);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#loop.soon(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#used = 0;
    this.#usedBy.clear();
    let next = this.#next();
    try {
      for (; next !== undefined && this.#used < TURN_MS; next = this.#next()) this.#one(...next);
    } finally {
      // Also when all is done: what comes next begins a turn of its own.
      if (next !== undefined || this.#used > 0) this.#schedule();
      else if (this.#owners.size > 0) this.#sleep();
    }
  }

  /** One piece of work of this owner; then the others are before it. */
  #one(name: string, owner: Owner): void {
    const [queue] = owner.lanes;
    const work = queue?.shift();
    if (queue === undefined || work === undefined) return this.#forget(name, queue);
    this.#forget(name, queue);
    if (queue.length > 0) owner.lanes.add(queue);
    if (owner.lanes.size > 0) {
      this.#owners.delete(name);
      this.#owners.set(name, owner);
    }
    this.#run(name, owner.user, work);
  }

  #forget(name: string, queue: Work[] | undefined): void {
    const owner = this.#owners.get(name);
    if (owner === undefined) return;
    if (queue !== undefined) owner.lanes.delete(queue);
    if (owner.lanes.size === 0) this.#owners.delete(name);
  }

  /** All that wait have to rest: until the first of them may go on. */
  #sleep(): void {
    if (this.#sleeping) return;
    this.#sleeping = true;
    const now = this.#loop.now();
    const waits = [...this.#owners.values()].map(({ user }) => (user === null ? 0 : this.#budget.wait(user, LEAST_MS, now)));
    this.#loop.later(
      () => {
        this.#sleeping = false;
        this.#schedule();
      },
      Math.max(1, Math.min(...waits)),
    );
  }
}

/** Of a user who rests: so much has to be paid back before they go on, not a piece of work at a time. */
const LEAST_MS = 4;

/** The process has one loop, and one order of turns in it. */
export const turns = new LoopTurns();

/** @returns what `work` gives, once it is that lane's turn. @throws what `work` throws. */
export function inTurn<T>(lane: Lane, work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    lane.do(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
