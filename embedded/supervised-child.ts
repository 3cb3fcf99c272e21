import type { ChildProcess } from 'node:child_process';
import { heartbeat } from '../shared/heartbeat.ts';
import { ALIVE_EVERY_MS, ALIVE_MISSES } from '../shared/limits.ts';
import { backoff, retry } from '../shared/retry.ts';

/** A child process that was started. */
export interface Launched<Ready> {
  child: ChildProcess;
  /** When it is up, with what it says then; never, when it ends before. */
  ready: Promise<Ready>;
  /** Has `answered` called at every sign of life; the first one begins the watch. @returns asks for a further one. */
  alive(answered: () => void): () => void;
}

export interface ChildSpec<Ready> {
  /** For what is printed. */
  name: string;
  /**
   * Starts it, in a process group of its own: Ctrl-C is for us, who stop the children in order. It has to end when we are killed.
   * @param previous how the one before it ended; null for the first.
   */
  launch(previous: string | null): Launched<Ready>;
  /** Kill what the child left in its process group when it ended. */
  sweep: boolean;
  /** Of the waits before it is started again, in ms, where they are not the usual ones. */
  waits?: { base: number; max: number };
}

/** How long a child may take to stop before it is killed: an agent waits 30 s for requests that are not answered yet. */
const STOP_MS = 40_000;

/** How a child ended: its exit code, 1 where it has none, and the same in words, which follow its name. */
interface End {
  code: number;
  how: string;
}

/** Why a child that never was up is not tried again. */
export class ChildFailed extends Error {
  override name = 'ChildFailed';
  readonly exitCode: number;
  constructor(name: string, exitCode: number) {
    super(`${name} ended with code ${exitCode} before it was up.`);
    this.exitCode = exitCode;
  }
}

/**
 * Keeps one child process running: an endless loop around an attempt that may fail. The first attempt has to succeed; what
 * worked once is tried again for ever, at growing intervals. A child that said that it is alive and falls silent is killed.
 */
export class SupervisedChild<Ready> {
  readonly #spec: ChildSpec<Ready>;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #up = false;
  #loop: Promise<void> | null = null;

  constructor(spec: ChildSpec<Ready>) {
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Has the child that runs now said that it is up? */
  get up(): boolean {
    return this.#up;
  }

  /** @returns what the child said when it was up for the first time. @throws ChildFailed */
  async start(): Promise<Ready> {
    const first = this.#attempt(null);
    const ready = await first.ready;
    this.#loop = this.#keep(first.ended);
    return ready;
  }

  /** Ends the child that runs now; another one takes its place, with what its `order` says by then. */
  restart(): void {
    this.#child?.kill('SIGTERM');
  }

  /** TERM, then KILL. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const killing = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(killing);
    }
    await this.#loop;
  }

  /** Starts the child again whenever it ended, until `stop`. */
  #keep(first: Promise<End>): Promise<void> {
    let attempt = (): Promise<End> => first;
    const wait = ({ how }: End, failures: number): number => {
      process.stderr.write(`toru: ${this.#spec.name} ${how}, and is started again.\n`);
      attempt = () => {
        const { ready, ended } = this.#attempt(how);
        ready.catch(() => undefined);
        return ended;
      };
      return backoff(failures, Math.random, this.#spec.waits);
    };
    return retry(() => attempt(), { wait }, this.#stopping.signal);
  }

  /** @param previous how the one before it ended. */
  #attempt(previous: string | null): { ready: Promise<Ready>; ended: Promise<End> } {
    const { name, launch, sweep } = this.#spec;
    const launched = launch(previous);
    const { child } = launched;
    this.#child = child;
    const silence = watchSilence(launched);
    const ended = new Promise<End>((resolve) => {
      child.on('exit', (code, signal) => {
        this.#up = false;
        if (sweep && child.pid !== undefined) killGroup(child.pid);
        const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        resolve({ code: code ?? 1, how: silence.killed ? `did not answer for ${SILENCE_S} s` : how });
      });
      child.on('error', (error) => resolve({ code: 1, how: `failed (${error.message})` }));
    });
    const failed = ended.then(({ code }): Promise<Ready> => Promise.reject(new ChildFailed(name, code)));
    const ready = Promise.race([
      launched.ready.then((message) => {
        this.#up = true;
        return message;
      }),
      failed,
    ]);
    failed.catch(() => undefined);
    return { ready, ended };
  }
}

const SILENCE_S = (ALIVE_EVERY_MS * ALIVE_MISSES) / 1000;

/** Kills a child that stands still. */
function watchSilence({ child, alive }: Launched<unknown>): { readonly killed: boolean } {
  const watch = { killed: false };
  let beat: ReturnType<typeof heartbeat> | null = null;
  const kill = (): void => {
    watch.killed = true;
    child.kill('SIGKILL');
  };
  const ask = alive(() => {
    beat ??= heartbeat({ pingMs: ALIVE_EVERY_MS, misses: ALIVE_MISSES }, ask, kill);
    beat.answered();
  });
  child.once('exit', () => beat?.stop());
  return watch;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it, as it should be.
  }
}
