import { WebSocket } from 'ws';
import type { TerminalFrameInput, TerminalServerFrame } from '../../shared/terminals.ts';
import type { Client } from '../harness/client.ts';

const RETRY_MS = 100;
const ACK_BYTES = 4 * 1024;

/** What one viewer got of one terminal. The test's programs print ASCII: a character is a byte. */
export class WatchedTerminal {
  text = '';
  cursor = 0;
  acked = 0;
  /** Bytes that came twice, and bytes that never came though later ones did. */
  repeated = 0;
  lost = 0;
  gaps = 0;
  ended: Extract<TerminalServerFrame, { type: 'exit' }> | null = null;
  readonly errors: string[] = [];
}

/** Looks at terminals as the page does, from their first byte on: comes back after every break, and forgives nothing. */
export class TerminalViewer {
  readonly #client: Client;
  readonly #terminals = new Map<string, WatchedTerminal>();
  readonly #heard: (frame: TerminalServerFrame) => void;
  #socket: WebSocket | null = null;
  #closed = false;

  /** @param heard gets every frame, before it counts. */
  constructor(client: Client, heard: (frame: TerminalServerFrame) => void = () => undefined) {
    this.#client = client;
    this.#heard = heard;
    this.#open();
  }

  watch(id: string): WatchedTerminal {
    const watched = new WatchedTerminal();
    this.#terminals.set(id, watched);
    this.send({ type: 'attach', terminal_id: id, from: 0 });
    return watched;
  }

  send(frame: TerminalFrameInput): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  #open(): void {
    if (this.#closed) return;
    const headers = { origin: this.#client.origin, cookie: this.#client.cookieHeader() };
    const socket = new WebSocket(`${this.#client.origin.replace('http', 'ws')}/api/ws`, { headers });
    this.#socket = socket;
    socket.on('message', (data) => this.#take(JSON.parse(String(data))));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!this.#closed) setTimeout(() => this.#open(), RETRY_MS);
    });
  }

  #take(frame: TerminalServerFrame | { type: 'hello' }): void {
    if (frame.type === 'hello') {
      for (const [id, { ended, cursor }] of this.#terminals)
        if (ended === null) this.send({ type: 'attach', terminal_id: id, from: cursor });
      return;
    }
    const watched = 'terminal_id' in frame ? this.#terminals.get(frame.terminal_id) : undefined;
    if (watched === undefined || !('terminal_id' in frame)) return;
    this.#heard(frame);
    switch (frame.type) {
      case 'output': {
        const from = frame.cursor - frame.data.length;
        watched.repeated += Math.max(0, watched.cursor - from);
        watched.lost += Math.max(0, from - watched.cursor);
        watched.text += frame.data;
        watched.cursor = frame.cursor;
        if (frame.cursor - watched.acked < ACK_BYTES) return;
        watched.acked = frame.cursor;
        return this.send({ type: 'ack', terminal_id: frame.terminal_id, cursor: frame.cursor });
      }
      case 'gap':
        watched.gaps += 1;
        return;
      case 'exit':
        watched.ended = frame;
        return;
      case 'error':
        watched.errors.push(`${frame.code}: ${frame.data}`);
        return;
      default:
        return;
    }
  }
}
