import { ToruError } from '../../shared/errors.ts';
import type { Evidence, InjectRequest } from '../../shared/orchestrators.ts';
import type { Audit } from '../audit/audit.ts';
import type { Caller } from '../users/caller.ts';
import type { Guards, Scene } from './guard.ts';
import { digestOf, GUARDS, refusal, seenOf } from './guard.ts';
import type { OrchestratorRow, OrchestratorStore } from './orchestrator-store.ts';
import type { Clock, Sources } from './sources.ts';

/** After a paste, a program draws what it got within this time. */
const DRAWN_MS = 500;

interface Options {
  sources: Sources;
  store: Pick<OrchestratorStore, 'takeInjection'>;
  audit: Pick<Audit, 'record'>;
  clock: Clock;
  /** Fewer than all, in a test that shows what each of them is for. */
  guards?: Guards | undefined;
}

/** Who types: a person, or the rule of the orchestrator. */
export type Typist = Caller | 'rule';

/** The one way in which an orchestrator types: each write is guarded by what the terminal is at that moment, counted, and in the audit. */
export class Injector {
  readonly #o: Options;
  /** One write at a time for each terminal. */
  readonly #busy = new Set<string>();

  constructor(options: Options) {
    this.#o = options;
  }

  /** @returns the screen after it, whose digest the next step names. @throws ToruError conflict when it may not be; too_many_requests. */
  async inject(by: Typist, orchestrator: OrchestratorRow, request: InjectRequest): Promise<Evidence> {
    const { terminal: id } = request;
    if (this.#busy.has(id))
      throw new ToruError('conflict', 'Something is typed into it at this moment. Look again.', { extra: { retry: true } });
    this.#busy.add(id);
    try {
      await this.#write(by, orchestrator, request);
    } finally {
      this.#busy.delete(id);
    }
    await new Promise<void>((resolve) => this.#o.clock.after(DRAWN_MS, resolve));
    return this.evidence(id);
  }

  /** What it shows now. @throws ToruError conflict */
  async evidence(id: string): Promise<Evidence> {
    const { lines, cursor } = await this.#scene(id);
    return { lines: seenOf(lines), cursor, digest: digestOf(lines) };
  }

  async #write(by: Typist, { id: orchestrator, name, max_per_hour }: OrchestratorRow, request: InjectRequest): Promise<void> {
    const { sources, store, clock } = this.#o;
    const { terminal: id, digest } = request;
    const enter = 'enter' in request;
    const text = enter ? '\r' : request.text;
    const refuse = (reason: string): never => {
      this.#note(by, id, 'refused', { orchestrator, name, text, reason });
      throw new ToruError('conflict', `${reason} Nothing was typed.`, { extra: { reason } });
    };
    const watched = await sources.watched(id);
    if (watched === null) throw new ToruError('not_running', 'This terminal does not run.');
    const scene = await this.#scene(id);
    // Between those answers it went on: what it is now counts, and nothing waits from here to the write.
    const now = { ...watched, ...sources.moment(id) };
    const automatic = by === 'rule';
    const reason = refusal(this.#o.guards ?? GUARDS, { watched: now, scene, digest, now: clock.now(), automatic });
    if (reason !== null) return refuse(reason);
    if (!enter && !store.takeInjection(orchestrator, max_per_hour, clock.now())) {
      this.#note(by, id, 'refused', { orchestrator, name, text, reason: 'too many in an hour' });
      throw new ToruError('too_many_requests', `This orchestrator types ${max_per_hour} times an hour at most. Nothing was typed.`);
    }
    this.#note(by, id, 'ok', { orchestrator, name, text, step: enter ? 'enter' : 'text', digest });
    await sources.type(id, enter ? '\r' : sources.pasted(id, request.text), enter);
  }

  async #scene(id: string): Promise<Scene> {
    const scene = await this.#o.sources.scene(id);
    if (scene === null)
      throw new ToruError('conflict', 'Its screen can’t be looked at now. Nothing was typed: try again.', { extra: { retry: true } });
    return scene;
  }

  #note(by: Typist, target: string, outcome: 'ok' | 'refused', detail: Record<string, unknown>): void {
    const caller = by === 'rule' ? null : by;
    this.#o.audit.record({
      event: 'orchestrator.inject',
      caller,
      target,
      outcome,
      detail: { ...detail, by: by === 'rule' ? 'rule' : 'person' },
    });
  }
}
