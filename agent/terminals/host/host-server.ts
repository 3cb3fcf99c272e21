import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { unreachable } from '../../../shared/errors.ts';
import { LineSplitter } from '../../../shared/line-splitter.ts';
import { VERSION } from '../../../shared/version.ts';
import { bootId, identify } from '../../process/process-identity.ts';
import { HeldTerminalProcess } from './held-terminal.ts';
import type { FromHost, HostRecord, OpenOrder, ToHost } from './host-protocol.ts';
import { encodeLine, HOST_PROTOCOL, MAX_LINE, toHost } from './host-protocol.ts';

/** A host without terminals ends after so long: nobody needs it, or the agent that started it was killed. */
const IDLE_MS = 10_000;
/** The agent reads nothing: of growth it is told when it does again. */
const MOST_UNSENT = 256 * 1024;

/** All terminals of one version of Toru, in a process of their own. */
export class HostServer {
  readonly #folder: string;
  readonly #name: string;
  readonly #terminals = new Map<string, HeldTerminalProcess>();
  readonly #server: Server;
  /** Terminals that grew while the agent read nothing. */
  readonly #untold = new Set<string>();
  #agent: Socket | null = null;
  #idle: NodeJS.Timeout | null = null;

  /** @param folder of the sockets, 0700. @param name of this host's, in it. */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#server = createServer((socket) => this.#connected(socket));
  }

  start(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const boot = bootId();
    const own = identify(process.pid, boot);
    if (own === null) throw new Error('this process is not found');
    const record: HostRecord = { ...own, protocol: HOST_PROTOCOL, version: VERSION };
    const file = join(this.#folder, `${this.#name}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    const path = join(this.#folder, this.#name);
    rmSync(path, { force: true });
    const mask = process.umask(0o177);
    this.#server.on('error', () => this.#end());
    this.#server.listen(path, () => chmodSync(path, 0o600));
    process.umask(mask);
    this.#rest();
  }

  /** The newest connection is the agent: one that was killed may still be open here. */
  #connected(socket: Socket): void {
    this.#agent?.destroy();
    this.#agent = socket;
    const lines = new LineSplitter(MAX_LINE, (line, cut) => {
      if (!cut) this.#take(Buffer.from(line).toString());
    });
    socket.on('data', (bytes: Buffer) => lines.push(bytes));
    socket.on('error', () => undefined);
    socket.on('drain', () => this.#catchUp());
    socket.on('close', () => {
      if (this.#agent === socket) this.#agent = null;
    });
    const terminals = [...this.#terminals.values()].map(({ state }) => state);
    this.#send({ type: 'hello', protocol: HOST_PROTOCOL, version: VERSION, terminals });
  }

  #take(line: string): void {
    const message = parse(line);
    // Of a newer agent: it knows by our protocol that we don't understand it.
    if (message === null) return;
    switch (message.type) {
      case 'open':
        return this.#open(message);
      case 'input': {
        const terminal = this.#terminals.get(message.id);
        if (terminal === undefined) return this.#refuse(message.seq, 'unknown', 'It has ended.');
        if (!terminal.input(message.data)) return this.#refuse(message.seq, 'full', 'Too much waits to be read.');
        return this.#send({ type: 'done', seq: message.seq, held: null });
      }
      case 'resize': {
        const terminal = this.#terminals.get(message.id);
        if (terminal === undefined) return this.#refuse(message.seq, 'unknown', 'It has ended.');
        terminal.resize(message.cols, message.rows);
        return this.#send({ type: 'done', seq: message.seq, held: terminal.state });
      }
      case 'flow':
        return this.#terminals.get(message.id)?.pause(message.paused);
      default:
        return unreachable(message);
    }
  }

  #open(order: OpenOrder): void {
    try {
      const terminal = new HeldTerminalProcess(order, pty.spawn, {
        grew: (end) => this.#grew(order.id, end),
        signalled: (signals) => this.#send({ type: 'signals', id: order.id, signals }),
        exited: ({ code, signal, end }) => {
          this.#terminals.delete(order.id);
          this.#untold.delete(order.id);
          this.#send({ type: 'exited', id: order.id, code, signal, end });
          this.#rest();
        },
      });
      this.#terminals.set(order.id, terminal);
      if (this.#idle !== null) clearTimeout(this.#idle);
      this.#idle = null;
      this.#send({ type: 'done', seq: order.seq, held: terminal.state });
    } catch (error) {
      this.#refuse(order.seq, 'failed', error instanceof Error ? error.message : String(error));
    }
  }

  #grew(id: string, end: number): void {
    if ((this.#agent?.writableLength ?? 0) > MOST_UNSENT) this.#untold.add(id);
    else this.#send({ type: 'grew', id, end });
  }

  #catchUp(): void {
    for (const id of this.#untold) {
      const state = this.#terminals.get(id)?.state;
      if (state !== undefined) this.#send({ type: 'grew', id, end: state.end });
    }
    this.#untold.clear();
  }

  #refuse(seq: number, code: 'unknown' | 'full' | 'failed', message: string): void {
    this.#send({ type: 'refused', seq, code, message });
  }

  #send(message: FromHost): void {
    this.#agent?.write(encodeLine(message));
  }

  #rest(): void {
    if (this.#terminals.size > 0) return;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), IDLE_MS);
  }

  #end(): void {
    for (const name of [this.#name, `${this.#name}.json`]) rmSync(join(this.#folder, name), { force: true });
    // What the agent was just told is on its way.
    this.#agent?.end();
    this.#server.close();
    process.exit(0);
  }
}

function parse(line: string): ToHost | null {
  try {
    return toHost.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
