import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FromPlugin, Init, Shutdown, ToPlugin } from '../../plugin-sdk/src/protocol.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import type { PluginManifest } from '../../shared/plugins.ts';
import type { Cgroups } from '../runs/cgroups.ts';
import { identify } from '../runs/processes.ts';
import type { Connection } from './connection.ts';
import { endProcesses } from './end.ts';
import { Handshake } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Waiting } from './launch.ts';
import { launch, pluginEnvironment } from './launch.ts';
import type { LineLog } from './line-log.ts';
import { LivePeer } from './live-peer.ts';
import type { Read } from './messages.ts';
import { capture } from './output.ts';
import { socketPath } from './plugin-socket.ts';
import type { LaunchRecord } from './records.ts';
import { removeRecord, writeRecord } from './records.ts';
import { Refusals } from './refusals.ts';
import type { Services } from './services.ts';
import type { PluginTiming } from './timing.ts';

/** How one launch was over. */
export interface End {
  kind: 'stopped' | 'crashed' | 'hung';
  /** For a person. */
  reason: string;
}

/** Something worth an event: the supervisor keeps and logs it. */
export type Note = (event: string, message: string, detail?: Record<string, unknown>) => void;

export interface SessionParts {
  manifest: PluginManifest;
  argv: readonly string[];
  cwd: string;
  host: Readonly<Record<string, string | undefined>>;
  init: Omit<Init, 'action' | 'protocol' | 'plugin' | 'socket_path'>;
  /** Values of its settings that must not be seen in any log. */
  secrets: readonly string[];
  /** Where sockets and records are. */
  folder: string;
  boot: string;
  cgroups: Cgroups;
  timing: PluginTiming;
  log: LineLog;
  services: Services;
  note: Note;
  ready(): void;
  /** One of our own services could not do its work. */
  failed(error: unknown): void;
}

/** A closed connection is mostly the first sign of a death: so long it is given to say more. */
const LAST_WORDS_MS = 300;
/** Strangers at the socket of one launch; more, and something is wrong with the launch. */
const MAX_REFUSED = 10;

/** One launch of a plugin: from its process to the last of what it started. */
export class Session {
  readonly #p: SessionParts;
  readonly #over = Promise.withResolvers<End>();
  readonly #token = randomBytes(32).toString('base64url');
  #record: LaunchRecord;
  #peer: LivePeer | null = null;
  #phase: 'connecting' | 'initialising' | 'ready' = 'connecting';
  #stopping: End | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #heartbeat: Heartbeat | null = null;
  #refused = 0;
  #lastWords = '';
  readonly #refusals: Refusals;

  constructor(parts: SessionParts) {
    this.#p = parts;
    this.#refusals = new Refusals(parts.note);
    const { id } = parts.manifest;
    this.#record = { plugin: id, launch: randomUUID(), socket: '', cgroup: null, identity: null };
  }

  get pid(): number | null {
    return this.#record.identity?.pid ?? null;
  }

  /** Once it is ready. */
  get peer(): LivePeer | null {
    return this.#phase === 'ready' ? this.#peer : null;
  }

