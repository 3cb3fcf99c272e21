import type { ClientFrame, ServerFrame } from '../../shared/browser-protocol.ts';
import { clientFrame } from '../../shared/browser-protocol.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { refuseLate } from '../../shared/in-time.ts';
import { parseJson } from '../../shared/json.ts';
import { MAX_CLIENT_FRAME, MAX_TOPICS_PER_SOCKET, PROTOCOL_VERSION } from '../../shared/limits.ts';
import { withWrittenDigits } from '../../shared/written-digits.ts';
import type { Audit } from '../audit/audit.ts';
import type { SystemFrame } from '../http/system-frame.ts';
import type { Topic } from '../http/topics.ts';
import type { Log } from '../logger.ts';
import type { Streams } from '../logs/streams.ts';
import type { Attachment, ViewerPort } from '../logs/viewers.ts';
import type { Runs } from '../runs/runs.ts';
import type { TerminalSocketOptions } from '../terminals/terminal-socket.ts';
import { TerminalSocket } from '../terminals/terminal-socket.ts';
import type { Caller } from '../users/caller.ts';
import { forAsker } from '../users/for-asker.ts';
import type { Permission } from '../users/permissions.ts';
import { authorize } from '../users/permissions.ts';
import { FRAMES, frameKey } from './frame-permissions.ts';
import '../../shared/schema-words.ts';

/** The services that one browser's socket needs. */
export interface SocketServices {
  runs: Pick<Runs, 'start' | 'cancel' | 'input' | 'resize' | 'get'>;
  streams: Streams;
  /** Where there are terminals. */
  terminals?: TerminalSocketOptions['terminals'];
  screens?: TerminalSocketOptions['screens'];
  version: string;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'error'>;
  /** Of systems that have their own. */
  frames?: readonly SystemFrame[];
  /** The topics that can be subscribed to. */
  topics: readonly Topic[];
}

/**
 * Runs and subscriptions of one socket: as many of either as are needed, together the edge's limit of topics
 * (MAX_TOPICS_PER_SOCKET). However many plugins a page listens to, there is room for sixteen runs, and the other way round.
 */
const MAX_ATTACHED = 48;
const MAX_SUBSCRIPTIONS = 48;
const LIMITS = `One connection can watch ${MAX_ATTACHED} runs and have ${MAX_SUBSCRIPTIONS} subscriptions, ${MAX_TOPICS_PER_SOCKET} of both together.`;

type Subscribed = Pick<Extract<ClientFrame, { type: 'subscribe' }>, 'topic' | 'plugin'>;

function keyOf({ topic, plugin }: Subscribed): string {
  return `${topic}/${plugin ?? ''}`;
}

/**
 * The browser's language (shared/browser-protocol.ts), for one connection. A frame that is wrong is answered, and changes
 * nothing else. Who asks is established again for every frame: `caller` throws when the session is over.
 */
export class BrowserSocket {
  readonly #services: SocketServices;
  readonly #port: ViewerPort;
  readonly #caller: () => Caller;
  readonly #attached = new Map<string, Attachment>();
  /** By `keyOf`, the topic at the edge. */
  readonly #topics = new Map<string, string>();
  readonly #terminals: TerminalSocket | null;
  #closed = false;

