import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './agent-connection.ts';
import { Calls } from './calls.ts';
import type { Context } from './context.ts';
import { contextOf } from './context.ts';
import { readLaunch } from './launch-data.ts';
import { readToPlugin } from './messages.ts';
import type { FromPlugin, Hello, Init, Launch, Pong, Ready, Settings, ToPlugin } from './protocol.ts';
import { PROTOCOL_RANGE } from './protocol.ts';
import type { Answering } from './requests.ts';
import { Requests } from './requests.ts';

/** What the life of a plugin calls of it. */
export interface Living {
  init(context: Context): unknown;
  answer(context: Context): Answering;
  settings(settings: Settings, context: Context): unknown;
  shutdown(context: Context): unknown;
}

/** When Toru is gone without a word: what `shutdown` may still take. */
const GONE_GRACE_MS = 3000;

/** From the launch line on standard input to the end of the process. @throws Error when it can't even begin. */
export async function live(plugin: Living): Promise<void> {
  const lifeline = new AbortController();
  const launch = await readLaunch(process.stdin, () => lifeline.abort());
  new Life(plugin, launch, lifeline.signal);
}

class Life {
  readonly #plugin: Living;
  readonly #connection: Connection<FromPlugin>;
  readonly #calls: Calls;
  readonly #ending = new AbortController();
  #begun: { context: Context; requests: Requests } | null = null;
  #settings: Settings = {};

  constructor(plugin: Living, launch: Launch, lifeline: AbortSignal) {
    this.#plugin = plugin;
    const socket = connect(launch.socket);
    this.#connection = new Connection(socket, (line) => this.#receive(line));
    this.#calls = new Calls(this.#connection);
    socket.once('connect', () => this.#say('hello', { action: 'hello', token: launch.token, protocol: PROTOCOL_RANGE }));
    socket.once('error', (error) => process.stderr.write(`the connection to Toru failed: ${error.message}\n`));
    const gone = (): void => this.#end(GONE_GRACE_MS, 0);
    this.#connection.gone.addEventListener('abort', gone);
    lifeline.addEventListener('abort', gone);
  }

  #receive(line: string): void {
    const message = readToPlugin(line);
    if (typeof message === 'string') throw new Error(`Toru sent what is no message: ${message}`);
    this.#dispatch(message);
  }

  #dispatch(message: ToPlugin): void {
    const { request_id: id } = message;
    switch (message.type) {
      case 'lifecycle':
        this.#lifecycle(id, message.payload);
        return;
      case 'http':
        this.#begun?.requests.receive(id, message.payload);
        return;
      case 'kv':
        this.#calls.answerKv(id, message.payload);
        return;
      case 'run':
        this.#calls.answerRun(id, message.payload);
        return;
      default:
        message satisfies never;
    }
  }

  #lifecycle(id: string, payload: Extract<ToPlugin, { type: 'lifecycle' }>['payload']): void {
    switch (payload.action) {
      case 'init':
        void this.#begin(id, payload);
        return;
      case 'refused':
        process.stderr.write(`Toru refused this plugin: ${payload.message}\n`);
        this.#end(0, 1);
        return;
      case 'ping':
        this.#say(id, { action: 'pong' });
        return;
      case 'settings':
        void this.#change(payload.settings);
        return;
      case 'shutdown':
        this.#end(payload.grace_ms, 0);
        return;
      default:
        payload satisfies never;
    }
  }

  async #begin(id: string, init: Init): Promise<void> {
    this.#settings = init.settings;
    const context = contextOf(init, {
      calls: this.#calls,
      connection: this.#connection,
      signal: this.#ending.signal,
      settings: () => this.#settings,
    });
    try {
      this.#begun = { context, requests: new Requests(this.#connection, this.#plugin.answer(context), context.log) };
      await this.#plugin.init(context);
      this.#say(id, { action: 'ready' });
    } catch (error) {
      context.log.error('init failed', error);
      this.#end(0, 1);
    }
  }

  async #change(settings: Settings): Promise<void> {
    this.#settings = settings;
    if (this.#begun === null) return;
    const { context } = this.#begun;
    try {
      await this.#plugin.settings(settings, context);
    } catch (error) {
      context.log.error('the new settings could not be taken', error);
    }
  }

  /** Once: lets requests under way finish, calls `shutdown`, and exits, all within the grace. */
  #end(graceMs: number, code: number): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(new DOMException('The plugin is to end.', 'AbortError'));
    void this.#finish(graceMs, code).finally(() => process.exit(code));
  }

  async #finish(graceMs: number, code: number): Promise<void> {
    // A little before the agent's own patience ends, so that what is said last still gets there.
    const late = sleep(graceMs * 0.8);
    if (this.#begun !== null && code === 0) {
      const { context, requests } = this.#begun;
      await Promise.race([requests.idle(), late]);
      try {
        await Promise.race([this.#plugin.shutdown(context), late]);
      } catch (error) {
        context.log.error('shutdown failed', error);
      }
    }
    await Promise.race([this.#connection.close(), sleep(500)]);
  }

  #say(id: string, payload: Hello | Ready | Pong): void {
    this.#connection.send({ type: 'lifecycle', request_id: id, payload });
  }
}
