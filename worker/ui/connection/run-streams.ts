import type { ClientFrameInput, Cursor, ServerFrame } from '../../../shared/browser-protocol.ts';
import { unreachable } from '../../../shared/errors.ts';
import { MAX_VIEWER_WINDOW } from '../../../shared/limits.ts';
import type { Run } from '../../../shared/runs.ts';
import { Acks } from './acks.ts';
import { Turns } from './turns.ts';

/** An event for a viewer of a run, in order. */
export type StreamEvent =
  /** Output follows from `cursor` on. After a reconnect this comes again, with the viewer's own cursor. */
  | { kind: 'attached'; cursor: Cursor; run: Run }
  | { kind: 'output'; stream: 'stdout' | 'stderr'; text: string; from: Cursor; to: Cursor }
  | { kind: 'gap'; from: Cursor; to: Cursor }
  /** No more output comes. How it ended in detail: GET /api/runs/:id. */
  | { kind: 'ended' }
  | { kind: 'failed'; code: string; message: string }
  /** Another viewer on this page took the stream over. */
  | { kind: 'replaced' };

interface Viewer {
  listener: (event: StreamEvent) => void;
  /** Resolves when all that the listener got is taken in. */
  taken: () => Promise<void> | null;
  cursor: Cursor;
  acks: Acks;
  /** Answers to `attach` that are still on their way: until the last one, output belongs to an older attach. */
  awaited: number;
  ended: boolean;
}

type Send = (frame: ClientFrameInput) => boolean;

type StreamFrame = Extract<ServerFrame, { type: 'attached' | 'stdout' | 'stderr' | 'gap' | 'exit' | 'cancelled' | 'error' }>;
const OF_STREAM = new Set<string>(['attached', 'stdout', 'stderr', 'gap', 'exit', 'cancelled', 'error']);

/** An error that answers a request is none of a stream. */
function isOfStream(frame: ServerFrame): frame is StreamFrame {
  return OF_STREAM.has(frame.type) && !(frame.type === 'error' && frame.request_id !== undefined);
}

/** The runs that this page is looking at: one viewer each, with its cursor, so that a reconnect goes on where it was. */
export class Streams {
  readonly #viewers = new Map<string, Viewer>();
  readonly #send: Send;
  readonly #turns = new Turns();
  #window = MAX_VIEWER_WINDOW;

  constructor(send: Send) {
    this.#send = send;
  }

  get window(): number {
    return this.#window;
  }

  /** The bytes that each viewer may leave unacknowledged: from `hello`, and from `window` whenever it changes. */
  set window(bytes: number) {
    this.#window = bytes;
    for (const [taskId, viewer] of this.#viewers) {
      viewer.acks.window = bytes;
      // More than the smaller window may be unacknowledged already: then no frame comes any more that could bring the ack.
      if (viewer.awaited === 0 && !viewer.ended) this.#acknowledge(taskId, viewer);
    }
  }