  /** @param protocol what the other end and we speak: it is told so in the first frame. */
  constructor(services: SocketServices, port: ViewerPort, caller: () => Caller, protocol: number = PROTOCOL_VERSION) {
    this.#services = services;
    this.#port = port;
    this.#caller = caller;
    const { terminals, screens, streams } = services;
    const some = terminals !== undefined && screens !== undefined;
    this.#terminals = some ? new TerminalSocket({ terminals, screens, streams }, port, () => this.#full) : null;
    this.#send({
      type: 'hello',
      protocol,
      version: services.version,
      window: services.streams.windowOf(port),
      time: new Date().toISOString(),
    });
  }

  /** One frame, as it came. Never throws. */
  receive(text: string): void {
    let message: unknown = null;
    let frame: ClientFrame | null = null;
    try {
      message = readFrame(text);
      if (this.#ofTerminal(message) || this.#ofSystem(message)) return;
      frame = frameOf(message);
      if ('inputs' in frame) frame = withWrittenDigits(frame, text);
      const key = frameKey(frame);
      const caller = this.#authorized(key, FRAMES[key]);
      this.#handle(frame, caller).catch((error: unknown) => this.#refuse(forAsker(toToruError(error), caller), frame));
    } catch (error) {
      // The ids of a frame that is wrong elsewhere: its sender knows which one is meant.
      this.#refuse(toToruError(error), frame ?? message);
    }
  }

  /** Answers a frame that was not read. */
  refuse(error: ToruError): void {
    this.#refuse(error, null);
  }

  /** The browser left, or the link did. */
  close(): void {
    this.#closed = true;
    for (const attachment of [...this.#attached.values()]) attachment.detach();
    this.#attached.clear();
    this.#terminals?.close();
  }

  /** @returns whether the frame was about a terminal. */
  #ofTerminal(message: unknown): boolean {
    const terminals = this.#terminals;
    if (terminals === null || typeof message !== 'object' || message === null || !('terminal_id' in message)) return false;
    const frame = TerminalSocket.read(message);
    const key = `terminal.${frame.type}` as const;
    const caller = this.#authorized(key, FRAMES[key]);
    terminals.receive(caller, frame).catch((error: unknown) => this.#refuse(forAsker(toToruError(error), caller), frame));
    return true;
  }

  /** @returns whether the frame was one of a system's own. */
  #ofSystem(message: unknown): boolean {
    const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : null;
    const frame = this.#services.frames?.find((each) => each.type === type);
    if (frame === undefined) return false;
    const caller = this.#authorized(frame.type, frame.permission);
    frame
      .receive(caller, message, (answer) => {
        if (!this.#closed) this.#port.send(JSON.stringify(answer));
      })
      .catch((error: unknown) => this.#refuse(forAsker(toToruError(error), caller), message));
    return true;
  }

  #authorized(target: string, permission: Permission, caller: Caller = this.#caller()): Caller {
    try {
      authorize(caller, permission);
    } catch (error) {
      const { code } = toToruError(error);
      this.#services.audit.record({ event: 'request.refused', caller, target, outcome: 'refused', detail: { code } });
      throw error;
    }
    return caller;
  }

  async #handle(frame: ClientFrame, caller: Caller): Promise<void> {
    switch (frame.type) {
      case 'run':
        return this.#run(frame, caller);
      case 'cancel':
        refuseLate(frame.not_after, Date.now());
        return this.#services.runs.cancel(caller, frame.task_id);
      case 'attach':
        this.#attach(caller, frame.task_id, frame.from);
        return;
      case 'detach':
        this.#attached.get(frame.task_id)?.detach();
        this.#send({ type: 'detached', task_id: frame.task_id });
        return;
      case 'ack':
        // An ack that crosses the run's end finds nothing any more: not an error.
        this.#attached.get(frame.task_id)?.ack(frame.cursor);
        return;
      case 'input':
        refuseLate(frame.not_after, Date.now());
        if (this.#attached.has(frame.task_id)) this.#services.streams.typed(frame.task_id);
        return this.#services.runs.input(caller, frame.task_id, frame.data, frame.eof);
      case 'resize':
        return this.#services.runs.resize(caller, frame.task_id, frame);
      case 'subscribe':
        this.#subscribe(caller, frame);
        return;
      case 'unsubscribe':
        this.#unsubscribe(frame);
        return;
      case 'ping':
        // Only a ping that is spelled otherwise than the edge's own gets this far.
        this.#send({ type: 'pong' });
        return;
      default:
        return unreachable(frame);
    }
  }

  async #run(frame: Extract<ClientFrame, { type: 'run' }>, caller: Caller): Promise<void> {
    const { request_id, not_after } = frame;
    const what = 'action' in frame ? { action: frame.action, inputs: frame.inputs } : { script: frame.script, args: frame.args };
    const { task_id, state } = await this.#services.runs.start(caller, {
      ...what,
      source: 'page',
      not_after,
      ...(request_id === undefined ? {} : { request_id }),
    });
    if (this.#closed) return;
    this.#send({ type: 'started', task_id, request_id: request_id ?? null, state });
    this.#attach(caller, task_id, 0);
  }

  get #full(): boolean {
    return this.#attached.size + this.#topics.size + (this.#terminals?.size ?? 0) >= MAX_TOPICS_PER_SOCKET;
  }

  /** Attaching again moves the cursor: that is what a page does which comes back. */
  #attach(caller: Caller, taskId: string, from: number | 'tail'): void {
    const run = this.#services.runs.get(caller, taskId);
    this.#attached.get(taskId)?.detach();
    if (this.#attached.size >= MAX_ATTACHED || this.#full)
      throw new ToruError('too_many_requests', `${LIMITS} Detach from some runs first.`);
    let ended = false;
    const attachment = this.#services.streams.attach(taskId, this.#port, from, {
      start: (cursor, window) => this.#send({ type: 'attached', task_id: taskId, cursor, window, run }),
      ended: () => {
        ended = true;
        this.#attached.delete(taskId);
      },
    });
    if (!ended) this.#attached.set(taskId, attachment);
  }

  #subscribe(caller: Caller, { topic, plugin }: Subscribed): void {
    const known = this.#topic({ topic, plugin });
    this.#authorized(`subscribe.${topic}`, known.permission, caller);
    const name = known.nameFor(caller, plugin ?? '');
    const key = keyOf({ topic, plugin });
    if (!this.#topics.has(key) && (this.#topics.size >= MAX_SUBSCRIPTIONS || this.#full))
      throw new ToruError('too_many_requests', `${LIMITS} End some subscriptions first.`);
    this.#port.join(name);
    this.#topics.set(key, name);
    this.#send({ type: 'subscribed', topic, ...(plugin === undefined ? {} : { plugin }) });
  }

  /** @throws ToruError bad_frame */
  #topic({ topic, plugin }: Subscribed): Topic {
    const { topics } = this.#services;
    const known = topics.find((each) => each.topic === topic);
    if (known === undefined) throw new ToruError('bad_frame', `“topic”: one of ${topics.map((each) => each.topic).join(', ')} is expected`);
    if ((plugin !== undefined) !== (known.ofPlugin === true)) {
      const named = topics.flatMap((each) => (each.ofPlugin === true ? `“${each.topic}”` : []));
      throw new ToruError('bad_frame', `“plugin”: the topics ${named.join(' and ')}, and only these, name a plugin`);
    }
    return known;
  }

  #unsubscribe({ topic, plugin }: Subscribed): void {
    this.#topic({ topic, plugin });
    const key = keyOf({ topic, plugin });
    const name = this.#topics.get(key);
    this.#topics.delete(key);
    if (name !== undefined) this.#port.leave(name);
    this.#send({ type: 'unsubscribed', topic, ...(plugin === undefined ? {} : { plugin }) });
  }

  #send(frame: ServerFrame): void {
    if (!this.#closed) this.#port.send(JSON.stringify(frame));
  }

  #refuse(error: ToruError, about: unknown): void {
    if (error.code === 'internal') this.#services.log.error({ err: error.cause ?? error }, 'a frame of a browser failed');
    const { input } = error.extra;
    this.#send({ type: 'error', code: error.code, data: error.message, ...idsOf(about), ...(typeof input === 'string' ? { input } : {}) });
  }
}