  /** Starts it. @returns when it is over, and nothing of it is left. @throws what the system says when it can't be started. */
  async run(): Promise<End> {
    const { folder, timing, manifest, cgroups } = this.#p;
    const socket = socketPath(folder);
    this.#p.log.hide([this.#token, ...this.#p.secrets]);
    this.#record = { ...this.#record, socket, cgroup: await cgroups.make() };
    writeRecord(folder, this.#record);
    const handshake = new Handshake(socket, this.#token, {
      accepted: (connection, protocol) => this.#welcome(connection, protocol),
      refused: (why, code, final) => {
        this.#p.note('refused', why, { code });
        this.#refused += 1;
        if (final || this.#refused >= MAX_REFUSED) this.#finish({ kind: 'crashed', reason: why });
      },
    });
    let waiting: Waiting | null = null;
    let printed: Promise<unknown> = Promise.resolve();
    try {
      await handshake.open();
      waiting = await this.#launch();
      printed = this.#capture(waiting);
      this.#expect('hello', timing.connectMs);
      waiting.child.once('exit', (code, signal) => this.#exited(code, signal));
      waiting.go({ plugin: manifest.id, socket, token: this.#token });
      const end = await this.#over.promise;
      if (this.#deadline !== null) clearTimeout(this.#deadline);
      this.#heartbeat?.stop();
      this.#peer?.end(new ToruError('plugin_down', `${manifest.name} is not there any more: ${end.reason}`));
      return end;
    } finally {
      handshake.close();
      await endProcesses(this.#record, this.#p.boot, timing.termMs);
      await Promise.race([printed, sleep(LAST_WORDS_MS)]);
      // Something that escaped may still hold the other end.
      waiting?.release();
      if (this.#record.cgroup !== null) cgroups.release(this.#record.cgroup);
      removeRecord(folder, manifest.id);
    }
  }

  /** Asks it to finish and exit; after the grace it is made to. `run` returns then. */
  stop(reason: Shutdown['reason']): void {
    if (this.#stopping !== null) return;
    this.#stopping = { kind: 'stopped', reason: 'it was stopped' };
    if (this.#peer === null) return this.#finish(this.#stopping);
    const { graceMs } = this.#p.timing;
    this.#send({ action: 'shutdown', reason, grace_ms: graceMs });
    this.#after(graceMs, { kind: 'stopped', reason: `it was stopped, and did not end by itself within ${graceMs} ms` });
  }

  /** Tells it of changed settings. */
  settings(settings: Init['settings'], secrets: readonly string[]): void {
    this.#p.log.hide([this.#token, ...secrets]);
    if (this.#peer !== null) this.#send({ action: 'settings', settings });
  }

  async #launch(): Promise<Waiting> {
    const { argv, cwd, host, manifest, boot, folder } = this.#p;
    const environment = pluginEnvironment(host, manifest.id, manifest.environment, this.#record.launch);
    const waiting = await launch({ argv, cwd, environment }, this.#record.cgroup);
    this.#record = { ...this.#record, identity: identify(waiting.pid, boot) };
    writeRecord(folder, this.#record);
    return waiting;
  }

  #capture({ stdout, stderr }: Waiting): Promise<unknown> {
    const { manifest, log } = this.#p;
    const remember = (text: string): void => {
      this.#lastWords = text;
    };
    return Promise.all([capture(stdout, 'stdout', manifest.id, log), capture(stderr, 'stderr', manifest.id, log, remember)]);
  }

  #welcome(connection: Connection, protocol: number): void {
    const { manifest, init, timing } = this.#p;
    connection.listener = { read: (line) => this.#read(line), ended: (why) => this.#lost(why) };
    this.#peer = new LivePeer(manifest, connection);
    this.#phase = 'initialising';
    this.#send({ action: 'init', protocol, plugin: manifest.id, socket_path: this.#record.socket, ...init });
    this.#expect('ready', timing.readyMs);
  }

  #read(line: Exclude<Read, { kind: 'garbage' }>): void {
    if (line.kind === 'bad') return this.#misunderstood(line);
    const { message } = line;
    if (message.type === 'lifecycle') this.#heard(message.payload);
    else void this.#serve(message);
  }

  #heard(said: Extract<FromPlugin, { type: 'lifecycle' }>['payload']): void {
    switch (said.action) {
      case 'ready':
        return this.#ready();
      case 'pong':
        return this.#heartbeat?.answered();
      case 'hello':
        return this.#misunderstood({ why: 'hello was said before', asked: null });
      default:
        return unreachable(said);
    }
  }

  async #serve(message: Exclude<FromPlugin, { type: 'lifecycle' }>): Promise<void> {
    const peer = this.#peer;
    if (peer === null) return;
    try {
      await this.#p.services.receive(peer, message);
    } catch (error) {
      const refusal = toToruError(error);
      if (refusal.code === 'internal') this.#p.failed(error);
      this.#refusals.refuse(peer, message, refusal);
    }
  }

  #misunderstood({ why, asked }: Pick<Extract<Read, { kind: 'bad' }>, 'why' | 'asked'>): void {
    this.#refusals.refuse(this.#peer, asked, new ToruError('bad_frame', `That is no message of the protocol: ${why}`));
  }

  #ready(): void {
    if (this.#phase !== 'initialising') return;
    this.#phase = 'ready';
    if (this.#stopping !== null) return;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    const { timing } = this.#p;
    const hung: End = { kind: 'hung', reason: `it hangs: ${timing.misses} pings in a row were not answered` };
    this.#heartbeat = new Heartbeat(
      timing,
      () => this.#send({ action: 'ping' }),
      () => this.#finish(hung),
    );
    this.#p.ready();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const how = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
    const words = this.#lastWords === '' ? '' : `: “${this.#p.log.mask(this.#lastWords).slice(0, 200)}”`;
    // The last words may still be in the pipe.
    const when = this.#phase === 'ready' ? '' : ' before it was ready';
    this.#finish({ kind: 'crashed', reason: `${how}${when}${words}` });
  }

  #lost(why: string | null): void {
    if (why !== null) {
      this.#p.note('bad_message', `Its connection was ended for ${why}.`);
      return this.#finish({ kind: 'crashed', reason: `its connection was ended for ${why}` });
    }
    this.#heartbeat?.stop();
    // Who was asked to stop may first close its connection, and has its grace.
    if (this.#stopping === null) this.#after(LAST_WORDS_MS, { kind: 'crashed', reason: 'it closed its connection and went on running' });
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
