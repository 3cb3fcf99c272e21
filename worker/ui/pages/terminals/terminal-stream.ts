import { Answering } from '../../../../shared/terminal/answering.ts';
import type { Terminal, TerminalServerFrame } from '../../../../shared/terminals.ts';
import { hostNow } from '../../clock.ts';
import { connection } from '../../connection/page-connection.ts';
import { hearTerminals, sendTerminal } from './terminal-frames.ts';

/** What is typed is of use for so long. */
export const INPUT_MS = 10_000;
/** A quarter of the smallest window: a viewer that acknowledges so often never waits for itself. */
const ACK_BYTES = 4 * 1024;

/** What happens to one terminal that is looked at. */
export interface StreamEvents {
  /** Output follows; after a reconnect it goes on where it was, unless a screen comes first. */
  attached(terminal: Terminal): void;
  /** Draws all of the screen, on an emulator that is reset. */
  screen(frame: Extract<TerminalServerFrame, { type: 'screen' }>): void;
  /** @param taken to be called when the bytes were taken in. */
  output(data: string, taken: () => void): void;
  gap(): void;
  resized(cols: number, rows: number): void;
  ended(frame: Extract<TerminalServerFrame, { type: 'exit' }>): void;
  failed(code: string, message: string): void;
}

/** One terminal that this page looks at: where its output was read up to, so that a reconnect goes on there. */
export class TerminalStream {
  readonly #id: string;
  readonly #on: StreamEvents;
  readonly #stop: () => void;
  /** Of the queries of its program, the emulator gets those that this page answers. */
  readonly #answering = new Answering();
  /** Null until the first `attached`. */
  #cursor: number | null = null;
  #acked = 0;
  #ended = false;

  constructor(id: string, on: StreamEvents) {
    this.#id = id;
    this.#on = on;
    this.#stop = hearTerminals(
      (frame) => this.#take(frame),
      () => this.#attach(),
    );
    if (connection.toldOf('terminals')) this.#attach();
  }

  /** @returns false when there is no connection now: nothing was typed. */
  type(data: string): boolean {
    const not_after = new Date(hostNow() + INPUT_MS).toISOString();
    return sendTerminal({ type: 'input', terminal_id: this.#id, data, not_after });
  }

  resize(cols: number, rows: number): void {
    sendTerminal({ type: 'resize', terminal_id: this.#id, cols, rows });
  }

  close(): void {
    sendTerminal({ type: 'detach', terminal_id: this.#id });
    this.#stop();
  }

  #attach(): void {
    if (!this.#ended) sendTerminal({ type: 'attach', terminal_id: this.#id, from: this.#cursor ?? 'screen' });
  }

  #take(frame: TerminalServerFrame): void {
    if (frame.terminal_id !== this.#id) return;
    switch (frame.type) {
      case 'attached':
        this.#cursor = frame.cursor;
        this.#acked = frame.cursor;
        this.#answering.attached();
        this.#on.attached(frame.terminal);
        return;
      case 'screen':
        this.#on.screen({ ...frame, data: this.#answering.screen(frame.data) });
        return;
      case 'output': {
        // One that came before, in the stream that was attached twice.
        if (this.#cursor === null || frame.cursor <= this.#cursor) return;
        this.#cursor = frame.cursor;
        this.#on.output(this.#answering.output(frame.data, frame.cursor), () => this.#ack(frame.cursor));
        return;
      }
      case 'gap':
        this.#cursor = Math.max(this.#cursor ?? 0, frame.to);
        this.#answering.screen('');
        this.#on.gap();
        return;
      case 'answers':
        this.#answering.changed(frame.from, frame.answers);
        return;
      case 'size':
        this.#on.resized(frame.cols, frame.rows);
        return;
      case 'exit':
        this.#ended = true;
        this.#on.ended(frame);
        return;
      case 'error':
        this.#on.failed(frame.code, frame.data);
        return;
      default:
        // News of the topic, and answers to a detach.
        return;
    }
  }

  #ack(cursor: number): void {
    if (cursor - this.#acked < ACK_BYTES) return;
    this.#acked = cursor;
    sendTerminal({ type: 'ack', terminal_id: this.#id, cursor });
  }
}