  /** Looks at a run from `from` on. @param taken of a listener that takes in later what it gets: the host waits for it. @returns detach. */
  attach(taskId: string, from: Cursor, listener: Viewer['listener'], taken: Viewer['taken'] = () => null): () => void {
    const old = this.#viewers.get(taskId);
    const viewer: Viewer = {
      listener,
      taken,
      cursor: from,
      acks: new Acks(from, this.#window),
      awaited: (old?.awaited ?? 0) + 1,
      ended: false,
    };
    this.#viewers.set(taskId, viewer);
    if (old !== undefined) {
      this.#send({ type: 'detach', task_id: taskId });
      old.listener({ kind: 'replaced' });
    }
    // With no socket, the reconnect attaches.
    if (!this.#send({ type: 'attach', task_id: taskId, from })) viewer.awaited = 0;
    return () => this.#detach(taskId, viewer);
  }

  /** Takes the stream that `run` opened on this connection by itself, from the first byte on. @returns detach. */
  adopt(taskId: string, listener: Viewer['listener']): () => void {
    const old = this.#viewers.get(taskId);
    const viewer: Viewer = { listener, taken: () => null, cursor: 0, acks: new Acks(0, this.#window), awaited: 0, ended: false };
    this.#viewers.set(taskId, viewer);
    old?.listener({ kind: 'replaced' });
    return () => this.#detach(taskId, viewer);
  }

  /** After a reconnect: every open run again, each from its cursor. */
  resume(): void {
    for (const [taskId, viewer] of this.#viewers) {
      if (viewer.ended) continue;
      viewer.awaited = this.#send({ type: 'attach', task_id: taskId, from: viewer.cursor }) ? 1 : 0;
    }
  }

  /** The socket is gone, and with it every answer that was on its way. */
  lost(): void {
    // It comes again: the next attach begins where the last turn ended.
    this.#turns.clear();
    for (const viewer of this.#viewers.values()) viewer.awaited = 0;
  }

  /** @returns true when the frame was for a viewer here. It is taken in now, or in a turn of its own. */
  take(frame: ServerFrame): boolean {
    if (!('task_id' in frame) || frame.task_id === undefined || !this.#viewers.has(frame.task_id)) return false;
    if (!isOfStream(frame)) return false;
    this.#turns.run(() => this.#handle(frame));
    return true;
  }

  #handle(frame: StreamFrame): void {
    // Who looks may have changed since it came.
    const viewer = this.#viewers.get(frame.task_id ?? '');
    if (viewer === undefined) return;
    if (frame.type === 'attached') {
      viewer.awaited = Math.max(0, viewer.awaited - 1);
      if (viewer.awaited > 0) return;
      viewer.cursor = frame.cursor;
      viewer.acks.reset(frame.cursor, frame.window);
      viewer.listener({ kind: 'attached', cursor: frame.cursor, run: frame.run });
      return;
    }
    if (frame.type === 'error') return this.#failed(viewer, frame);
    if (viewer.awaited > 0) return;
    switch (frame.type) {
      case 'stdout':
      case 'stderr':
        return this.#output(frame, viewer);
      case 'gap':
        viewer.cursor = Math.max(viewer.cursor, frame.to);
        viewer.listener({ kind: 'gap', from: frame.from, to: frame.to });
        return;
      case 'exit':
      case 'cancelled':
        return this.#end(viewer);
      default:
        unreachable(frame);
    }
  }

  #output(frame: { type: 'stdout' | 'stderr'; task_id: string; data: string; cursor: Cursor }, viewer: Viewer): void {
    // A frame that was already taken in: the switch from log to live repeats nothing, but a resent one must not show twice.
    if (frame.cursor <= viewer.cursor) return;
    const from = viewer.cursor;
    viewer.cursor = frame.cursor;
    viewer.listener({ kind: 'output', stream: frame.type, text: frame.data, from, to: frame.cursor });
    const taken = viewer.taken();
    if (taken === null) this.#acknowledge(frame.task_id, viewer);
    else void taken.then(() => this.#acknowledge(frame.task_id, viewer, frame.cursor));
  }

  #acknowledge(taskId: string, viewer: Viewer, taken: Cursor = viewer.cursor): void {
    // Another viewer, or another socket, has come meanwhile.
    if (this.#viewers.get(taskId) !== viewer || taken > viewer.cursor) return;
    const cursor = viewer.acks.taken(taken);
    if (cursor !== null) this.#send({ type: 'ack', task_id: taskId, cursor });
  }

  #failed(viewer: Viewer, frame: Extract<ServerFrame, { type: 'error' }>): void {
    // These three tell how the run ended, not that we did something wrong. After `timed_out` an `exit` follows.
    if (frame.code === 'timed_out') return;
    if (frame.code === 'interrupted' || frame.code === 'run_refused') {
      this.#end(viewer);
      return;
    }
    viewer.awaited = Math.max(0, viewer.awaited - 1);
    if (frame.code === 'unknown_task') viewer.ended = true;
    viewer.listener({ kind: 'failed', code: frame.code, message: frame.data });
  }

  #end(viewer: Viewer): void {
    if (viewer.ended) return;
    viewer.ended = true;
    viewer.listener({ kind: 'ended' });
  }

  #detach(taskId: string, viewer: Viewer): void {
    if (this.#viewers.get(taskId) !== viewer) return;
    this.#viewers.delete(taskId);
    this.#send({ type: 'detach', task_id: taskId });
  }
}
