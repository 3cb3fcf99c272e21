import { type ReadonlySignal, signal } from '@preact/signals';
import type { ClientFrameInput, ServerFrame } from '../../../shared/browser-protocol.ts';
import { learnHostTime } from '../clock.ts';
import { onHost } from '../viewed-host.ts';
import { heardFromServer } from './network-there.ts';
import { ReconnectingSocket, type SocketState } from './reconnecting-socket.ts';
import { parseFrame } from './server-frames.ts';
import { Topics } from './topics.ts';

/** Is the host there? Null until the edge said so on this connection. */
export type HostFrame = { online: boolean; last_seen: string | null } | null;
type RunFrame = Extract<ServerFrame, { type: 'run' }>['run'];
type SampleFrame = Extract<ServerFrame, { type: 'system' }>['sample'];
type PluginFrame = Extract<ServerFrame, { type: 'plugin' }>['plugin'];
type LogLines = Extract<ServerFrame, { type: 'plugin_log' }>['lines'];

/** What else speaks on the connection, and comes with the code that needs it: the output of runs, and presses (live-runs.ts). */
export interface Part {
  /** @returns true when the frame was for it. */
  take(frame: ServerFrame): boolean;
  /** A new socket is there, or a host that came back. */
  resume(): void;
  /** The socket is gone. */
  lost?(): void;
  /** Nobody is logged in any more. */
  clear?(): void;
  /** The host's bytes in flight for each run that is looked at. */
  window?: number;
}

/** The page's one WebSocket: the topics that somebody here listens to, and what is added to it. */
export class Connection {
  readonly #socket: ReconnectingSocket;
  readonly #parts: Part[] = [];
  #window: number | null = null;
  readonly #topics: Topics;
  readonly #host = signal<HostFrame>(null);
  readonly #pending = signal(0);
  readonly #reopened = new Set<() => void>();
  readonly #systems = new Map<string, (frame: unknown) => void>();

  readonly #newerPage: () => void;
  readonly #tooLate: () => void;

