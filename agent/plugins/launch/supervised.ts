import { setTimeout as sleep } from 'node:timers/promises';
import type { Init, Shutdown } from '../../../plugin-sdk/src/protocol.ts';
import { retry } from '../../../shared/retry.ts';
import type { PluginPeer } from '../protocol/peer.ts';
import type { Note } from '../protocol/refusals.ts';
import { Crashes } from './crashes.ts';
import type { Phase, Status } from './phases.ts';
import { TRANSITIONS } from './phases.ts';
import type { End, Session } from './plugin-session.ts';
import type { PluginTiming } from './timing.ts';

const LOOK_MS = 10;

export interface SupervisedOptions {
  timing: PluginTiming;
  /** Looks at its files and makes a launch of it. Null: it can't be started as it is, and whoever said so knows why. */
  open(ready: () => void): Promise<Session | null>;
  note: Note;
  /** It crashed too often. */
  gaveUp(reason: string): void;
  /** What can be seen of it is another. Must not throw. */
  changed(): void;
  random?: () => number;
}

/** Keeps one plugin running: launch after launch, with a wait after each that failed. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #crashes: Crashes;
  #phase: Phase = 'idle';
  #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  #session: Session | null = null;
  /** Ends the pause after a crash. */
  #wake: (() => void) | null = null;
  #startedAt: Date | null = null;
  #retryAt: Date | null = null;
  #problem: string | null = null;
  #healthy: NodeJS.Timeout | null = null;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#crashes = new Crashes(options.timing, options.random);
  }

  get status(): Status {
    return {
      phase: this.#phase,
      pid: this.#session?.pid ?? null,
      crashes: this.#crashes.count,
      startedAt: this.#startedAt,
      retryAt: this.#retryAt,
      problem: this.#problem,
    };
  }

  get peer(): PluginPeer | null {
    return this.#phase === 'running' ? (this.#session?.peer ?? null) : null;
  }

  /** From now on it is to run. One that waits after a crash starts at once. */
  start(): void {
    this.#crashes.reset();
    if (this.#wake !== null) this.#become('starting');
    this.#wake?.();
    this.#loop ??= this.#run();
  }

  /** @returns when nothing of it runs any more. */
  async stop(reason: Shutdown['reason']): Promise<void> {
    this.#stopping.abort();
    if (this.#session !== null) {
      this.#become('stopping');
      this.#session.stop(reason);
    }
    await this.#loop;
  }

  /** Until it is no longer just starting, or for a moment. */
  async settled(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.#phase === 'starting' && performance.now() < until) await sleep(LOOK_MS);
  }

  settings(settings: Init['settings'], secrets: readonly string[]): void {
    this.#session?.settings(settings, secrets);
  }

  async #run(): Promise<void> {
    this.#stopping = new AbortController();
    const wait = (end: End | null): number | null => (end === null ? null : this.#crashed(end));
    const waiting = (ms: number, _end: End | null, wake: () => void): void => {
      this.#retryAt = new Date(Date.now() + ms);
      this.#wake = wake;
      this.#become('waiting');
    };
    await retry(() => this.#attempt(), { wait, waiting }, this.#stopping.signal);
    this.#loop = null;
    this.#endWait();
    this.#become('idle');
  }

  /** One launch. @returns null when there was none, and there is no use in trying again. */
  async #attempt(): Promise<End | null> {
    this.#endWait();
    this.#become('starting');
    try {
      const session = await this.#options.open(() => this.#ready());
      if (session === null || this.#stopping.signal.aborted) return null;
      this.#session = session;
      const end = await session.run();
      if (end.kind === 'stopped') this.#options.note('stopped', `${capital(end.reason)}.`);
      return end;
    } catch (error) {
      return { kind: 'crashed', reason: `it could not be started: ${error instanceof Error ? error.message : String(error)}` };
    } finally {
      this.#session = null;
      this.#startedAt = null;
      if (this.#healthy !== null) clearTimeout(this.#healthy);
    }
  }

  #endWait(): void {
    this.#wake = null;
    this.#retryAt = null;
  }

  #ready(): void {
    const again = this.#crashes.count > 0;
    this.#problem = null;
    this.#startedAt = new Date();
    this.#healthy = setTimeout(() => {
      this.#crashes.reset();
      this.#options.changed();
    }, this.#options.timing.healthyMs);
    this.#healthy.unref();
    this.#become('running');
    this.#options.note(again ? 'restarted' : 'started', again ? 'It is up again.' : 'It is up.', { pid: this.#session?.pid ?? null });
  }

  /** @returns how long to wait, in ms; null: no more. */
  #crashed({ kind, reason }: End): number | null {
    const pause = this.#crashes.add();
    const { count } = this.#crashes;
    this.#problem = `${capital(reason)}.`;
    this.#options.note(kind, this.#problem, { crashes: count, ...(pause === null ? {} : { retry_ms: pause }) });
    if (pause === null)
      this.#options.gaveUp(
        `It crashed ${count} times, and is not started any more. The last time: ${reason}. Fix it, then enable it again.`,
      );
    return pause;
  }

  #become(phase: Phase): void {
    if (phase === this.#phase) return;
    if (!TRANSITIONS[this.#phase].includes(phase)) throw new Error(`no way from ${this.#phase} to ${phase}`);
    this.#phase = phase;
    this.#options.changed();
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
