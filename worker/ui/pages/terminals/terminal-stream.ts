import { Answering } from '../../../../shared/terminal/answering.ts';
import type { Terminal, TerminalServerFrame } from '../../../../shared/terminals.ts';
import { hostNow } from '../../clock.ts';
import { connection } from '../../connection/page-connection.ts';
import { linesAbove } from './calls.ts';
import type { ScreenEvents, ScreenSource, ScreenStream, Size } from './screen-source.ts';
import { INPUT_MS } from './screen-source.ts';
import { hearTerminals, sendTerminal } from './terminal-frames.ts';

/** A quarter of the smallest window: a viewer that acknowledges so often never waits for itself. */
const ACK_BYTES = 4 * 1024;

/** @param changed hears what the terminal is, whenever it is attached. */
export function terminalSource(id: string, changed: (terminal: Terminal) => void): ScreenSource {
  return {
    id,
    isTerminal: true,
    above: (place, signal) => linesAbove(id, place, signal),
    open: (on) => new TerminalStream(id, on, changed),
  };
}

/** One terminal that this page looks at: where its output was read up to, so that a reconnect goes on there. */
class TerminalStream implements ScreenStream {
  readonly #id: string;
  readonly #on: ScreenEvents;
  readonly #changed: (terminal: Terminal) => void;
  readonly #stop: () => void;
  /** Of the queries of its program, the emulator gets those that this page answers. */
  readonly #answering = new Answering();
  /** Null until the first `attached`. */
  #cursor: number | null = null;
  #acked = 0;
  #live = false;
  #ended = false;

  constructor(id: string, on: ScreenEvents, changed: (terminal: Terminal) => void) {
    this.#id = id;
    this.#on = on;
    this.#changed = changed;
    this.#stop = hearTerminals(
      (frame) => this.#take(frame),
      () => this.#attach(),
    );
    if (connection.toldOf('terminals')) this.#attach();
  }

  type(data: string, answer: boolean): boolean {
    const not_after = new Date(hostNow() + INPUT_MS).toISOString();
    return sendTerminal({ type: 'input', terminal_id: this.#id, data, answer, not_after });
  }

  resize({ cols, rows }: Size): void {
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
      case 'attached': {
        const { terminal } = frame;
        this.#cursor = frame.cursor;
        this.#acked = frame.cursor;
        this.#answering.attached();
        const types = terminal.right !== 'look' && terminal.state !== 'ended';
        this.#changed(terminal);
        this.#on.attached({ types, size: terminal });
        if (types && terminal.viewers <= 1) this.#on.free('any');
        return;
      }
      case 'screen':
        this.#live = true;
        this.#on.screen(this.#answering.screen(frame.data), frame, frame.cursor);
        return;
      case 'output': {
        // One that came before, in the stream that was attached twice.
        if (this.#cursor === null || frame.cursor <= this.#cursor) return;
        this.#cursor = frame.cursor;
        const taken = (): void => this.#ack(frame.cursor);
        this.#on.output(this.#answering.output(frame.data, frame.cursor), { taken, live: this.#live, cursor: frame.cursor });
        this.#live = true;
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
        this.#on.resized(frame);
        return;
      case 'exit':
        this.#ended = true;
        this.#on.ended();
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
