import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { Hello, Refused } from '../../../plugin-sdk/src/protocol.ts';
import { PROTOCOL_RANGE } from '../../../plugin-sdk/src/protocol.ts';
import { Connection } from './plugin-connection.ts';
import type { Read } from './plugin-messages.ts';
import { listenAt, removeSocket } from './plugin-socket.ts';

export interface HandshakeListener {
  /** Somebody said hello with the token: from now on this is the plugin, and the socket is gone. */
  accepted(connection: Connection, protocol: number): void;
  /** Somebody else, or something else. `final`: it was the plugin itself, and there is no use in waiting for another try. */
  refused(why: string, code: Refused['code'], final: boolean): void;
}

/** Listens for one plugin: the first connection that knows the token. */
export class Handshake {
  readonly #path: string;
  readonly #token: string;
  readonly #listener: HandshakeListener;
  readonly #strangers = new Set<Connection>();
  #server: Server | null = null;
  #over = false;

  constructor(path: string, token: string, listener: HandshakeListener) {
    this.#path = path;
    this.#token = token;
    this.#listener = listener;
  }

  /** @throws what the system says when there can be no socket there. */
  async open(): Promise<void> {
    this.#server = await listenAt(this.#path, (socket) => this.#meet(socket));
    if (this.#over) this.#shut();
  }

  /** Nobody is let in any more, and nothing stays in the file system. */
  close(): void {
    this.#over = true;
    this.#shut();
    for (const connection of this.#strangers) connection.close(null);
    this.#strangers.clear();
  }

  #meet(socket: Socket): void {
    if (this.#over) return void socket.destroy();
    const connection = new Connection(socket, {
      read: (line) => this.#read(connection, line),
      ended: (why) => {
        this.#strangers.delete(connection);
        if (why !== null) this.#listener.refused(`The connection was ended for ${why}.`, 'bad_message', false);
      },
    });
    this.#strangers.add(connection);
  }

  #read(connection: Connection, line: Exclude<Read, { kind: 'garbage' }>): void {
    const hello = line.kind === 'message' && line.message.type === 'lifecycle' ? line.message.payload : null;
    if (hello?.action !== 'hello') {
      const why = line.kind === 'bad' ? `Its first message can’t be understood: ${line.why}.` : 'Its first message was not hello.';
      return this.#refuse(connection, 'bad_message', why, false);
    }
    if (!sameText(hello.token, this.#token)) {
      return this.#refuse(
        connection,
        'bad_token',
        'The token is not the one of this launch. It stands in the line on standard input.',
        false,
      );
    }
    const protocol = commonVersion(hello);
    if (protocol === null) {
      const { min, max } = PROTOCOL_RANGE;
      const why = `It speaks protocol ${hello.protocol.min} to ${hello.protocol.max}, this Toru ${min} to ${max}. Install versions that fit.`;
      return this.#refuse(connection, 'protocol', why, true);
    }
    this.#strangers.delete(connection);
    for (const other of this.#strangers) this.#refuse(other, 'bad_message', 'Another connection of this plugin was first.', false);
    this.close();
    this.#listener.accepted(connection, protocol);
  }

  #refuse(connection: Connection, code: Refused['code'], message: string, final: boolean): void {
    this.#strangers.delete(connection);
    const payload: Refused = { action: 'refused', code, message };
    connection.closeWith({ type: 'lifecycle', timestamp: new Date().toISOString(), request_id: 'hello', payload });
    this.#listener.refused(message, code, final);
  }

  #shut(): void {
    this.#server?.close();
    removeSocket(this.#path);
  }
}

/** The newest version in both ranges. */
function commonVersion({ protocol }: Hello): number | null {
  const version = Math.min(protocol.max, PROTOCOL_RANGE.max);
  return version >= Math.max(protocol.min, PROTOCOL_RANGE.min) ? version : null;
}

function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
