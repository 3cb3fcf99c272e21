import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { ToruError } from '../../shared/errors.ts';
import { runnerFiles, runnerSourceHash } from './runner-files.ts';
import type { RunnerOrder } from './runner-order.ts';
import { encodeOrder, encodeWord } from './runner-order.ts';

const PROTOCOL = '2';
/** A runner's program says who it is at once; on a busy host it gets this. */
const HELLO_MS = 5000;

/** A process that carries one run. */
export interface Carrier {
  pid: number;
  /** It has ended. Of one that outlived its spawner, nobody says so. */
  gone: Promise<void>;
}

/** A runner that has everything ready, and waits for the word. */
export interface HeldRun {
  /** Starts the script. @returns its runner. @throws ToruError spawn_failed: nothing runs then. */
  go(): Promise<Carrier>;
  /** Nothing is started, now or later. */
  drop(): void;
}

interface Waiting {
  order: Buffer;
  /** It may start. */
  going: boolean;
  /** It was sent to a spawner that died before it answered. */
  again: boolean;
  carrier: PromiseWithResolvers<Carrier>;
}

interface Options {
  /** The runner's programs, the best first. */
  files?: readonly string[];
  /** What they must have been built from; null = anything. */
  sourceHash?: string | null;
}

/**
 * The process that starts native runners: forking it takes a tenth of a millisecond, spawning from here two. Its death ends no
 * run; another one is started then, and gets the orders that were not answered: a run's claim sees to it that none runs twice.
 */
export class Spawner {
  readonly #files: readonly string[];
  readonly #sourceHash: string | null;
  #ready: Promise<string | null>;
  #child: ChildProcess | null = null;
  /** By number: held, or told to go and not answered yet. */
  readonly #waiting = new Map<number, Waiting>();
  #numbers = 0;
  readonly #gone = new Map<number, () => void>();
  #closed = false;

  constructor({ files = runnerFiles(), sourceHash = runnerSourceHash() }: Options = {}) {
    this.#files = files;
    this.#sourceHash = sourceHash;
    this.#ready = this.#start();
  }

  /** The path of the program in use; null when this host can run none: then the shell wrapper carries runs. */
  get program(): Promise<string | null> {
    return this.#ready;
  }

  /** Can a run be held, without a wait for the program's start? */
  get ready(): boolean {
    return this.#child !== null;
  }

  /** Has a runner made ready, at once. What goes wrong with it is told at `go`. */
  hold(order: RunnerOrder): HeldRun {
    this.#numbers = (this.#numbers + 1) % 2 ** 32;
    const number = this.#numbers;
    const carrier = Promise.withResolvers<Carrier>();
    carrier.promise.catch(() => undefined);
    const waiting: Waiting = { order: encodeOrder(order, number), going: false, again: false, carrier };
    this.#waiting.set(number, waiting);
    this.#send(number, waiting);
    return {
      go: () => {
        waiting.going = true;
        if (this.#waiting.has(number)) this.#child?.stdin?.write(encodeWord('go', number));
        return carrier.promise;
      },
      drop: () => {
        if (this.#waiting.delete(number)) this.#child?.stdin?.write(encodeWord('drop', number));
      },
    };
  }

  /** Starts a run. @returns its runner. @throws ToruError spawn_failed: nothing runs then. */
  async run(order: RunnerOrder): Promise<Carrier> {
    await this.#ready;
    return this.hold(order).go();
  }

  /** Runs go on without it. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin?.end();
    this.#child = null;
  }

  #send(number: number, waiting: Waiting): void {
    const stdin = this.#child?.stdin;
    if (stdin == null) return this.#fail(number, waiting, 'The script could not be started. Try again.');
    stdin.write(waiting.order);
    if (waiting.going) stdin.write(encodeWord('go', number));
  }

  #fail(number: number, { carrier }: Waiting, message: string): void {
    this.#waiting.delete(number);
    carrier.reject(new ToruError('spawn_failed', message));
  }

  async #start(): Promise<string | null> {
    for (const file of this.#files) if (await this.#tryFile(file)) return file;
    return null;
  }

  /** @returns false when the program does not start here (another system, a mount without exec), or is of another source. */
  async #tryFile(file: string): Promise<boolean> {
    const child = spawn(file, ['spawner'], { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    child.on('error', () => undefined);
    child.unref();
    for (const end of [child.stdin, child.stdout]) {
      end.on('error', () => undefined);
      if (end instanceof Socket) end.unref();
    }
    const lines = new Lines();
    const hello = await new Promise<string | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), HELLO_MS);
      const settle = (line: string | null): void => {
        clearTimeout(timer);
        resolve(line);
      };
      child.once('error', () => settle(null));
      child.once('close', () => settle(null));
      child.stdout.once('data', (data: Buffer) => settle(lines.take(data)[0] ?? null));
    });
    const [, protocol, hash] = /^runner (\d+) (\w+)$/.exec(hello ?? '') ?? [];
    if (protocol !== PROTOCOL || (this.#sourceHash !== null && hash !== this.#sourceHash) || this.#closed) {
      child.stdin.end();
      child.stdout.destroy();
      return false;
    }
    this.#child = child;
    child.stdout.on('data', (data: Buffer) => {
      for (const line of lines.take(data)) this.#answered(line);
    });
    child.once('close', () => this.#died(child));
    return true;
  }

  #answered(line: string): void {
    const [word = '', ...rest] = line.split(' ');
    const [first = 0, second = 0] = rest.map(Number);
    if (word === 'gone') {
      this.#gone.get(first)?.();
      this.#gone.delete(first);
      return;
    }
    const waiting = this.#waiting.get(first);
    if (waiting === undefined) return;
    if (word === 'failed') return this.#fail(first, waiting, `The script could not be started: ${reasonOf(second)}`);
    this.#waiting.delete(first);
    const gone = new Promise<void>((resolve) => this.#gone.set(second, resolve));
    waiting.carrier.resolve({ pid: second, gone });
  }

  #died(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#gone.clear();
    this.#ready = this.#start();
    void this.#ready.then(() => {
      for (const [number, waiting] of [...this.#waiting]) {
        if (waiting.again) this.#fail(number, waiting, 'The script could not be started: what starts scripts was killed.');
        else {
          waiting.again = true;
          this.#send(number, waiting);
        }
      }
    });
  }
}

/** Whole lines of what comes in pieces. */
class Lines {
  #rest = '';

  take(data: Buffer): string[] {
    const lines = (this.#rest + data.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}

function reasonOf(errno: number): string {
  if (errno === constants.errno.EAGAIN) return 'this host has no room for another process now. Try again later.';
  if (errno === constants.errno.EMFILE || errno === constants.errno.ENFILE) return 'this host has too many files open. Try again later.';
  if (errno === constants.errno.ENOSPC) return 'the disk is full.';
  if (errno === constants.errno.ENOMEM) return 'this host has no memory for it now. Try again later.';
  return `the system says error ${errno}.`;
}
