import { WebSocket } from 'ws';
import * as z from 'zod';
import type { ClientFrameInput, ServerFrame } from '../../shared/browser-protocol.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';

/** What one viewer got of one run. */
export class Watched {
  readonly taskId: string;
  readonly text = { stdout: '', stderr: '' };
  /** Everything before it has arrived. */
  cursor = 0;
  /** Bytes that came twice, and bytes that never came though later ones did. */
  repeated = 0;
  lost = 0;
  gaps = 0;
  /** How it ended, in the words of the frame: `exit`, `cancelled`, `interrupted` … */
  ended: string | null = null;
  code: number | null = null;
  attaches = 0;
  /** Of the run's window: a quarter is acknowledged at a time. */
  window = 64 * 1024;
  acked = 0;

  constructor(taskId: string) {
    this.taskId = taskId;
  }
}

const RETRY_MS = 100;
const anyFrame = z.custom<ServerFrame>((value) => typeof value === 'object' && value !== null && 'type' in value);

/**
 * Watches runs as the page does: comes back after every break, attaches again where it was. Unlike the page it forgives
 * nothing: a byte too many or too few is counted.
 */
export class Viewer {
  readonly #client: Client;
  readonly #runs = new Map<string, Watched>();
  #socket: WebSocket | null = null;
  #closed = false;
  /** The agent has said hello on this socket since the last break. */
  ready = false;
  /** How often an agent has said hello: once for each link, however quickly the one followed the other. */
  hellos = 0;
  /** How often the socket itself had to be opened. */
  sockets = 0;
  /** What the edge says of the host. */
  online: boolean | null = null;
  /** Errors that name no run. */
  readonly errors: string[] = [];

  constructor(client: Client) {
    this.#client = client;
    this.#open();
  }

  /** From the first byte on. */
  watch(taskId: string): Watched {
    const run = new Watched(taskId);
    this.#runs.set(taskId, run);
    if (this.ready) this.send({ type: 'attach', task_id: taskId, from: 0 });
    return run;
  }

  /** Its end has been seen: nobody asks for it any more. */
  forget(taskId: string): void {
    this.#runs.delete(taskId);
  }

  send(frame: ClientFrameInput): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  /** Breaks the connection as a phone that lost its network does. It comes back by itself. */
  drop(): void {
    this.#socket?.terminate();
  }

  async allEnded(limitMs = 30_000): Promise<void> {
    const open = (): Watched[] => [...this.#runs.values()].filter((run) => run.ended === null);
    await eventually('no run is open', open, { holds: ({ length }) => length === 0, limitMs });
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  #open(): void {
    if (this.#closed) return;
    this.sockets += 1;
    const socket = new WebSocket(`${this.#client.origin.replace('http', 'ws')}/api/ws`, {
      headers: { origin: this.#client.origin, cookie: this.#client.cookieHeader() },
    });
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ready = false;
      setTimeout(() => this.#open(), RETRY_MS);
    });
    socket.on('message', (data) => this.#take(anyFrame.parse(JSON.parse(String(data)))));
  }

  #take(frame: ServerFrame): void {
    if (frame.type === 'host') {
      this.online = frame.online;
      if (!frame.online) this.ready = false;
      return;
    }
    if (frame.type === 'hello') {
      this.hellos += 1;
      this.ready = true;
      for (const run of this.#runs.values()) {
        if (run.ended === null) this.send({ type: 'attach', task_id: run.taskId, from: run.cursor });
      }
      return;
    }
    if (frame.type === 'window') {
      for (const run of this.#runs.values()) run.window = frame.window;
      return;
    }
    const run = 'task_id' in frame && frame.task_id !== undefined ? this.#runs.get(frame.task_id) : undefined;
    if (run !== undefined) this.#takeOf(run, frame);
    else if (frame.type === 'error') this.errors.push(`${frame.code}: ${frame.data}`);
  }

  #takeOf(run: Watched, frame: ServerFrame): void {
    switch (frame.type) {
      case 'attached':
        run.attaches += 1;
        run.window = frame.window;
        run.acked = frame.cursor;
        return;
      case 'stdout':
      case 'stderr': {
        const from = frame.cursor - Buffer.byteLength(frame.data);
        if (from > run.cursor) run.lost += from - run.cursor;
        if (from < run.cursor) run.repeated += run.cursor - from;
        run.text[frame.type] += frame.data;
        run.cursor = frame.cursor;
        if (run.cursor - run.acked >= run.window / 4) {
          run.acked = run.cursor;
          this.send({ type: 'ack', task_id: run.taskId, cursor: run.cursor });
        }
        return;
      }
      case 'gap':
        run.gaps += 1;
        run.cursor = frame.to;
        return;
      case 'exit':
        run.ended ??= 'exit';
        run.code = frame.code;
        return;
      case 'cancelled':
        run.ended = 'cancelled';
        return;
      case 'error':
        if (frame.code === 'interrupted' || frame.code === 'timed_out' || frame.code === 'run_refused') run.ended = frame.code;
        else this.errors.push(`${frame.code}: ${frame.data}`);
        return;
      default:
        return;
    }
  }
}
