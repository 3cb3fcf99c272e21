import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IPty } from '@lydell/node-pty';
import { TokenBucket } from '../../../shared/token-bucket.ts';
import { bornIn } from '../../process/born-in.ts';
import { bootId, identify, readStat } from '../../process/process-identity.ts';
import { InputQueue } from '../../pty/input-queue.ts';
import { descriptorOf, signalName } from '../../pty/pty.ts';
import type { ExitRecord, HeldTerminal, OpenOrder, Signals } from './host-protocol.ts';
import { LogWriter } from './log-writer.ts';
import { ModeNotes } from './mode-notes.ts';
import { SignalScanner } from './signals.ts';

/** A full disk is tried again after so long; the program waits meanwhile. */
const DISK_AGAIN_MS = 500;
/** How often it is looked whether the program of a paused terminal has ended: its last words are read then. */
const LOOK_MS = 100;
/** Growth is told at once, and in a flood once in so long. */
const TOLD_EVERY_MS = 2;
const TOLD_AT_ONCE = 8;
/** What a program says to its terminal is told once in so long. */
const SIGNALS_EVERY_MS = 100;

type Spawn = (file: string, args: string[], options: object) => IPty;

interface Events {
  grew(end: number): void;
  signalled(signals: Signals): void;
  exited(exit: ExitRecord): void;
}

/** One terminal: its pty, its program, its log. It ends with its program, or with the host. */
export class HeldTerminalProcess {
  readonly id: string;
  readonly #pty: IPty;
  readonly #start: string;
  readonly #folder: string;
  readonly #log: LogWriter;
  readonly #input: InputQueue;
  readonly #on: Events;
  readonly #scanner = new SignalScanner();
  readonly #modes: ModeNotes;
  #signalTimer: NodeJS.Timeout | null = null;
  /** What could not be written yet. */
  #unwritten: Buffer[] = [];
  #lookTimer: NodeJS.Timeout | null = null;
  #toldTimer: NodeJS.Timeout | null = null;
  readonly #tellings = new TokenBucket(TOLD_AT_ONCE, 1000 / TOLD_EVERY_MS, performance.now());
  #paused = false;
  #exit: { code: number | null; signal: string | null } | null = null;