/** @throws ToruError bad_json or too_large. */
function readFrame(text: string): unknown {
  if (text.length > MAX_CLIENT_FRAME) throw new ToruError('too_large', `A frame is at most ${MAX_CLIENT_FRAME / 1024} KiB.`);
  return parseJson(text, 'A frame');
}

/** @throws ToruError unknown_type or bad_frame, with what is wrong in words. */
function frameOf(message: unknown): ClientFrame {
  const parsed = clientFrame.safeParse(message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'invalid_union' && issue.path.join('.') === 'type')
    throw new ToruError('unknown_type', 'A frame needs a “type” that this host knows.');
  const where = issue === undefined || issue.path.length === 0 ? '' : `“${issue.path.join('.')}”: `;
  throw new ToruError('bad_frame', `${where}${issue?.message ?? 'not a frame'}`);
}

function idsOf(about: unknown): { task_id?: string; terminal_id?: string; request_id?: string } {
  const ids: { task_id?: string; terminal_id?: string; request_id?: string } = {};
  if (typeof about !== 'object' || about === null) return ids;
  if ('task_id' in about && typeof about.task_id === 'string') ids.task_id = about.task_id.slice(0, 64);
  if ('terminal_id' in about && typeof about.terminal_id === 'string') ids.terminal_id = about.terminal_id.slice(0, 64);
  if ('request_id' in about && typeof about.request_id === 'string') ids.request_id = about.request_id.slice(0, 64);
  return ids;
}
