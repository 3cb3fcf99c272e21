import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeWhenLate } from './deadline.ts';

/**
 * A process of the bench's own: what measures must not share a thread with what drives. It gets orders over IPC and
 * answers each with one message, in order.
 */
export class Helper implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #kept: () => void;
  readonly #waiting: { resolve: (said: unknown) => void; reject: (error: Error) => void }[] = [];

  /** @param file from bench/, as `clients/viewers.ts`. */
  constructor(file: string, env: NodeJS.ProcessEnv = process.env) {
    this.#child = fork(join(import.meta.dirname, file), [], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#kept = closeWhenLate(() => this[Symbol.asyncDispose]());
    this.#child.on('message', (said) => this.#waiting.shift()?.resolve(said));
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${file} ended with ${code} before it answered`));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @returns the number, or text of a number, that it answers with. @throws what it says went wrong. */
  async ask(order: object): Promise<number> {
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#child.send(order);
    const said = await answer;
    if (typeof said === 'number') return said;
    throw new Error(typeof said === 'string' ? said : JSON.stringify(said));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kept();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** The other end: answers every order with what `work` gives. */
export function answerOrders(work: (order: unknown) => Promise<number>): void {
  let last = Promise.resolve();
  process.on('message', (order) => {
    last = last.then(async () => {
      const answer = await work(order).catch((error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
      process.send?.(answer);
    });
  });
  process.on('disconnect', () => process.exit(0));
}

/** Resident memory of a process, in bytes. NaN when it is gone. */
export function residentBytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(existsSync(file) ? readFileSync(file, 'utf8') : '')?.[1];
  return Number(kib) * 1024;
}

/**
 * CPU seconds that the threads of a process have used so far, in user and system mode together. By the scheduler's nanoseconds: the
 * ticks of /proc/PID/stat count a whole hundredth for whatever runs when the clock ticks, and timers wake with the clock.
 */
export function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const used = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]));
  return used.reduce((sum, ns) => sum + ns, 0) / 1e9;
}