  /** @param spawn of the library. @throws when the program can't be started. */
  constructor(order: OpenOrder, spawn: Spawn, on: Events) {
    const { id, folder, file, args, env, cwd, cols, rows, cgroup } = order;
    this.id = id;
    this.#folder = folder;
    this.#on = on;
    this.#log = new LogWriter(folder);
    this.#modes = new ModeNotes(folder, this.#log.length);
    this.#noteSize(cols, rows);
    // Bytes: a character that two reads share would be broken by their decoding.
    const born = bornIn(cgroup, file, args);
    this.#pty = spawn(born.file, born.args, { name: 'xterm-256color', env, cwd, cols, rows, encoding: null });
    // Whoever ends it in this very moment finds it in there, too.
    if (cgroup !== null) enter(cgroup, this.#pty.pid);
    this.#start = identify(this.#pty.pid, bootId())?.start ?? '';
    this.#input = new InputQueue(descriptorOf(this.#pty));
    this.#pty.onData((data: unknown) => this.#take(Buffer.isBuffer(data) ? data : Buffer.from(String(data))));
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#exit = signal === undefined || signal === 0 ? { code: exitCode, signal: null } : { code: null, signal: signalName(signal) };
      this.#input.close();
      this.#look();
      this.#finish();
    });
  }

  get state(): HeldTerminal {
    const { pid, cols, rows } = this.#pty;
    return { id: this.id, pid, start: this.#start, end: this.#log.end, cols, rows, signals: this.#scanner.signals };
  }

  /** @returns false when too much waits already. */
  input(data: string): boolean {
    // What it brings is told at once.
    this.#tellings.giveBack();
    return this.#input.push(Buffer.from(data));
  }

  resize(cols: number, rows: number): void {
    if (this.#exit !== null || (cols === this.#pty.cols && rows === this.#pty.rows)) return;
    this.#pty.resize(cols, rows);
    this.#noteSize(cols, rows);
  }

  pause(paused: boolean): void {
    if (this.#exit !== null) return;
    this.#paused = paused;
    this.#flow();
    this.#look();
  }

  #flow(): void {
    if (this.#paused || this.#unwritten.length > 0) this.#pty.pause();
    else this.#pty.resume();
  }

  /** The library throws away what is unread 200 ms after the program's end: a paused pty is read to its end. */
  #look(): void {
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    this.#lookTimer = null;
    if (!this.#paused || this.#exit !== null) return;
    if (process.platform === 'linux' && readStat(this.#pty.pid) === null) {
      this.#paused = false;
      return this.#flow();
    }
    this.#lookTimer = setTimeout(() => this.#look(), LOOK_MS);
  }

  #take(bytes: Buffer): void {
    if (this.#scanner.scan(bytes)) this.#signal();
    if (this.#unwritten.length > 0) {
      this.#unwritten.push(bytes);
      return;
    }
    const written = this.#log.append(bytes);
    if (written < bytes.length) {
      this.#unwritten.push(bytes.subarray(written));
      this.#flow();
      setTimeout(() => this.#writeAgain(), DISK_AGAIN_MS);
    } else this.#modes.grew(this.#log.length, () => (this.#scanner.isAtRest ? this.#scanner.modes.sequence : null));
    this.#tell();
  }

  #writeAgain(): void {
    for (let first = this.#unwritten[0]; first !== undefined; first = this.#unwritten[0]) {
      const written = this.#log.append(first);
      if (written < first.length) {
        this.#unwritten[0] = first.subarray(written);
        setTimeout(() => this.#writeAgain(), DISK_AGAIN_MS);
        return;
      }
      this.#unwritten.shift();
    }
    this.#tell();
    if (this.#exit === null) this.#flow();
    else this.#finish();
  }

  #tell(): void {
    if (this.#toldTimer !== null) return;
    const wait = this.#tellings.wait(performance.now());
    const tell = (): void => {
      this.#toldTimer = null;
      this.#tellings.take(performance.now());
      this.#on.grew(this.#log.end);
    };
    if (wait <= 0) tell();
    else this.#toldTimer = setTimeout(tell, wait);
  }

  #signal(): void {
    this.#signalTimer ??= setTimeout(() => {
      this.#signalTimer = null;
      this.#on.signalled(this.#scanner.signals);
    }, SIGNALS_EVERY_MS);
  }

  /** Its program ended; what it printed is on the disk first. */
  #finish(): void {
    if (this.#exit === null || this.#unwritten.length > 0) return;
    if (this.#toldTimer !== null) clearTimeout(this.#toldTimer);
    if (this.#signalTimer !== null) {
      clearTimeout(this.#signalTimer);
      this.#on.signalled(this.#scanner.signals);
    }
    const record: ExitRecord = { ...this.#exit, end: this.#log.length, at: Date.now() };
    this.#log.close();
    writeExit(this.#folder, record);
    this.#on.exited(record);
  }

  /** For whoever draws the screen again: which size applied from which byte on. */
  #noteSize(cols: number, rows: number): void {
    try {
      appendFileSync(join(this.#folder, 'sizes'), `${this.#log.length} ${cols} ${rows}\n`, { mode: 0o600 });
    } catch {
      // On a full disk a screen is drawn in the size before.
    }
  }
}

function writeExit(folder: string, record: ExitRecord): void {
  try {
    const file = join(folder, 'exit');
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // On a full disk the agent hears of it at the socket; if it is away, it knows that the program ended, and not how.
  }
}

function enter(cgroup: string, pid: number): void {
  try {
    writeFileSync(join(cgroup, 'cgroup.procs'), String(pid), { flag: 'r+' });
  } catch {
    // It ended already, or the cgroup is gone: it is found by its session, as where there are none.
  }
}
