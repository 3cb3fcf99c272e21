import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a read takes at first, and at most. A browser that only gets small frames shall not cost 64 KiB. */
const SMALL = 4 * 1024;
const LARGE = 128 * 1024;

/**
 * A connection to workerd that, once it is known where to, hands on what it reads from one buffer. Node's streams take
 * new memory for every read, 64 KiB each: in a flood, collecting it was more than half of what the front did.
 *
 * The buffer is read into again when the other side's kernel took all of it. If it did not, reading waits until it has:
 * a slow browser holds one buffer here, and the rest waits in workerd, which is what the agent's credit bounds.
 */
export class PouringSocket {
  readonly socket: Socket;
  #buffer: Buffer = Buffer.allocUnsafeSlow(SMALL);
  #into: Duplex | null = null;
  /** Part of the buffer is not with the kernel yet. */
  #held = false;

  /** @param path a Unix socket. */
  constructor(path: string) {
    this.socket = connect({
      path,
      onread: { buffer: () => this.#buffer, callback: (length) => this.#hand(length) },
    });
  }

  /** From now on, instead of to whoever reads the socket. Each ends with the other. */
  pourInto(into: Duplex): void {
    this.#into = into;
    let ended = false;
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('end', () => {
      ended = true;
      into.end();
    });
    this.socket.on('close', () => {
      if (!ended) into.destroy();
    });
    into.on('close', () => this.socket.destroy());
  }

  /** @returns false to stop reading. */
  #hand(length: number): boolean {
    const bytes = this.#buffer.subarray(0, length);
    const into = this.#into;
    if (into === null) {
      // For Node's own parser, which may keep it.
      this.socket.push(Buffer.from(bytes));
      return true;
    }
    into.write(bytes, this.#written);
    this.#held = into.writableLength > 0;
    if (this.#held) return false;
    if (length === this.#buffer.length && length < LARGE) this.#buffer = Buffer.allocUnsafeSlow(LARGE);
    return true;
  }

  /** Not `drain`: that is only said when more was held than the other side wants to hold. */
  readonly #written = (): void => {
    if (!this.#held || this.#into === null || this.#into.writableLength > 0) return;
    this.#held = false;
    this.socket.resume();
  };
}
