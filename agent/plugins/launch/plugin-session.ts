import { randomBytes, randomUUID } from 'node:crypto';
import type { FromPlugin, Init, Shutdown, ToPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError, toToruError, unreachable } from '../../../shared/errors.ts';
import { heartbeat } from '../../../shared/heartbeat.ts';
import { Handshake } from '../protocol/handshake.ts';
import type { Services } from '../protocol/peer.ts';
import type { Connection } from '../protocol/plugin-connection.ts';
import { LivePeer } from '../protocol/plugin-connection.ts';
import type { Read } from '../protocol/plugin-messages.ts';
import { socketPath } from '../protocol/plugin-socket.ts';
import type { Note } from '../protocol/refusals.ts';
import { Refusals } from '../protocol/refusals.ts';
import type { ProcessOptions } from './plugin-process.ts';
import { PluginProcess } from './plugin-process.ts';

/** How one launch was over. */
export interface End {
  kind: 'stopped' | 'crashed' | 'hung';
  /** For a person. */
  reason: string;
}

export interface SessionOptions extends ProcessOptions {
  init: Omit<Init, 'action' | 'protocol' | 'plugin' | 'socket_path'>;
  /** Values of its settings that must not be seen in any log. */
  secrets: readonly string[];
  services: Services;
  note: Note;
  ready(): void;
  /** One of our own services could not do its work. */
  failed(error: unknown): void;
}

/** A closed connection is mostly the first sign of a death: so long it is given to say more. */
const DYING_MS = 300;
/** Strangers at the socket of one launch; more, and something is wrong with the launch. */
const MAX_REFUSED = 10;

/** One launch of a plugin: what is said with it, from its first word to its end, and what follows from that. */
export class Session {
  readonly #options: SessionOptions;
  readonly #process: PluginProcess;
  readonly #over = Promise.withResolvers<End>();
  readonly #token = randomBytes(32).toString('base64url');
  /** Where it connects. */
  #socket = '';
  #peer: LivePeer | null = null;
  #phase: 'connecting' | 'initialising' | 'ready' = 'connecting';
  #stopping: End | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #heartbeat: ReturnType<typeof heartbeat> | null = null;
  #refused = 0;
  readonly #refusals: Refusals;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#process = new PluginProcess(options);
    this.#refusals = new Refusals(options.note);
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  /** Once it is ready. */
  get peer(): LivePeer | null {
    return this.#phase === 'ready' ? this.#peer : null;
  }

