import { ToruError, unreachable } from '../../shared/errors.ts';
import { refuseLate } from '../../shared/in-time.ts';
import { TERMINAL_WINDOW } from '../../shared/terminal-limits.ts';
import type { TerminalFrame, TerminalServerFrame } from '../../shared/terminals.ts';
import { terminalFrame } from '../../shared/terminals.ts';
import type { StreamSource, Streams } from '../logs/streams.ts';
import type { Attachment, ViewerPort } from '../logs/viewers.ts';
import type { Caller } from '../users/caller.ts';
import type { TerminalViewer } from './live-terminal.ts';
import type { Screens } from './screens.ts';
import { encodeFrame, terminalWords } from './terminal-words.ts';
import type { Terminals } from './terminals.ts';

export interface TerminalSocketOptions {
  terminals: Pick<Terminals, 'get' | 'view' | 'log' | 'endFrames' | 'input' | 'resize'>;
  screens: Pick<Screens, 'screen' | 'recent'>;
  streams: Streams;
}

interface View {
  attachment: Attachment | null;
  viewer: TerminalViewer;
  acked(): void;
  /** It is ready, or typed. */
  changed(): void;
  leave(): void;
}

/** The terminals that one browser's connection looks at, and what it types into them. */
export class TerminalSocket {
  readonly #o: TerminalSocketOptions;
  readonly #port: ViewerPort;
  readonly #full: () => boolean;
  readonly #source: StreamSource;
  readonly #views = new Map<string, View>();
  #closed = false;

  /** @param full can the connection follow nothing more? */
  constructor(options: TerminalSocketOptions, port: ViewerPort, full: () => boolean) {
    this.#o = options;
    this.#port = port;
    this.#full = full;
    const { terminals } = options;
    this.#source = {
      log: (id) => terminals.log(id),
      endFrames: (id) => terminals.endFrames(id),
      words: terminalWords,
      window: TERMINAL_WINDOW,
    };
  }

  get size(): number {
    return this.#views.size;
  }

  /** @throws ToruError bad_frame, unknown_type */
  static read(message: unknown): TerminalFrame {
    const parsed = terminalFrame.safeParse(message);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    if (issue?.code === 'invalid_union' && issue.path.join('.') === 'type')
      throw new ToruError('unknown_type', 'A frame needs a “type” that this host knows.');
    throw new ToruError('bad_frame', `“${issue?.path.join('.') ?? ''}”: ${issue?.message ?? 'not as expected'}`);
  }

  async receive(caller: Caller, frame: TerminalFrame): Promise<void> {
    const { terminals } = this.#o;
    const id = frame.terminal_id;
    switch (frame.type) {
      case 'attach':
        return this.#attach(caller, id, frame.from);
      case 'detach':
        this.#drop(id);
        return this.#send({ type: 'detached', terminal_id: id });
      case 'ack': {
        const view = this.#views.get(id);
        if (view === undefined) return;
        view.attachment?.ack(frame.cursor);
        view.viewer.acked = Math.max(view.viewer.acked, frame.cursor);
        view.viewer.ackedAt = performance.now();
        return view.acked();
      }
      case 'input':
        refuseLate(frame.not_after, Date.now());
        if (this.#views.has(id)) this.#o.streams.typed(id);
        return terminals.input(caller, id, frame.data, { answer: frame.answer, typed: () => this.#typed(id) });
      case 'resize':
        return terminals.resize(caller, id, frame.cols, frame.rows);
      default:
        return unreachable(frame);
    }
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#views.keys()]) this.#drop(id);
  }

  /** Attaching again moves the cursor. */
  async #attach(caller: Caller, id: string, from: number | 'tail' | 'screen'): Promise<void> {
    this.#drop(id);
    if (this.#full()) throw new ToruError('too_many_requests', 'One connection can’t follow more. Detach from something first.');
    const viewer: TerminalViewer = {
      user_id: caller.user_id,
      acked: 0,
      types: false,
      ready: false,
      typedAt: 0,
      ackedAt: performance.now(),
      window: () => Math.min(TERMINAL_WINDOW, this.#o.streams.windowOf(this.#port)),
      resized: (cols, rows) => this.#send({ type: 'size', terminal_id: id, cols, rows }),
      answers: (yes, from) => this.#send({ type: 'answers', terminal_id: id, answers: yes, from }),
      leave: () => {
        this.#drop(id);
        this.#send({ type: 'detached', terminal_id: id });
      },
    };
    // Until its place is known it is behind by nothing.
    viewer.acked = Number.MAX_SAFE_INTEGER;
    const { terminal, acked, changed, leave } = this.#o.terminals.view(caller, id, viewer);
    const view: View = { attachment: null, viewer, acked, changed, leave };
    this.#views.set(id, view);
    const screen = from === 'screen' ? await this.#o.screens.screen(id).catch(() => null) : null;
    // Detached, or attached again, while the screen was drawn.
    if (this.#views.get(id) !== view) return;
    const log = this.#o.terminals.log(id);
    const start = from === 'screen' ? (screen?.cursor ?? this.#o.screens.recent(log)) : from;
    let ended = false;
    const attachment = this.#o.streams.attach(
      id,
      this.#port,
      start,
      {
        start: (cursor, window) => {
          viewer.acked = cursor;
          viewer.ackedAt = performance.now();
          this.#send({ type: 'attached', terminal_id: id, cursor, window, terminal });
          if (screen !== null) this.#send({ type: 'screen', terminal_id: id, ...screen });
          viewer.ready = true;
          changed();
        },
        ended: () => {
          ended = true;
          if (this.#views.get(id) === view) this.#views.delete(id);
          leave();
        },
      },
      this.#source,
    );
    if (ended) return;
    view.attachment = attachment;
    acked();
  }

  #typed(id: string): void {
    const view = this.#views.get(id);
    if (view === undefined) return;
    view.viewer.typedAt = performance.now();
    view.changed();
  }

  #drop(id: string): void {
    const view = this.#views.get(id);
    if (view === undefined) return;
    this.#views.delete(id);
    view.attachment?.detach();
    view.leave();
  }

  #send(frame: TerminalServerFrame): void {
    if (!this.#closed) this.#port.send(encodeFrame(frame));
  }
}
