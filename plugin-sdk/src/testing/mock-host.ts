import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Connection } from '../agent-connection.ts';
import { readFromPlugin } from '../messages.ts';
import type { Asker, FromPlugin, Json, LogLine, RunStart, Settings, ToPlugin } from '../protocol.ts';
import { PROTOCOL_RANGE } from '../protocol.ts';
import { HostRequests } from './host-requests.ts';
import { KV_LIMITS, MockKv } from './mock-kv.ts';

/** What stands in for Toru. */
export interface MockOptions {
  /** Over the manifest's defaults. */
  settings?: Settings;
  /** Who asks when `fetch` names nobody. */
  user?: Asker;
  /** How a run that the plugin starts ends; by default with exit code 0. Throwing refuses it as `forbidden`. */
  run?: (action: string, inputs: NonNullable<RunStart['inputs']>) => RunEnded | Promise<RunEnded>;
  /** Sees every line on the socket as it passes. */
  transcript?: (from: 'agent' | 'plugin', line: string) => void;
}

export interface RunEnded {
  state: string;
  exit_code: number | null;
}

/** What a plugin did, for a test to look at. */
export type SeenEvent = { name: string; data: Json };
export type SeenLine = Omit<LogLine, 'action'> & { source: 'log' | 'stdout' | 'stderr' };
export type SeenRun = { action: string; inputs: NonNullable<RunStart['inputs']> };

interface MockHostOptions {
  token: string;
  logs: SeenLine[];
  options: MockOptions;
  init: { plugin: string; socket_path: string; log_path: string };
}

/** The agent's side of the protocol, for one plugin. */
export class MockHost {
  readonly kv = new MockKv();
  readonly events: SeenEvent[] = [];
  readonly runs: SeenRun[] = [];
  readonly ready = Promise.withResolvers<void>();
  settings: Settings = {};
  /** Why its connection was ended by us. */
  refusal: string | null = null;
  readonly #options: MockHostOptions;
  #connection: Connection<ToPlugin> | null = null;
  #requests: HostRequests | null = null;
  #greeted = false;

  constructor(options: MockHostOptions) {
    this.#options = options;
  }

  connected(socket: Socket): void {
    const { transcript } = this.#options.options;
    const connection = new Connection<ToPlugin>(socket, (line) => {
      transcript?.('plugin', line);
      const message = readFromPlugin(line);
      if (typeof message === 'string') throw new Error(this.#refuse(message));
      this.#receive(message);
    });
    if (transcript !== undefined) connection.sent = (line) => transcript('agent', line);
    connection.gone.addEventListener('abort', () => {
      if (connection.gone.reason instanceof Error && connection.gone.reason.name === 'BadLine')
        this.#refuse(connection.gone.reason.message);
    });
    this.#connection = connection;
    this.#requests = new HostRequests(connection);
  }

  say(payload: Extract<ToPlugin, { type: 'lifecycle' }>['payload'], id: string = payload.action): void {
    this.#connection?.send({ type: 'lifecycle', request_id: id, payload });
  }

  fetch(path: string, init: RequestInit, user: Asker): Promise<Response> {
    if (this.#requests === null) throw new Error('The plugin is not connected.');
    return this.#requests.fetch(path, init, user);
  }

  #receive(message: FromPlugin): void {
    const { request_id: id } = message;
    if (!this.#greeted && (message.type !== 'lifecycle' || message.payload.action !== 'hello')) {
      throw new Error(this.#refuse('its first message was not “hello”'));
    }
    switch (message.type) {
      case 'lifecycle':
        if (message.payload.action === 'hello') this.#greet(id, message.payload);
        else if (message.payload.action === 'ready') this.ready.resolve();
        return;
      case 'http':
        this.#requests?.receive(id, message.payload);
        return;
      case 'kv':
        this.#connection?.send({ type: 'kv', request_id: id, payload: this.kv.answer(message.payload) });
        return;
      case 'log': {
        const { action: _, ...line } = message.payload;
        this.#options.logs.push({ ...line, source: 'log' });
        return;
      }
      case 'event':
        this.events.push({ name: message.payload.name, data: message.payload.data });
        return;
      case 'run':
        void this.#run(id, message.payload);
        return;
      default:
        message satisfies never;
    }
  }

  #greet(id: string, { token, protocol }: { token: string; protocol: { min: number; max: number } }): void {
    this.#greeted = true;
    const version = Math.min(PROTOCOL_RANGE.max, protocol.max);
    if (token !== this.#options.token) {
      this.say({ action: 'refused', code: 'bad_token', message: this.#refuse('its token is not the one that it was started with') }, id);
    } else if (version < Math.max(PROTOCOL_RANGE.min, protocol.min)) {
      this.say(
        {
          action: 'refused',
          code: 'protocol',
          message: this.#refuse(`this Toru speaks protocol ${PROTOCOL_RANGE.max}, it wants ${protocol.min}`),
        },
        id,
      );
    } else {
      const { init } = this.#options;
      this.say(
        {
          action: 'init',
          protocol: version,
          instance_id: randomUUID(),
          toru_version: '0.0.0-test',
          ...init,
          settings: this.settings,
          kv: KV_LIMITS,
        },
        id,
      );
    }
  }

  async #run(id: string, { run: action, inputs = {} }: RunStart): Promise<void> {
    const task_id = randomUUID();
    const send = (payload: Extract<ToPlugin, { type: 'run' }>['payload']): void =>
      this.#connection?.send({ type: 'run', request_id: id, payload });
    this.runs.push({ action, inputs });
    try {
      const ending = this.#options.options.run?.(action, inputs) ?? { state: 'exited', exit_code: 0 };
      send({ action: 'started', task_id });
      send({ action: 'ended', task_id, ...(await ending) });
    } catch (error) {
      send({ action: 'error', code: 'forbidden', message: error instanceof Error ? error.message : String(error) });
    }
  }

  #refuse(why: string): string {
    this.refusal = why;
    return why;
  }
}