  /**
   * @param events `reload`: the server no longer speaks with this page; `newerPage`: it serves another build, this one works;
   * `tooLate`: what was typed into a run came too late, and was not passed on.
   * @param query what the page says of itself.
   */
  constructor(query: string, events: { sessionEnded: () => void; reload: () => void; newerPage: () => void; tooLate: () => void }) {
    this.#newerPage = events.newerPage;
    this.#tooLate = events.tooLate;
    this.#topics = new Topics((frame) => this.send(frame));
    this.#socket = new ReconnectingSocket(
      () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${onHost('/api/ws')}?${query}`,
      {
        opened: () => this.#opened(),
        message: (data) => this.#take(parseFrame(data, (frame) => this.#systems.get(frame.type)?.(frame))),
        lost: () => {
          this.#host.value = null;
          for (const part of this.#parts) part.lost?.();
        },
        reached: heardFromServer,
        ...events,
      },
    );
  }

  /** The server is reached, and the host lets nobody in just now. */
  get refused(): ReadonlySignal<boolean> {
    return this.#socket.refused;
  }

  get state(): ReadonlySignal<SocketState> {
    return this.#socket.state;
  }

  get host(): ReadonlySignal<HostFrame> {
    return this.#host;
  }

  /** Counts the news of runs that wait for the host. */
  get pending(): ReadonlySignal<number> {
    return this.#pending;
  }

  open(): void {
    this.#socket.start();
  }

  close(): void {
    for (const part of this.#parts) part.clear?.();
    this.#socket.stop();
    this.#host.value = null;
  }

  /** Adds a part: of a frame they hear in their order, until one takes it. */
  add<P extends Part>(make: (send: (frame: ClientFrameInput) => boolean) => P): P {
    const part = make((frame) => this.send(frame));
    if (this.#window !== null && 'window' in part) part.window = this.#window;
    this.#parts.push(part);
    return part;
  }

  /**
   * @param caughtUp called whenever the host has confirmed that it tells us from now on, after a reconnect again: what was
   * read before that may lack something, and is read again. @returns unsubscribe. So it is with those below.
   */
  onRun(hear: (run: RunFrame) => void, caughtUp?: () => void): () => void {
    return this.#topics.listen({ topic: 'runs' }, (frame) => frame.type === 'run' && hear(frame.run), caughtUp);
  }

  /** Does the host tell us of runs by now? If not, `caughtUp` will be called. */
  get toldOfRuns(): boolean {
    return this.#topics.isConfirmed({ topic: 'runs' });
  }

  /** Jobs of workflows, and their steps: the frames of their topic. */
  onJob(hear: (frame: ServerFrame) => void, caughtUp: () => void): () => void {
    return this.#topics.listen({ topic: 'jobs' }, hear, caughtUp);
  }

  /** Does the host tell us of this topic by now? If not, `caughtUp` of `follow` will be called. */
  toldOf(topic: string): boolean {
    return this.#topics.isConfirmed({ topic });
  }

  /** A topic whose frames `onFrame` brings. */
  follow(topic: string, caughtUp: () => void): () => void {
    return this.#topics.listen({ topic }, () => undefined, caughtUp);
  }

  /** Nobody catches up here: the next sample is there in two seconds. */
  onSystem(hear: (sample: SampleFrame) => void): () => void {
    return this.#topics.listen({ topic: 'system' }, (frame) => frame.type === 'system' && hear(frame.sample));
  }

  /** Plugins that come, change state or go. */
  onPlugin(hear: (plugin: PluginFrame) => void, caughtUp?: () => void): () => void {
    return this.#topics.listen({ topic: 'plugins' }, (frame) => frame.type === 'plugin' && hear(frame.plugin), caughtUp);
  }

  /** The events of one plugin for its pages. */
  onPluginEvent(plugin: string, hear: (name: string, data: unknown) => void): () => void {
    return this.#topics.listen({ topic: 'plugin', plugin }, (frame) => frame.type === 'plugin_event' && hear(frame.name, frame.data));
  }

  onPluginLog(plugin: string, hear: (lines: LogLines) => void, caughtUp?: () => void): () => void {
    return this.#topics.listen({ topic: 'plugin_log', plugin }, (frame) => frame.type === 'plugin_log' && hear(frame.lines), caughtUp);
  }

  /** A frame of a system's own, by its type (`notes.added`). @returns stop. */
  onFrame<Frame>(type: string, guard: (frame: unknown) => frame is Frame, hear: (frame: Frame) => void): () => void {
    this.#systems.set(type, (frame) => {
      if (guard(frame)) hear(frame);
    });
    return () => this.#systems.delete(type);
  }

  /** Sends a frame: one of the protocol, or a system's own. @returns false when there is no connection now. */
  send(frame: { type: string }): boolean {
    return this.#socket.send(JSON.stringify(frame));
  }

  /** After the socket came back: what was read over HTTP, and is in no topic, may be old. @returns stop. */
  onReopen(listener: () => void): () => void {
    this.#reopened.add(listener);
    return () => this.#reopened.delete(listener);
  }

  #everOpened = false;
  #opened(): void {
    this.#resume();
    if (this.#everOpened) for (const listener of this.#reopened) listener();
    this.#everOpened = true;
  }

  /** Tells a new socket, or a host that came back, which topics, runs and starts this page has. */
  #resume(): void {
    this.#topics.resume();
    for (const part of this.#parts) part.resume();
  }

  #resize(bytes: number): void {
    this.#window = bytes;
    for (const part of this.#parts) if ('window' in part) part.window = bytes;
  }

  #take(frame: ServerFrame | null): void {
    if (frame === null) return;
    if (frame.type === 'error' && frame.code === 'too_late' && frame.request_id === undefined) return this.#tooLate();
    if (this.#parts.some((part) => part.take(frame)) || this.#topics.take(frame)) return;
    switch (frame.type) {
      case 'hello':
        learnHostTime(frame.time);
        this.#resize(frame.window);
        return;
      case 'window':
        this.#resize(frame.window);
        return;
      case 'host': {
        const wasAway = this.#host.peek()?.online === false;
        this.#host.value = { online: frame.online, last_seen: frame.last_seen };
        if (frame.online && wasAway) {
          this.#resume();
          for (const listener of this.#reopened) listener();
        }
        return;
      }
      case 'pending':
        this.#pending.value += 1;
        return;
      case 'reload':
        this.#newerPage();
        return;
      default:
        // The rest answers what nobody here waits for any more.
        return;
    }
  }
}