  /** Starts it. @returns when it is over, and nothing of it is left. @throws what the system says when it can't be started. */
  async run(): Promise<End> {
    const { folder, timing, manifest, log } = this.#options;
    this.#socket = socketPath(folder);
    log.hide([this.#token, ...this.#options.secrets]);
    await this.#process.announce(this.#socket);
    const handshake = new Handshake(this.#socket, this.#token, {
      accepted: (connection, protocol) => this.#welcome(connection, protocol),
      refused: (why, code, final) => {
        this.#options.note('refused', why, { code });
        this.#refused += 1;
        if (final || this.#refused >= MAX_REFUSED) this.#finish({ kind: 'crashed', reason: why });
      },
    });
    try {
      await handshake.open();
      await this.#process.make();
      this.#expect('hello', timing.connectMs);
      this.#process.go(this.#token, (code, signal) => this.#exited(code, signal));
      const end = await this.#over.promise;
      if (this.#deadline !== null) clearTimeout(this.#deadline);
      this.#heartbeat?.stop();
      this.#peer?.end(new ToruError('plugin_down', `${manifest.name} is not there any more: ${end.reason}`));
      return end;
    } finally {
      handshake.close();
      await this.#process.end();
    }
  }

  /** Asks it to finish and exit; after the grace it is made to. `run` returns then. */
  stop(reason: Shutdown['reason']): void {
    if (this.#stopping !== null) return;
    this.#stopping = { kind: 'stopped', reason: 'it was stopped' };
    if (this.#peer === null) return this.#finish(this.#stopping);
    const { graceMs } = this.#options.timing;
    this.#send({ action: 'shutdown', reason, grace_ms: graceMs });
    this.#after(graceMs, { kind: 'stopped', reason: `it was stopped, and did not end by itself within ${graceMs} ms` });
  }

  /** Tells it of changed settings. */
  settings(settings: Init['settings'], secrets: readonly string[]): void {
    this.#options.log.hide([this.#token, ...secrets]);
    if (this.#peer !== null) this.#send({ action: 'settings', settings });
  }

  #welcome(connection: Connection, protocol: number): void {
    const { manifest, init, timing } = this.#options;
    connection.listener = { read: (line) => this.#read(line), ended: (why) => this.#lost(why) };
    this.#peer = new LivePeer(manifest, connection);
    this.#phase = 'initialising';
    this.#send({ action: 'init', protocol, plugin: manifest.id, socket_path: this.#socket, ...init });
    this.#expect('ready', timing.readyMs);
  }

  #read(line: Exclude<Read, { kind: 'garbage' }>): void {
    if (line.kind === 'bad') return this.#misunderstood(line);
    const { message } = line;
    if (message.type === 'lifecycle') this.#heard(message.payload);
    else void this.#serve(message);
  }

  #heard(message: Extract<FromPlugin, { type: 'lifecycle' }>['payload']): void {
    switch (message.action) {
      case 'ready':
        return this.#ready();
      case 'pong':
        return this.#heartbeat?.answered();
      case 'hello':
        return this.#misunderstood({ why: 'hello was said before', asked: null });
      default:
        return unreachable(message);
    }
  }

  async #serve(message: Exclude<FromPlugin, { type: 'lifecycle' }>): Promise<void> {
    const peer = this.#peer;
    if (peer === null) return;
    try {
      await this.#options.services.receive(peer, message);
    } catch (error) {
      const refusal = toToruError(error);
      if (refusal.code === 'internal') this.#options.failed(error);
      this.#refusals.refuse(peer, message, refusal);
    }
  }

  #misunderstood({ why, asked: request }: Pick<Extract<Read, { kind: 'bad' }>, 'why' | 'asked'>): void {
    this.#refusals.refuse(this.#peer, request, new ToruError('bad_frame', `That is no message of the protocol: ${why}`));
  }

  #ready(): void {
    if (this.#phase !== 'initialising') return;
    this.#phase = 'ready';
    if (this.#stopping !== null) return;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    const { timing } = this.#options;
    const hung: End = { kind: 'hung', reason: `it hangs: ${timing.misses} pings in a row were not answered` };
    this.#heartbeat = heartbeat(
      timing,
      () => this.#send({ action: 'ping' }),
      () => this.#finish(hung),
    );
    this.#options.ready();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const ending = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
    const { lastWords } = this.#process;
    const words = lastWords === '' ? '' : `: “${lastWords.slice(0, 200)}”`;
    const when = this.#phase === 'ready' ? '' : ' before it was ready';
    this.#finish({ kind: 'crashed', reason: `${ending}${when}${words}` });
  }

  #lost(why: string | null): void {
    if (why !== null) {
      this.#options.note('bad_message', `Its connection was ended for ${why}.`);
      return this.#finish({ kind: 'crashed', reason: `its connection was ended for ${why}` });
    }
    this.#heartbeat?.stop();
    // Who was asked to stop may first close its connection, and has its grace.
    if (this.#stopping === null) this.#after(DYING_MS, { kind: 'crashed', reason: 'it closed its connection and went on running' });
  }

  /** What was expected of it by now did not come. */
  #expect(what: 'hello' | 'ready', ms: number): void {
    this.#after(ms, { kind: 'crashed', reason: `it did not say ${what} within ${ms} ms` });
  }

  #after(ms: number, end: End): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#finish(end), ms);
  }

  #finish(end: End): void {
    this.#over.resolve(this.#stopping === null ? end : { ...end, kind: 'stopped' });
  }

  #send(payload: Extract<ToPlugin, { type: 'lifecycle' }>['payload']): void {
    this.#peer?.send({ type: 'lifecycle', timestamp: new Date().toISOString(), request_id: randomUUID(), payload });
  }
}
