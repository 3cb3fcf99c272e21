import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { ToruError, unreachable } from '../../shared/errors.ts';
import { LineSplitter } from '../../shared/line-splitter.ts';
import type { FromHost, HeldTerminal, HostRecord, OpenOrder, Signals, ToHost } from './host/host-protocol.ts';
import { encodeLine, fromHost, MAX_LINE } from './host/host-protocol.ts';

/** A host says who it is at once; on a busy machine it gets this. */
const HELLO_MS = 10_000;

/** What a host tells of its terminals. */
export interface HostEvents {
  grew(id: string, end: number): void;
  signalled(id: string, signals: Signals): void;
  exited(id: string, exit: { code: number | null; signal: string | null; end: number }): void;
  /** The connection is gone: the host ended, or another agent took over. */
  lost(link: HostLink): void;
}

type Order<T> = T extends unknown ? Omit<T, 'seq'> : never;
type Asked = Order<Extract<ToHost, { seq: number }>>;

/** The agent's connection to one pty host. */
export class HostLink {
  readonly name: string;
  readonly record: HostRecord;
  /** The terminals that it had when we connected. */
  readonly terminals: readonly HeldTerminal[];
  readonly #socket: Socket;
  readonly #waiting = new Map<number, PromiseWithResolvers<HeldTerminal | null>>();
  #seq = 0;
  #closed = false;

  private constructor(name: string, record: HostRecord, socket: Socket, terminals: readonly HeldTerminal[]) {
    this.name = name;
    this.record = record;
    this.#socket = socket;
    this.terminals = terminals;
  }

  /** @throws when nobody answers at the socket. */
  static async open(name: string, path: string, record: HostRecord, on: HostEvents): Promise<HostLink> {
    const socket = connect(path);
    await once(socket, 'connect', { signal: AbortSignal.timeout(HELLO_MS) });
    socket.unref();
    let link: HostLink | null = null;
    const hello = Promise.withResolvers<HostLink>();
    const lines = new LineSplitter(MAX_LINE, (line, cut) => {
      const message = cut ? null : parse(Buffer.from(line).toString());
      if (message === null) return;
      if (message.type === 'hello') {
        link = new HostLink(name, record, socket, message.terminals);
        hello.resolve(link);
      } else if (link !== null) link.#take(message, on);
    });
    socket.on('data', (bytes: Buffer) => lines.push(bytes));
    socket.on('error', () => undefined);
    const timer = setTimeout(() => socket.destroy(), HELLO_MS);
    socket.on('close', () => {
      hello.reject(new Error('the pty host does not answer'));
      if (link === null) return;
      if (link.#lost()) on.lost(link);
    });
    try {
      return await hello.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns the terminal that runs now. @throws ToruError spawn_failed; Error when the host ended before it answered. */
  async open(order: Omit<OpenOrder, 'seq' | 'type'>): Promise<HeldTerminal> {
    const held = await this.#ask({ type: 'open', ...order });
    if (held === null) throw new Error('a pty host answered without the terminal');
    return held;
  }

  /** @throws ToruError input_not_accepted when too much waits, not_running. */
  async input(id: string, data: string): Promise<void> {
    await this.#ask({ type: 'input', id, data });
  }

  /** @returns the size that it has now. @throws ToruError not_running */
  async resize(id: string, cols: number, rows: number): Promise<void> {
    await this.#ask({ type: 'resize', id, cols, rows });
  }

  /** The program waits while its terminal is paused. */
  flow(id: string, paused: boolean): void {
    if (!this.#closed) this.#socket.write(encodeLine({ type: 'flow', id, paused }));
  }

  /** The host and its terminals go on. */
  close(): void {
    this.#lost();
    this.#socket.destroy();
  }

  #ask(message: Asked): Promise<HeldTerminal | null> {
    if (this.#closed) return Promise.reject(gone());
    this.#seq += 1;
    const answer = Promise.withResolvers<HeldTerminal | null>();
    this.#waiting.set(this.#seq, answer);
    this.#socket.write(encodeLine({ ...message, seq: this.#seq }));
    return answer.promise;
  }

  #take(message: Exclude<FromHost, { type: 'hello' }>, on: HostEvents): void {
    switch (message.type) {
      case 'done':
        this.#answer(message.seq)?.resolve(message.held);
        return;
      case 'refused':
        this.#answer(message.seq)?.reject(refusal(message));
        return;
      case 'grew':
        return on.grew(message.id, message.end);
      case 'signals':
        return on.signalled(message.id, message.signals);
      case 'exited':
        return on.exited(message.id, message);
      default:
        return unreachable(message);
    }
  }

  #answer(seq: number): PromiseWithResolvers<HeldTerminal | null> | undefined {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    return waiting;
  }

  /** @returns false when it was closed before. */
  #lost(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(gone());
    this.#waiting.clear();
    return true;
  }
}

function gone(): ToruError {
  return new ToruError('busy', 'The terminal can’t be reached at the moment. Nothing was done: try again.');
}

function refusal({ code, message }: Extract<FromHost, { type: 'refused' }>): ToruError {
  switch (code) {
    case 'unknown':
      return new ToruError('not_running', 'This terminal has ended.');
    case 'full':
      return new ToruError(
        'input_not_accepted',
        'The program in this terminal reads nothing, and 256 KiB wait already. This was not typed.',
        {
          extra: { retry: true },
        },
      );
    case 'failed':
      return new ToruError('spawn_failed', `The terminal could not be opened: ${message}`);
    default:
      return unreachable(code);
  }
}

function parse(line: string): FromHost | null {
  try {
    return fromHost.parse(JSON.parse(line));
  } catch {
    // Of a newer host, which says more.
    return null;
  }
}
