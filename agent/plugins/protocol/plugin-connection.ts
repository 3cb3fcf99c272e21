import type { Socket } from 'node:net';
import type { ToPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { MAX_MESSAGE_BYTES } from '../../../plugin-sdk/src/protocol.ts';
import type { ToruError } from '../../../shared/errors.ts';
import { LineSplitter } from '../../../shared/line-splitter.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import type { Lane } from '../../loop-turns.ts';
import { turns } from '../../loop-turns.ts';
import type { PluginPeer } from './peer.ts';
import type { Read } from './plugin-messages.ts';
import { readMessage } from './plugin-messages.ts';

/** More than this waiting for a plugin to read it: whoever can wait, waits. */
const HIGH_WATER = 256 * 1024;
/** Nobody waits for small messages. A plugin with so much unread does not read any more. */
const MAX_UNREAD = 32 * 1024 * 1024;

export interface ConnectionListener {
  read(line: Exclude<Read, { kind: 'garbage' }>): void;
  /** Once. @param why what the plugin did wrong; null: the connection just ended. */
  ended(why: string | null): void;
}

/** One connection of a plugin: messages as lines of JSON, both ways. */
export class Connection {
  readonly #socket: Socket;
  #listener: ConnectionListener | null;
  #drained: Promise<void> | null = null;
  /** Its messages take turns with what others send: what they ask for, such as writing to the database, is done in them. */
  readonly #lane: Lane;
  /** The other end is gone; what it said before is still read. */
  #over = false;

  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#lane = turns.lane(null);
    this.#listener = listener;
    const lines = new LineSplitter(MAX_MESSAGE_BYTES, (line, cut) => {
      if (this.#listener === null) return;
      if (cut) return this.close(`a message of more than ${MAX_MESSAGE_BYTES} bytes`);
      this.#take(line);
    });
    socket.on('data', (chunk: Buffer) => {
      lines.push(chunk);
      if (lines.overlong) this.close(`a message of more than ${MAX_MESSAGE_BYTES} bytes`);
    });
    socket.on('error', () => undefined);
    socket.on('end', () => lines.flush());
    socket.on('close', () => {
      this.#over = true;
      if (this.#lane.waiting === 0) this.close(null);
    });
  }

  /** Who hears from now on. */
  set listener(listener: ConnectionListener) {
    if (this.#listener !== null) this.#listener = listener;
  }

  send(message: ToPlugin): void {
    if (this.#listener === null) return;
    this.#socket.write(`${JSON.stringify(message)}\n`);
    if (this.#socket.writableLength > MAX_UNREAD) this.close(`${MAX_UNREAD / 1024 / 1024} MiB of messages that it does not read`);
  }

  get hasRoom(): boolean {
    return this.#socket.writableLength < HIGH_WATER;
  }

  /** Resolves when all that waits was written, or nothing more will be. */
  room(): Promise<void> {
    this.#drained ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        this.#drained = null;
        resolve();
      };
      this.#socket.once('drain', done).once('close', done);
      if (this.#socket.closed) done();
    });
    return this.#drained;
  }

  /** Ends it. @param why what the plugin did wrong, if it did. */
  close(why: string | null): void {
    const listener = this.#listener;
    this.#listener = null;
    this.#lane.clear();
    this.#socket.destroy();
    listener?.ended(why);
  }

  #take(line: Uint8Array): void {
    if (this.#lane.try(() => this.#read(line))) return;
    // Nothing is read while lines wait, and the bytes of this one are good only until we return.
    this.#socket.pause();
    const kept = line.slice();
    this.#lane.do(() => {
      this.#read(kept);
      if (this.#lane.waiting === 0 && this.#listener !== null) this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#over) this.close(null);
    else this.#socket.resume();
  }

  #read(line: Uint8Array): void {
    const read = readMessage(line);
    if (read.kind === 'garbage') this.close(read.why);
    else this.#listener?.read(read);
  }

  /** Ends it after one last message. */
  closeWith(message: ToPlugin): void {
    this.#listener = null;
    this.#socket.end(`${JSON.stringify(message)}\n`);
    // Who does not read it does not keep us.
    this.#socket.setTimeout(1000, () => this.#socket.destroy());
  }
}

/** The peer of one launch. */
export class LivePeer implements PluginPeer {
  readonly manifest: PluginManifest;
  readonly #connection: Connection;
  readonly #gone = new AbortController();

  constructor(manifest: PluginManifest, connection: Connection) {
    this.manifest = manifest;
    this.#connection = connection;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  send(message: ToPlugin): void {
    this.#connection.send(message);
  }

  async room(): Promise<void> {
    this.gone.throwIfAborted();
    if (!this.#connection.hasRoom) await this.#connection.room();
    this.gone.throwIfAborted();
  }

  /** The connection is over. */
  end(why: ToruError): void {
    this.#gone.abort(why);
    this.#connection.close(null);
  }
}
