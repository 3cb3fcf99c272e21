import type { Cursor } from '../../shared/browser-protocol.ts';
import { COALESCE_MS, FRAMES_AT_ONCE, MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { AckBarrier } from './ack-barrier.ts';
import type { Chunk } from './chunk.ts';
import { cutChunks } from './chunk.ts';
import { DamagedOutput } from './damaged.ts';
import { FrameTimes } from './frame-times.ts';
import type { RunLog } from './run-log.ts';
import { SpareMemory } from './spare-memory.ts';
import type { StreamWords } from './stream-words.ts';
import type { Acknowledged } from './viewer-line.ts';

/**
 * How a run's output reaches its viewers. Every viewer has a cursor and credit. Viewers at the tail share one published stream: one
 * upload, however many they are. A viewer that is behind (it came late, or stopped acknowledging) is served from the log at its own
 * pace, and joins the others at exactly the byte where they are.
 *
 * No byte is lost or repeated because of three rules: the link keeps the order of frames; joining, leaving and publishing happen in
 * one synchronous step with the position that they name; and credit is checked before publishing, because the edge buffers without
 * bound toward a browser that does not read.
 */

/** The transport of frames. Nothing in this file knows that it is a socket. */
export interface OutputTransport {
  /** Calls back when one frame of output may be sent, of about `size` bytes: on a slow line it is small. */
  turn(callback: (size: number) => void): void;
  /** Sends one frame to every viewer that joined. */
  publish(topic: string, frame: string | Utf8Text): void;
  /** Every viewer that joined leaves: nothing more will be published. */
  clear(topic: string): void;
}

/** The transport to one viewer. */
export interface ViewerPort {
  /** The viewer's line may be slow: bytes under way are bounded by time, too (viewer-line.ts). */
  readonly timed?: true;
  send(frame: string | Utf8Text): void;
  join(topic: string): void;
  leave(topic: string): void;
}

/** A run's log, as far as viewers read it. */
export type LogReader = Pick<RunLog, 'start' | 'end' | 'finished' | 'read' | 'readSync' | 'onGrow'>;

/** A viewer that is closer to the tail than so many frames gets the rest at once, so that a flood can't outrun it. */
const LAST_FRAMES = 4;
/** So many frames are read at a time for a viewer that is behind: a read of the disk for every frame would cost half the speed. */
const FRAMES_AHEAD = 4;
const readMemory = new SpareMemory(FRAMES_AHEAD * MAX_OUTPUT_FRAME);
/** A viewer whose window became smaller gets so many bytes beyond it, once: it acknowledges that frame, and with it all before. */
const REMINDER = 1024;
/** So many acknowledgements are kept: more than a window can hold. */
const KEPT_ACKS = 16;
/** A read must get past any character: the longest one has four bytes. */
const SMALLEST_READ = 16;

interface Viewer {
  readonly port: ViewerPort;
  /** The next byte to send. For a live viewer, the stream's position. */
  cursor: Cursor;
  acked: Cursor;
  window: number;
  live: boolean;
  /** A read or a turn is under way. */
  busy: boolean;
  gone: boolean;
  /** The viewer has got bytes beyond its window. */
  reminded: boolean;
  readonly on: ViewerEvents;
  /** When frames that only this viewer got were sent; null when nobody watches its line. */
  readonly times: FrameTimes | null;
  /** The last acknowledgements. */
  readonly acks: { readonly cursor: Cursor; readonly at: number }[];
}

/** The events of one viewer. */
export interface ViewerEvents {
  /** Once, when the viewer was detached or has got the frames of the run's end. */
  ended(): void;
  /** For the bounds of the viewer's line. */
  line?: { acknowledged(ack: Acknowledged): void; full(): void };
}

/** The handle of a viewer. */
export interface Attachment {
  ack(cursor: Cursor): void;
  setWindow(bytes: number): void;
  detach(): void;
}

/** The output of one run, or of one terminal, toward all of its viewers. */
export class RunStream {
  readonly topic: string;
  readonly #words: StreamWords;
  readonly #log: LogReader;
  readonly #transport: OutputTransport;
  readonly #end: () => string[] | null;
  readonly #emptied: () => void;
  readonly #viewers = new Set<Viewer>();
  readonly #stopListening: () => void;
  readonly #ackBarrier = new AckBarrier<Viewer>(() => this.#publishSoon());
  /** How far the shared stream was published; valid only while a viewer is live. */
  #position: Cursor = 0;
  /** When frames of the shared stream were sent. */
  readonly #times = new FrameTimes();
  #live = 0;
  /** The size of a frame, as the last turn gave it. */
  #size = MAX_OUTPUT_FRAME;
  #publishing = false;
  /** The frames that may go before they are full. */
  readonly #early = new TokenBucket(FRAMES_AT_ONCE, 1000 / COALESCE_MS, performance.now());
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param end the frames that tell a viewer how the run ended; null while that is not known.
   * @param emptied called when the last viewer left.
   */
  constructor(words: StreamWords, log: LogReader, transport: OutputTransport, end: () => string[] | null, emptied: () => void) {
    this.topic = words.topic;
    this.#words = words;
    this.#log = log;
    this.#transport = transport;
    this.#end = end;
    this.#emptied = emptied;
    this.#stopListening = log.onGrow(() => this.poke());
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Adds a viewer that has everything before `from`. Output that retention removed is announced by a gap, never skipped. */
  attach(port: ViewerPort, from: Cursor, window: number, on: ViewerEvents): Attachment {
    const cursor = Math.min(Math.max(from, this.#log.start), this.#log.end);
    const times = on.line === undefined ? null : new FrameTimes();
    const state = { live: false, busy: false, gone: false, reminded: false };
    const viewer: Viewer = { port, cursor, acked: cursor, window, ...state, on, times, acks: [{ cursor, at: performance.now() }] };
    this.#viewers.add(viewer);
    if (cursor !== from) port.send(this.#words.gap(from, cursor));
    this.#advance(viewer);
    return {
      ack: (acked) => {
        if (acked <= viewer.acked || acked > viewer.cursor) return;
        const step = acked - viewer.acked;
        viewer.acked = acked;
        this.#ackBarrier.moved(viewer);
        viewer.on.line?.acknowledged({ step, frame: () => this.#answered(viewer, acked) });
        viewer.acks.push({ cursor: acked, at: performance.now() });
        if (viewer.acks.length > KEPT_ACKS) viewer.acks.shift();
        this.#advance(viewer);
      },
      setWindow: (bytes) => {
        viewer.reminded ||= viewer.times !== null && bytes < viewer.window;
        viewer.window = bytes;
        this.#ackBarrier.moved(viewer);
        this.#advance(viewer);
      },
      detach: () => this.#remove(viewer),
    };
  }

  /** The log grew, or the run has ended: viewers that wait for that go on. */
  poke(): void {
    if (this.#live > 0) this.#publishSoon();
    for (const viewer of this.#viewers) if (!viewer.live) this.#advance(viewer);
  }

  /** A viewer typed: what that brings goes at once, in a flood too. */
  typed(): void {
    this.#early.giveBack();
  }

  /** Output goes at once; only in a flood a frame is full, or has waited COALESCE_MS. */
  #publishSoon(): void {
    if (this.#publishing || this.#ackBarrier.holding) return;
    // The end need not wait for more output.
    const over = this.#log.finished && this.#position >= this.#log.end;
    const wait = over ? 0 : this.#early.wait(performance.now());
    if (wait <= 0 || this.#log.end - this.#position >= this.#size) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#publishing = true;
      this.#turn((size) => this.#publish(size));
    } else
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#publishSoon();
      }, wait);
  }

  #turn(callback: (size: number) => void): void {
    this.#transport.turn((size) => {
      this.#size = size;
      callback(size);
    });
  }

  /** One turn: at most one frame's worth of bytes, to every viewer that has credit for it. */
  #publish(turn: number): void {
    this.#publishing = false;
    const chunks = this.#readNow(this.#position, this.#frameSize(turn));
    if (chunks.length === 0 && this.#position < this.#log.end) return this.#readAlone();
    const to = chunks.at(-1)?.to ?? this.#position;
    const without = [...this.#viewers].filter((viewer) => viewer.live && to - viewer.acked > viewer.window);
    if (this.#ackBarrier.waits(without, this.#live, to)) return;
    for (const viewer of without) this.#leave(viewer);
    if (this.#live > 0) {
      for (const frame of this.#words.output(chunks)) this.#transport.publish(this.topic, frame);
      const now = performance.now();
      // A look that found nothing new (the run changed, not its output) delays no byte that comes after it.
      if (to > this.#position) this.#early.take(now);
      this.#times.sent(this.#position, to, now);
      this.#position = to;
      for (const viewer of this.#viewers) if (viewer.live) viewer.cursor = to;
      if (to < this.#log.end) this.#publishSoon();
      else if (this.#log.finished) this.#finishLive();
    }
    // After the position has moved: these viewers read from the log what they have credit for.
    for (const viewer of without) this.#advance(viewer);
  }

  /** Nothing where the log can't be read: the asynchronous read of a viewer finds out what is wrong, and tells it. */
  #readNow(from: Cursor, size: number): Chunk[] {
    try {
      return this.#log.readSync(from, size);
    } catch {
      return [];
    }
  }

  /** Every live viewer goes on by itself: past what is damaged, or to the end of its view. */
  #readAlone(): void {
    const live = [...this.#viewers].filter((viewer) => viewer.live);
    for (const viewer of live) this.#leave(viewer);
    for (const viewer of live) this.#advance(viewer);
  }

  /** Which frame an acknowledgement answers, when that was sent, and behind how much; null where it is not known. */
  #answered(viewer: Viewer, acked: Cursor): ReturnType<Acknowledged['frame']> {
    const sentAt = viewer.times?.of(acked) ?? this.#times.of(acked);
    if (sentAt === null) return null;
    const before = viewer.acks.findLast(({ at }) => at <= sentAt);
    return before === undefined ? null : { sentAt, underWay: acked - before.cursor };
  }

  /** With very many viewers the windows are small: a frame is at most half of the smallest, so that an ack can overlap. */
  #frameSize(turn: number): number {
    let size = turn;
    for (const viewer of this.#viewers) if (viewer.live) size = Math.min(size, Math.floor(viewer.window / 2));
    return Math.max(size, SMALLEST_READ);
  }

  #finishLive(): void {
    const frames = this.#end();
    if (frames === null) return;
    for (const frame of frames) this.#transport.publish(this.topic, frame);
    // One frame for all viewers: a thousand that leave one by one were an eighth of a short run's upload.
    this.#transport.clear(this.topic);
    for (const viewer of this.#viewers) {
      if (!viewer.live) continue;
      this.#unlive(viewer);
      this.#remove(viewer);
    }
  }

  #leave(viewer: Viewer): void {
    this.#unlive(viewer);
    viewer.port.leave(this.topic);
  }

  #unlive(viewer: Viewer): void {
    viewer.live = false;
    this.#live -= 1;
    this.#ackBarrier.left(viewer);
  }

  /** Takes a viewer that is behind one step on: reads, sends, joins the tail, or waits for credit. */
  #advance(viewer: Viewer): void {
    if (viewer.live || viewer.busy || viewer.gone) return;
    const tail = this.#live > 0 ? this.#position : this.#log.end;
    if (viewer.cursor >= tail) return this.#arrive(viewer);
    const left = viewer.window - (viewer.cursor - viewer.acked);
    if (left <= 0 && !viewer.reminded) return viewer.on.line?.full();
    viewer.busy = true;
    const credit = Math.max(left <= 0 ? REMINDER : SMALLEST_READ, left);
    viewer.reminded = false;
    const wanted = Math.min(FRAMES_AHEAD * this.#size, credit, tail - viewer.cursor);
    const memory = readMemory.take(wanted);
    this.#log.read(viewer.cursor, wanted, memory).then(
      (chunks) => this.#deliverInTurns(viewer, chunks, memory),
      (error: unknown) => {
        readMemory.release(memory);
        if (error instanceof DamagedOutput && error.to !== null) this.#skip(viewer, error.from, error.to);
        else this.#fail(viewer);
      },
    );
  }

  /** A gap announces what is damaged on the disk, and the rest is shown. The viewer owes no acknowledgement for the gap. */
  #skip(viewer: Viewer, from: Cursor, to: Cursor): void {
    if (viewer.gone) return;
    viewer.port.send(this.#words.gap(from, to));
    viewer.cursor = to;
    viewer.acked += to - from;
    viewer.busy = false;
    this.#advance(viewer);
  }

  /** Sends what was read into `memory` for a viewer that is behind: a frame a turn, so that other viewers get theirs in between. */
  #deliverInTurns(viewer: Viewer, chunks: readonly Chunk[], memory: Buffer): void {
    this.#turn((turn) => {
      // A small window holds several frames: an acknowledgement comes while others are on their way.
      const size = viewer.times === null ? turn : Math.min(turn, Math.floor(viewer.window / 4));
      const { now, later } = cutChunks(chunks, size);
      if (!viewer.gone && now.length > 0) this.#deliver(viewer, now);
      // The viewer's window may have shrunk since the read: then the rest is read again, when there is credit for it.
      const end = later.at(-1)?.to;
      const more = !viewer.gone && now.length > 0 && end !== undefined && end - viewer.acked <= viewer.window;
      if (more) return this.#deliverInTurns(viewer, later, memory);
      readMemory.release(memory);
      if (viewer.gone) return;
      if (now.length === 0) return this.#fail(viewer);
      viewer.busy = false;
      this.#lastStep(viewer, size);
      this.#advance(viewer);
    });
  }

  /** The log went away under the reader (retention, a broken disk): the view ends, and says how to go on. */
  #fail(viewer: Viewer): void {
    if (viewer.gone) return;
    viewer.port.send(this.#words.unreadable());
    this.#remove(viewer);
  }

  #deliver(viewer: Viewer, chunks: readonly Chunk[]): void {
    for (const frame of this.#words.output(chunks)) viewer.port.send(frame);
    const from = viewer.cursor;
    viewer.cursor = chunks.at(-1)?.to ?? from;
    viewer.times?.sent(from, viewer.cursor, performance.now());
  }

  /** A viewer near the tail, with credit for the rest, gets it without a wait in between, so the tail can't move away. */
  #lastStep(viewer: Viewer, size: number): void {
    if (this.#live === 0) return;
    const left = this.#position - viewer.cursor;
    if (left <= 0 || left > LAST_FRAMES * size || this.#position - viewer.acked > viewer.window) return;
    while (viewer.cursor < this.#position) {
      const chunks = this.#readNow(viewer.cursor, Math.min(size, this.#position - viewer.cursor));
      if (chunks.length === 0) return;
      this.#deliver(viewer, chunks);
    }
  }

  /** A viewer at the tail gets the end, if there was one, or joins the shared stream. */
  #arrive(viewer: Viewer): void {
    if (this.#log.finished && viewer.cursor >= this.#log.end) {
      const frames = this.#end();
      if (frames === null) return;
      for (const frame of frames) viewer.port.send(frame);
      return this.#remove(viewer);
    }
    if (viewer.cursor - viewer.acked >= viewer.window) return viewer.on.line?.full();
    if (this.#live === 0) this.#position = viewer.cursor;
    viewer.live = true;
    this.#live += 1;
    viewer.port.join(this.topic);
    if (this.#position < this.#log.end) this.#publishSoon();
  }

  #remove(viewer: Viewer): void {
    if (viewer.gone) return;
    viewer.gone = true;
    this.#viewers.delete(viewer);
    if (viewer.live) this.#leave(viewer);
    if (this.#viewers.size === 0) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#ackBarrier.close();
      this.#stopListening();
      this.#emptied();
    }
    viewer.on.ended();
  }
}
